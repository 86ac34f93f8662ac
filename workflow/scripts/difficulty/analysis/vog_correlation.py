"""What VoG says that other scores do not: its rank correlation with each of them, overall and within classes."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.analysis.correlation import spearman_intervals, spearman_matrix
from difficulty.analysis.rank_tests import FEWEST_CORRELATED
from difficulty.analysis.ties import midranks
from difficulty.tables import Column, Schema

OVERALL, WITHIN_CLASS = "all", "within class"


def _spearman(description: str) -> Column:
    return Column(pa.float64(), f"{description}; null if one of them is constant", nullable=True)


VOG_CORRELATION = Schema(
    "vog_correlation",
    {
        "role": Column(pa.string(), "role of the examples in the runs: train, validation or test"),
        "compared": Column(
            pa.string(), "all: values of all examples; within class: their ranks within the given label, as a share"
        ),
        "vog": Column(pa.string(), "VoG of a stage, normalised within class or (_raw) not"),
        "score": Column(pa.string(), "score that it is compared with, turned so that higher is harder"),
        "spearman": _spearman("Spearman's rank correlation of the two, ties sharing mean ranks"),
        "low": _spearman("lower end of its 95 % bootstrap interval, examples resampled"),
        "high": _spearman("upper end of its 95 % bootstrap interval"),
        "examples": Column(pa.int64(), "examples for which all scores are defined"),
    },
    key=("role", "compared", "vog", "score"),
)


def vog_correlation(
    hardness: pd.DataFrame, vog: Sequence[str], labels: np.ndarray, replicates: int = 1000, seed: int = 0
) -> pd.DataFrame:
    """Spearman's correlation of each VoG with every other column, over all examples and within their classes.

    hardness: N examples x scores, higher is harder, NaN where undefined (left out). vog: which of the columns are VoG.
    labels: given labels, (N,). Returns the columns of VOG_CORRELATION but role; no row for fewer than ten examples.
    """
    known = hardness.notna().all(axis=1).to_numpy()
    values = hardness[known].to_numpy(np.float64)
    names = list(hardness)
    parts = []
    if len(values) >= FEWEST_CORRELATED and len(vog):
        for compared, table in ((OVERALL, values), (WITHIN_CLASS, ranks_within(values, np.asarray(labels)[known]))):
            low, high = spearman_intervals(table, replicates, seed)
            center = spearman_matrix(table)
            for row in map(names.index, vog):
                found = {"spearman": center[row], "low": low[row], "high": high[row]}
                facts = {"compared": compared, "vog": names[row], "score": names, "examples": len(values)}
                parts.append(pd.DataFrame({**facts, **found}).drop(index=row))
    columns = [column for column in VOG_CORRELATION.columns if column != "role"]
    return pd.concat(parts)[columns] if parts else pd.DataFrame({column: [] for column in columns})


def ranks_within(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Where each value of a column stands among those of its label: mid-rank over members + 1, 1/2 being the median.

    values: (N, S), without NaN. labels: (N,). What differs between labels only is gone from the result.
    """
    ranks = np.empty(values.shape)
    for label in np.unique(labels):
        members = labels == label
        ranks[members] = np.stack([midranks(column) for column in values[members].T], axis=1) / (members.sum() + 1)
    return ranks
