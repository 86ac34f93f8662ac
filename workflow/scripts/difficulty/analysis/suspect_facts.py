"""What is known of each training example besides its scores: what networks predict of it, and how it was learned."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from difficulty.analysis.set_suspects import named_sets, set_votes, suggested_sets
from difficulty.analysis.suggested_labels import OtherPredictions, other_predictions
from difficulty.analysis.suspect_verdicts import Predictions, Training
from difficulty.datasets.example_tables import class_names
from difficulty.datasets.label_sets import has_label_sets, set_class_names, set_text
from difficulty.scores.label_error.votes import CLASS_COLUMNS, predicted_classes
from difficulty.scores.record_file import RecordFile, blocks_of_runs
from difficulty.tables import read_table
from difficulty.training.run_tables import RECORDS

_SET_COLUMNS = ["example_id", "epoch", "role", "correct", "predicted_set"]


# Columns of the table of all scores that say how an example was learned, where there are any; see `Training`.
USED_OF_TRAINING = ("correctness", "learning_epoch_ranked", "consistency", "knn_label_disagreement")


@dataclass(frozen=True)
class Labels:
    """Of N examples the given labels and those that networks suggest, as text, null for none; and what they predict.

    share: (N,), of the predictions that are the suggested label, NaN for none.
    """

    given: np.ndarray
    suggested: np.ndarray
    share: np.ndarray
    predictions: Predictions


def labels_of(records: Sequence[Path], examples: pd.DataFrame, label: np.ndarray, above: float) -> Labels:
    """Given and suggested labels of the training examples.

    records: files of all runs. examples: rows of EXAMPLES, in order. label: (N,), their given
    labels. above: a label is suggested if it has more than this share of the predictions.
    """
    if has_label_sets(examples):
        return _label_sets(records, examples, above)
    names = np.array(class_names(examples, max(predicted_classes(records), label.max() + 1)), dtype=object)
    found = _other_predictions(records, examples["example_id"].to_numpy(), label, len(names))
    suggested, share = found.suggested(above)
    predictions = Predictions(found.given, found.share, names[found.best], found.held_out)
    return Labels(names[label], np.where(suggested < 0, None, names[suggested]), share, predictions)


def _other_predictions(
    records: Sequence[Path], example_id: np.ndarray, label: np.ndarray, classes: int
) -> OtherPredictions:
    """What `other_predictions` finds, some examples at a time: counts of all classes of all examples may not fit."""
    order, count = np.argsort(example_id), len(example_id)
    found = OtherPredictions(np.zeros(count, np.int64), np.zeros(count), np.zeros(count), np.zeros(count, bool))
    for runs in blocks_of_runs(records, CLASS_COLUMNS):
        ids = runs[0].example_id[np.isin(runs[0].example_id, example_id)]
        places = order[np.searchsorted(example_id, ids, sorter=order)]
        part = other_predictions(runs, ids, label[places], classes)
        for name, values in vars(found).items():
            values[places] = getattr(part, name)
    return found


def _label_sets(records: Sequence[Path], examples: pd.DataFrame, above: float) -> Labels:
    votes = pd.concat(set_votes(read_table(path, RECORDS, columns=_SET_COLUMNS)) for path in records)
    found = suggested_sets(votes, examples["example_id"], above)
    given, known = examples["label_set"].map(set_text), set_class_names(examples)
    label, suggested, names = named_sets(given, found["suggested"], known)
    share = found["share"].to_numpy(float)
    other = np.array([names.get(number) for number in suggested], dtype=object)
    unknown = np.full(len(examples), np.nan)
    predictions = Predictions(unknown, np.nan_to_num(share), other, np.zeros(len(examples), bool))
    return Labels(np.array([names[number] for number in label], dtype=object), other, share, predictions)


def training_of(scores: pd.DataFrame, epochs: int) -> Training:
    """How each of N examples was learned. scores: rows of SCORES. epochs: of the longest run."""

    def column(name):
        return scores[name].to_numpy(np.float64) if name in scores else np.full(len(scores), np.nan)

    return Training(epochs, *map(column, USED_OF_TRAINING))


def last_epoch(records: Sequence[Path]) -> int:
    """The epochs of the longest run."""
    return max(RecordFile(path).epochs for path in records)
