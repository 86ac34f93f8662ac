"""The ranked list of examples that a person who cleans data looks at first."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from difficulty.analysis.ties import midranks


def hardness_percentiles(scores: pd.DataFrame, directions: Mapping[str, int]) -> pd.DataFrame:
    """Each score's percentile among the examples where it is defined: 0 the easiest, 100 the hardest.

    directions: +1 or -1 per column. Equal scores share the mean of their percentiles; an example alone
    is at 50; NaN where undefined.
    """
    percentiles = {}
    for name in scores.columns:
        hardness = directions[name] * scores[name].to_numpy(np.float64)
        defined = ~np.isnan(hardness)
        among = int(defined.sum())
        percentiles[name] = np.full(len(hardness), np.nan)
        ranks = midranks(hardness[defined])
        percentiles[name][defined] = 100 * (ranks - 1) / (among - 1) if among > 1 else 50.0
    return pd.DataFrame(percentiles, index=scores.index)


class OtherPredictions:
    """Counts what examples were predicted as, other than their given label, over epochs and runs.

    label: int (N,), the given labels. classes: number of classes. The counts take N x classes bytes
    times four.
    """

    def __init__(self, label: np.ndarray, classes: int):
        self.label = np.asarray(label)
        self.counts = np.zeros((len(self.label), classes), dtype=np.int32)

    def add(self, predicted: np.ndarray, examples: np.ndarray) -> None:
        """Counts the predictions (E, M) of one run for M of the examples, given by position (M,)."""
        for row in predicted:
            self.counts[examples, row] += 1

    def suggestions(self) -> np.ndarray:
        """The most common prediction other than the given label, (N,); the lower class if two are as
        common, and -1 where nothing else was ever predicted."""
        others = self.counts.copy()
        others[np.arange(len(others)), self.label] = 0
        return np.where(others.any(axis=1), others.argmax(axis=1), -1)


def suspect_table(
    examples: pd.DataFrame,
    label: np.ndarray,
    suggested: np.ndarray,
    class_names: Mapping[int, str],
    percentiles: pd.DataFrame,
    score: str,
) -> pd.DataFrame:
    """The examples by how suspect their label is, the most suspect first.

    examples: N rows with the columns example_id, key and file. label: (N,) given labels. suggested: (N,)
    labels, or -1 for none. percentiles: N rows, as `hardness_percentiles` gives them; `score` is the one
    of its columns that ranks. Examples where it is undefined are left out; among equals the order of the
    rows stays.
    Returns the columns rank (from 1), example_id, key, file, given_label, suggested_label (names; null
    where there is none) and the percentiles.
    """
    names = {**class_names, -1: None}
    table = pd.DataFrame(
        {
            "example_id": examples["example_id"].to_numpy(),
            "key": examples["key"].to_numpy(),
            "file": examples["file"].to_numpy(),
            "given_label": [names.get(value, str(value)) for value in label.tolist()],
            "suggested_label": pd.array([names.get(value, str(value)) for value in suggested.tolist()], dtype="string"),
            **{name: percentiles[name].to_numpy() for name in percentiles.columns},
        }
    )
    table = table[table[score].notna()].sort_values(score, ascending=False, kind="stable", ignore_index=True)
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    return table
