"""The bootstrap over examples: resamples as counts, and percentile intervals from their results."""

from collections.abc import Iterator

import numpy as np


def resample_counts(
    examples: int, replicates: int, seed: int | tuple[int, ...] = 0, block: int = 1
) -> Iterator[np.ndarray]:
    """Yields how often each of N examples occurs when N are drawn with replacement, for all replicates.

    Each item is int32 (N, B), one column per replicate: `block` of them, the last item those that remain.
    The stream depends on nothing but `examples` and `seed`.
    """
    draws = np.random.default_rng(seed)
    for start in range(0, replicates, block):
        counts = np.empty((examples, min(block, replicates - start)), dtype=np.int32)
        for column in counts.T:
            column[:] = np.bincount(draws.integers(0, examples, examples), minlength=examples)
        yield counts


def stratified_counts(truth: np.ndarray, replicates: int, seed: int = 0, block: int = 1) -> Iterator[np.ndarray]:
    """The same with as many positives and as many negatives in every resample as there are: truth is bool (N,).

    Both kinds must be there.
    """
    parts = [np.flatnonzero(truth == kind) for kind in (True, False)]
    drawn = [resample_counts(len(part), replicates, (seed, kind), block) for kind, part in enumerate(parts)]
    for resamples in zip(*drawn, strict=True):
        counts = np.empty((len(truth), resamples[0].shape[1]), dtype=np.int32)
        for part, own in zip(parts, resamples, strict=True):
            counts[part] = own
        yield counts


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
