"""The easiest and the hardest examples by a score, however many of them are tied."""

import numpy as np

from difficulty.analysis.ties import tie_order


def extreme_weights(hardness: np.ndarray, fraction: float) -> tuple[np.ndarray, np.ndarray]:
    """How much each example belongs to the easiest and to the hardest `fraction` of them.

    hardness: (N,), higher is harder, without NaN. Returns two float (N,) that each sum to floor(fraction N), at least
    1: 1 or 0, and for examples that are tied across the border their chance to be among them in a random order.
    """
    order = tie_order(hardness)
    count = max(int(fraction * len(hardness)), 1)
    starts, ends = order.starts(), order.ends
    easiest = np.clip(count - starts, 0, ends - starts) / (ends - starts)
    hardest = np.clip(ends - (len(hardness) - count), 0, ends - starts) / (ends - starts)
    return easiest[order.group], hardest[order.group]
