"""The learning rate is multiplied by gamma every step_size epochs (torch's StepLR)."""


def factor(step: int, steps_per_epoch: int, epochs: int, settings: dict) -> float:
    """gamma ** (epoch // step_size), epochs and steps counted from 0."""
    return settings["gamma"] ** (step // steps_per_epoch // settings["step_size"])
