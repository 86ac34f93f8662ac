"""Votes of neighbours, and prediction depth: the layer from which on they agree with the network's prediction.

Baldock, Maennel, Neyshabur 2021 (arXiv 2106.09647), section 2.
"""

import numpy as np

from difficulty.scores.dynamics.run_length import run_length

_CELLS = 1 << 24  # votes of as many rows as have so many cells, rows x classes, are counted at once


def vote(labels: np.ndarray, distances: np.ndarray, classes: int) -> np.ndarray:
    """int64 (m,): the class that most of each query's neighbours have.

    labels: int (m, k) of 0 ... classes - 1; distances: (m, k), Euclidean. Among classes with as many votes wins the
    one whose neighbours' distances have the smaller sum, then the lower one. Raises ValueError for other labels.
    """
    return vote_and_ties(labels, distances, classes)[0]


def vote_and_ties(labels: np.ndarray, distances: np.ndarray | None, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """`vote`, and bool (m,): several classes had as many votes. distances: None for the lowest of those classes."""
    labels = np.asarray(labels)
    if labels.ndim != 2 or not labels.shape[1] or (distances is not None and np.shape(distances) != labels.shape):
        raise ValueError(f"labels {labels.shape} and distances {np.shape(distances)} are not both (m, k)")
    if labels.size and not 0 <= labels.min() <= labels.max() < classes:
        raise ValueError(f"labels from {labels.min()} to {labels.max()}, expected 0 to {classes - 1}")
    votes, tied = np.empty(len(labels), np.int64), np.empty(len(labels), bool)
    step = max(1, _CELLS // classes)
    for start in range(0, len(labels), step):
        part = slice(start, start + step)
        votes[part], tied[part] = _counted(labels[part], None if distances is None else distances[part], classes)
    return votes, tied


def _counted(labels: np.ndarray, distances: np.ndarray | None, classes: int) -> tuple[np.ndarray, np.ndarray]:
    rows = len(labels)
    cells = (np.arange(rows)[:, None] * classes + labels).ravel()
    counts = np.bincount(cells, minlength=rows * classes).reshape(rows, classes)
    most = counts == counts.max(axis=1, keepdims=True)
    tied = most.sum(axis=1) > 1
    votes = most.argmax(axis=1)
    if distances is not None and tied.any():
        sums = np.bincount(cells, np.ravel(distances), rows * classes).reshape(rows, classes)
        votes[tied] = np.where(most, sums, np.inf)[tied].argmin(axis=1)
    return votes, tied


def prediction_depth(votes: np.ndarray, predictions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(depth float64 (N,), undefined bool (N,)): the first probe from which on all vote the network's class.

    votes: (N, L), of probes from the input (depth 0) to the softmax (L - 1). predictions: (N,), the network's class,
    not the label. Where the last probe votes another class no probe is that: NaN, and undefined.
    """
    votes, predictions = np.asarray(votes), np.asarray(predictions)
    if votes.ndim != 2 or not votes.shape[1] or predictions.shape != votes.shape[:1]:
        raise ValueError(f"votes {votes.shape} and predictions {predictions.shape} are not (N, L) and (N,)")
    first = run_length((votes == predictions[:, None]).T)
    undefined = first == votes.shape[1]
    return np.where(undefined, np.nan, first), undefined
