"""The label that networks would rather give: what an example is predicted as most often, other than its given label."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from difficulty.scores.label_error.votes import Votes, first_counted_epoch
from difficulty.scores.record_arrays import RecordArrays
from difficulty.scores.runs import ROLES_OF_TRAINING_SPLIT


@dataclass(frozen=True)
class OtherPredictions:
    """What N examples are predicted as besides their given label, each (N,).

    best: the most common other class. share, given: of the predictions that are it, and that are the given label.
    held_out: whether they are predictions of runs that hold the example out.
    """

    best: np.ndarray
    share: np.ndarray
    given: np.ndarray
    held_out: np.ndarray

    def suggested(self, above: float) -> tuple[np.ndarray, np.ndarray]:
        """Suggested labels (N,), -1 for none, and their shares (N,), NaN for none: those with a larger share."""
        enough = self.share > above
        return np.where(enough, self.best, -1), np.where(enough, self.share, np.nan)


def other_predictions(
    runs: Iterable[RecordArrays], example_id: np.ndarray, label: np.ndarray, classes: int
) -> OtherPredictions:
    """What the runs predict of the training examples.

    runs: records of each run, with `predicted`. example_id, label: (N,), ids and given labels of the training
    examples. The predictions of runs that hold an example out count, if there are any; else those of the runs that
    train on it.
    """
    order = np.argsort(example_id)
    votes = {role: Votes(label, classes) for role in ROLES_OF_TRAINING_SPLIT}
    was_held_out = np.zeros(len(example_id), dtype=bool)
    for records in runs:
        for role in ROLES_OF_TRAINING_SPLIT:
            part = records.of_role(role)
            places = order[np.searchsorted(example_id, part.example_id, sorter=order)]
            votes[role].add(part["predicted"][first_counted_epoch(role, records.epochs) - 1 :], places)
            was_held_out[places] |= role == "validation"
    trained, held_out = (votes[role].shares() for role in ROLES_OF_TRAINING_SPLIT)
    chosen = [np.where(was_held_out, own, other) for own, other in zip(held_out, trained, strict=True)]
    return OtherPredictions(*chosen, was_held_out)
