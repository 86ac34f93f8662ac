"""A learning rate drawn by hand: straight lines between points (epoch, factor), stepped every batch."""

import numpy as np


def factor(step: int, steps_per_epoch: int, epochs: int, settings: dict) -> float:
    """The height of the polygon `points` at epoch step / steps_per_epoch; constant beyond its ends."""
    positions, heights = zip(*settings["points"], strict=True)
    return float(np.interp(step / steps_per_epoch, positions, heights))
