"""The bootstrap over examples: resamples as counts, and percentile intervals from their results."""

from collections.abc import Iterator

import numpy as np


def resample_counts(examples: int, replicates: int, seed: int = 0) -> Iterator[np.ndarray]:
    """Yields, per replicate, how often each of N examples occurs when N are drawn with replacement.

    Each is int64 (N,). The stream depends on nothing but the arguments.
    """
    draws = np.random.default_rng(seed)
    for _ in range(replicates):
        yield np.bincount(draws.integers(0, examples, examples, dtype=np.int32), minlength=examples)


def percentile_interval(replicates: np.ndarray, confidence: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper end of the percentile interval, over the first axis of `replicates` (B, ...).

    Replicates in which a statistic is undefined (NaN) are left out; NaN where none is left.
    """
    ends = np.full((2, *replicates.shape[1:]), np.nan)
    defined = ~np.isnan(replicates).all(axis=0)
    tail = (1 - confidence) / 2
    if len(replicates) and defined.any():
        ends[:, defined] = np.nanquantile(replicates[:, defined], [tail, 1 - tail], axis=0)
    return ends[0], ends[1]
