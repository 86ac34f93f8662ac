"""RA3, the rolling average of three gradients: the control of RM3 (Zielinski, Krishnan, Chatterjee 2020)."""

from difficulty.training.optimizers.three_gradients import Tensors, ThreeGradients, mean_of_three


class RA3(ThreeGradients):
    """From the third step on moves by -lr times the mean of the last three gradients."""

    def combined(self, oldest: Tensors, older: Tensors, newest: Tensors) -> Tensors:
        return mean_of_three(oldest, older, newest)


def build(parameters, settings: dict) -> RA3:
    """settings: lr, weight_decay (added to the gradient)."""
    return RA3(parameters, lr=settings["lr"], weight_decay=settings.get("weight_decay", 0.0))
