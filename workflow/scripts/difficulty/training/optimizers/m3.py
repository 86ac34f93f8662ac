"""M3, the median of three fresh gradients (Zielinski, Krishnan, Chatterjee 2020)."""

from difficulty.training.optimizers.three_gradients import Tensors, ThreeGradients, median_of_three


class M3(ThreeGradients):
    """At every third step moves by -lr times the coordinate-wise median of the three gradients since the last move."""

    rolling = False

    def combined(self, oldest: Tensors, older: Tensors, newest: Tensors) -> Tensors:
        return median_of_three(oldest, older, newest)


def build(parameters, settings: dict) -> M3:
    """settings: lr, weight_decay (added to the gradient)."""
    return M3(parameters, lr=settings["lr"], weight_decay=settings.get("weight_decay", 0.0))
