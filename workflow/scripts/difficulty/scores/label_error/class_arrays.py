"""Arrays of classes and examples, (C, N): a row for each class, a column for each example.

Maxima and sums over ten classes take no longer so than reading the array does, and six times as long if the examples
are rows. What is computed of them goes in blocks that a processor's cache holds.
"""

from collections.abc import Iterator

import numpy as np
from scipy.sparse import csr_array

TINY = 1e-300  # probability whose logarithm is finite
_COLUMNS, _NUMBERS = 1 << 12, 1 << 18  # of a block, at most: examples, and examples times classes
MOST_NUMBERS = 1 << 24  # examples times classes that are held at once: of more, a part is read after the other
_NUMBERS_OF_A_PART = 1 << 22


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
        add_up(pairs, members(labels[rows], np.ones(len(labels[rows]))), likely[:, rows])
    return pairs.T


def members(places: np.ndarray, times: np.ndarray) -> tuple[np.ndarray, csr_array]:
    """(the different places (P,), how often each of n examples counts in the row of its place, (P, n)).

    places: int (n,). times: (n,), how often each example counts.
    """
    present, row = np.unique(places, return_inverse=True)
    return present, csr_array((times, (row, np.arange(len(times)))), shape=(len(present), len(times)))


def add_up(totals: np.ndarray, of_places: tuple[np.ndarray, csr_array], values: np.ndarray) -> None:
    """Adds what examples have, (C, n), to the rows of `totals` (R, C) that are their places, by `members`."""
    present, times = of_places
    totals[present] += times @ values.T


def blocks(examples: int, classes: int) -> Iterator[slice]:
    """The blocks in which N examples are summed over."""
    size = min(_COLUMNS, max(_NUMBERS // classes, 1))
    return (slice(start, start + size) for start in range(0, examples, size))


def parts(examples: int, classes: int) -> Iterator[slice]:
    """The parts in which N examples are read: one of all, unless they have more numbers than are held at once."""
    size = max(examples, 1) if examples <= most_held(classes) else max(_NUMBERS_OF_A_PART // classes, 1)
    return (slice(start, start + size) for start in range(0, examples, size))


def most_held(classes: int) -> int:
    """How many examples of so many classes are held at once."""
    return MOST_NUMBERS // classes


def transitions_of(likely: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(C, C), the shares of the labels (N,) of each class, if examples are of classes by `likely` (C, N).

    A class that no example is of keeps its labels.
    """
    pairs = pair_counts(likely, labels)
    totals = pairs.sum(axis=1, keepdims=True)
    return np.where(totals > 0, pairs / np.where(totals > 0, totals, 1), np.eye(len(pairs)))
