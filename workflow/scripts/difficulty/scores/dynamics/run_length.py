"""From when on something holds for good: the shared core of learning epochs and prediction depth."""

import numpy as np


def run_length(matches: np.ndarray) -> np.ndarray:
    """First index from which each column of `matches` stays true up to the end.

    matches: bool (E, N), for example N examples over E epochs, or over E probes of a network.
    Returns int64 (N,): the start of the unbroken run of true that reaches the last row, 0 if the
    whole column is true, and E if the last entry is false (the run is empty, nothing stays true).
    Raises ValueError unless `matches` is a boolean array with two axes.
    """
    matches = np.asarray(matches)
    if matches.ndim != 2 or matches.dtype != bool:
        raise ValueError(f"matches is bool (E, N), not {matches.dtype} {matches.shape}")
    return len(matches) - np.logical_and.accumulate(matches[::-1], axis=0).sum(axis=0, dtype=np.int64)
