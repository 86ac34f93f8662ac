"""How much the probability of the given label moves within a few epochs, and how sure it is meanwhile.

Dynamic uncertainty: He et al., "Large-scale dataset pruning with dynamic uncertainty", CVPR 2024 workshops, arXiv
2306.05175. DUAL: Cho et al., "Lightweight dataset pruning without full training via example difficulty and prediction
uncertainty", ICML 2025, arXiv 2502.06905.
"""

from collections.abc import Iterator

import numpy as np


def dynamic_uncertainty(probability: np.ndarray, window: int = 10) -> np.ndarray:
    """Mean over all windows of consecutive epochs of the standard deviation (ddof 1) within the window.

    probability: (T, N), of the given label of N examples after T epochs. window: epochs in a window, 2 ... T.
    Returns float64 (N,). Raises ValueError for other shapes and windows.
    """
    total = sum(deviation for deviation, _ in _windows(probability, window))
    return total / (len(probability) - window + 1)


def dual(probability: np.ndarray, window: int = 10) -> np.ndarray:
    """Mean over all windows of consecutive epochs of the standard deviation (ddof 1) times one minus the mean.

    Arguments, result and errors are those of `dynamic_uncertainty`.
    """
    total = sum(deviation * (1 - mean) for deviation, mean in _windows(probability, window))
    return total / (len(probability) - window + 1)


def _windows(probability: np.ndarray, window: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The standard deviation and the mean within each window, each (N,); one window is in memory at a time."""
    probability = np.asarray(probability)
    if probability.ndim != 2:
        raise ValueError(f"probability is (epochs, examples), not {probability.shape}")
    if not 2 <= window <= len(probability):
        raise ValueError(f"window: expected 2..{len(probability)} (the epochs), got {window}")
    for first in range(len(probability) - window + 1):
        inside = probability[first : first + window].astype(np.float64)
        yield inside.std(axis=0, ddof=1), inside.mean(axis=0)
