"""The bootstrap over examples: resamples as counts of how often each example is drawn."""

from collections.abc import Iterator

import numpy as np

from difficulty.random_streams import derived_seed


def resample_counts(
    examples: int, replicates: int, seed: int | tuple[int, ...] = 0, block: int = 1
) -> Iterator[np.ndarray]:
    """Yields how often each of N examples occurs when N are drawn with replacement, for all replicates.

    Each item is int32 (N, B), one column per replicate: `block` of them, the last item those that remain.
    The stream depends on nothing but `examples` and `seed`.
    """
    parts = seed if isinstance(seed, tuple) else (seed,)
    draws = np.random.default_rng(derived_seed("bootstrap", *parts))
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
