"""What most runs of an experiment predict."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from difficulty.scores.record_file import RecordFile
from difficulty.tables import read_table
from difficulty.training.run_tables import RECORDS


def majority_prediction(predicted: np.ndarray) -> pd.arrays.IntegerArray:
    """What most of K runs predict for each of N examples, Int64 (N,); of equally frequent classes the lowest.

    predicted: int (K, N), -1 where a run does not count for an example; null where none counts.
    """
    votes = np.stack([(predicted == row).sum(axis=0) for row in predicted])
    votes[predicted < 0] = 0
    most = np.where(votes == votes.max(axis=0), predicted, np.iinfo(predicted.dtype).max).min(axis=0)
    return pd.arrays.IntegerArray(most.astype(np.int64), (predicted < 0).all(axis=0))


def majority_of(records: Sequence[Path], example_ids: pd.Index, role: str) -> pd.arrays.IntegerArray:
    """`majority_prediction` of the runs with these records at their last epochs, for examples of a role."""
    return majority_prediction(np.stack([last_predictions(path, example_ids, role) for path in records]))


def last_predictions(path: Path, example_ids: pd.Index, role: str) -> np.ndarray:
    """A run's predictions at the last epoch of its records, int64; -1 for an example that does not have the role."""
    file = RecordFile(path)
    records = file.of_epoch(file.epochs, ["role", "predicted"]).of_role(role)
    last = pd.Series(records["predicted"][-1], index=records.example_id)
    return last.reindex(example_ids, fill_value=-1).to_numpy(np.int64)


def majority_sets_of(records: Sequence[Path], example_ids: pd.Index, role: str) -> pd.Series:
    """The same of label sets, as text by example_id: of equally frequent ones the first, null where none counts."""
    last = []
    for path in records:
        wanted = [("epoch", "==", RecordFile(path).epochs), ("role", "==", role)]
        last.append(read_table(path, RECORDS, ["example_id", "predicted_set"], wanted))
    texts = pd.concat([table.set_index("example_id")["predicted_set"].astype("string") for table in last])
    codes, sets = pd.factorize(texts, sort=True)
    numbers = pd.Series(codes, texts.index)
    runs = [numbers.iloc[start:end] for start, end in pairwise(np.cumsum([0, *map(len, last)]))]
    votes = majority_prediction(np.stack([run.reindex(example_ids, fill_value=-1).to_numpy(np.int64) for run in runs]))
    return pd.Series(votes, example_ids).map(dict(enumerate(sets)), na_action="ignore")
