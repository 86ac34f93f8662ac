"""Arrays of classes and examples, (C, N): a row for each class, a column for each example.

Maxima and sums over ten classes take no longer so than reading the array does, and six times as long if the examples
are rows. What is computed of them goes in blocks that a processor's cache holds.
"""

from collections.abc import Iterator

import numpy as np
from scipy.sparse import csr_array

TINY = 1e-300  # probability whose logarithm is finite
_COLUMNS, _NUMBERS = 1 << 12, 1 << 18  # of a block, at most: examples, and examples times classes


def class_shares(logits: np.ndarray) -> np.ndarray:
    """The softmax over classes (rows) of logits (C, n), whose memory it takes."""
    logits -= logits.max(axis=0)
    np.exp(logits, out=logits)
    logits /= logits.sum(axis=0)
    return logits


def posterior(predicted: np.ndarray, of_labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(each class's probability (C, N) once the label is known, the label's probability (N,)).

    predicted: (C, N), before it is known. of_labels: (C, N), the probability that the class has the example's label.
    """
    joint = predicted * of_labels
    given = np.maximum(joint.sum(axis=0), TINY)
    joint /= given
    return joint, given


def pair_counts(likely: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(C, C), how many examples of each class (row) have each label, if they are of classes by `likely` (C, N)."""
    pairs = np.zeros((len(likely),) * 2)
    for rows in blocks(len(labels), len(likely)):
        pairs += members(labels[rows], np.ones(len(labels[rows])), len(likely)) @ likely[:, rows].T
    return pairs.T


def members(places: np.ndarray, times: np.ndarray, rows: int) -> csr_array:
    """(rows, n), how often each of n examples counts (n,), in the row that is its place, int (n,)."""
    return csr_array((times, (places, np.arange(len(times)))), shape=(rows, len(times)))


def blocks(examples: int, classes: int) -> Iterator[slice]:
    """The blocks in which N examples are summed over."""
    size = min(_COLUMNS, max(_NUMBERS // classes, 1))
    return (slice(start, start + size) for start in range(0, examples, size))


def transitions_of(likely: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(C, C), the shares of the labels (N,) of each class, if examples are of classes by `likely` (C, N).

    A class that no example is of keeps its labels.
    """
    pairs = pair_counts(likely, labels)
    totals = pairs.sum(axis=1, keepdims=True)
    return np.where(totals > 0, pairs / np.where(totals > 0, totals, 1), np.eye(len(pairs)))
