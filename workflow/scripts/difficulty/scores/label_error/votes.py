"""What the runs of an experiment predict of its examples, as counts over epochs and runs."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from scipy.sparse import csr_array

from difficulty.scores.label_error.class_arrays import most_held
from difficulty.scores.label_error.probabilities import Probabilities, ReadProbabilities
from difficulty.scores.record_file import RecordFile
from difficulty.scores.runs import ROLES_OF_TRAINING_SPLIT

CLASS_COLUMNS = ("role", "predicted")
_UNSURE = 0.025  # share that is spread over all classes


def first_counted_epoch(role: str, epochs: int) -> int:
    """The epoch, from 1, from which on predictions of examples of `role` count for suggestions.

    Held out (validation): the last half of the epochs, rounded up, when the network has settled. Trained on: all
    epochs, because a network that memorises a wrong label predicts just that in the end.
    """
    return epochs // 2 + 1 if role == "validation" else 1


class Votes:
    """Counts what N examples are predicted as, over epochs and runs.

    label: int (N,), the given labels. classes: number of classes C. The counts take 4 N C bytes.
    """

    def __init__(self, label: np.ndarray, classes: int):
        self.label = np.asarray(label)
        self.counts = np.zeros((len(self.label), classes), dtype=np.int32)

    def add(self, predicted: np.ndarray, examples: np.ndarray) -> None:
        """Counts the predictions (E, M) of one run for M of the examples, given by position (M,)."""
        for row in predicted:
            self.counts[examples, row] += 1

    def shares(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The most common prediction other than the given label, its share, and that of the given label, each (N,).

        Of equally common classes the lowest; shares are 0 where nothing was predicted.
        """
        rows = np.arange(len(self.label))
        total = np.maximum(self.counts.sum(axis=1), 1)
        others = self.counts.copy()
        others[rows, self.label] = 0
        best = others.argmax(axis=1)
        return best, others[rows, best] / total, self.counts[rows, self.label] / total


def predicted_classes(records: Sequence[Path]) -> int:
    """How many classes it takes to name what the runs predicted: networks may know more than the examples have."""
    return 1 + max(int(RecordFile(path).most("predicted")) for path in records)


class SparseVotes(ReadProbabilities):
    """The shares of votes, float64 (N, C), of examples that have votes for a few of many classes.

    counts: int32 (N, C). They take 8 bytes for each example and class that it has votes for.
    """

    def __init__(self, counts: csr_array):
        self.shape, self._counts = counts.shape, counts

    def __getitem__(self, rows):
        counts = self._counts[rows]
        return _shares(counts.toarray()) if isinstance(rows, slice) else SparseVotes(counts)


def vote_shares(records: Sequence[Path], example_id: np.ndarray, labels: np.ndarray, classes: int) -> Probabilities:
    """Shares (N, C) of what all runs predict of the examples, read one at a time, as probabilities of the classes.

    records: files. example_id: int64 (N,), sorted. labels: (N,), given. classes: C. A little is spread over all
    classes, so that none is impossible.
    """
    if len(labels) <= most_held(classes):
        votes = Votes(labels, classes)
        for predicted, examples in _counted(records, example_id):
            votes.add(predicted, examples)
        return _shares(votes.counts)
    counts = csr_array((len(labels), classes), dtype=np.int32)
    for predicted, examples in _counted(records, example_id):
        cells = np.tile(examples.astype(np.int32), len(predicted)), predicted.ravel().astype(np.int32)
        counts += csr_array((np.ones(predicted.size, np.int32), cells), counts.shape)
    return SparseVotes(counts)


def _counted(records: Sequence[Path], example_id: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Predictions (E, M) of a run that count, and the positions (M,) of the examples that they are of."""
    for path in records:
        for block in RecordFile(path).blocks(CLASS_COLUMNS):
            for role in ROLES_OF_TRAINING_SPLIT:
                part = block.of_role(role)
                first = first_counted_epoch(role, block.epochs) - 1
                yield part["predicted"][first:], np.searchsorted(example_id, part.example_id)


def _shares(counts: np.ndarray) -> np.ndarray:
    """Counts (n, C) as probabilities, (n, C)."""
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    shares += _UNSURE / shares.shape[1]
    shares /= 1 + _UNSURE
    return shares
