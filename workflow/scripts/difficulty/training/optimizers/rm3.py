"""RM3, the rolling median of three gradients (Zielinski, Krishnan, Chatterjee 2020)."""

from difficulty.training.optimizers.three_gradients import Tensors, ThreeGradients, median_of_three


class RM3(ThreeGradients):
    """From the third step on moves by -lr times the coordinate-wise median of the last three gradients."""

    def combined(self, oldest: Tensors, older: Tensors, newest: Tensors) -> Tensors:
        return median_of_three(oldest, older, newest)


def build(parameters, settings: dict) -> RM3:
    """settings: lr, weight_decay (added to the gradient)."""
    return RM3(parameters, lr=settings["lr"], weight_decay=settings.get("weight_decay", 0.0))
