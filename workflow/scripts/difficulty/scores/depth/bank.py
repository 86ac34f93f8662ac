"""Among which training examples neighbours are found: all of them, or a sample."""

import numpy as np

from difficulty.random_streams import derived_seed


def sampled_bank(training: np.ndarray, labels: np.ndarray, size: int | None) -> np.ndarray:
    """Positions, ascending, of `size` training examples, of each class in proportion; all where there are no more.

    training: positions of the run's training examples, ascending. labels: (N,), of all examples. size: None for all.
    The draw gives every example one random number and takes the lowest of each class, so that runs that are trained on
    the same examples have the same sample, and those of other folds nearly.
    """
    if size is None or size >= len(training):
        return training
    priority = np.random.default_rng(derived_seed("bank of neighbours")).random(len(labels))[training]
    own = labels[training]
    _, counts = np.unique(own, return_counts=True)
    shares = size * counts / len(training)
    wanted = np.floor(shares).astype(np.int64)
    largest = np.argsort(wanted - shares, kind="stable")[: size - wanted.sum()]
    wanted[largest] += 1
    order = np.lexsort((priority, own))  # by class, then by priority
    starts = np.cumsum(counts) - counts
    chosen = [order[start : start + count] for start, count in zip(starts, wanted, strict=True)]
    return np.sort(training[np.concatenate(chosen)])
