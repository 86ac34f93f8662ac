"""The learning rate stays as it is."""


def factor(step: int, steps_per_epoch: int, epochs: int, settings: dict) -> float:
    """1 at every step (counted from 0)."""
    return 1.0
