"""How far scores rise with what is known to make examples hard, for truth columns that are numbers."""

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.analysis.correlation import spearman_intervals, spearman_matrix
from difficulty.analysis.rank_tests import FEWEST_CORRELATED
from difficulty.tables import Column, Schema

ALL_CLASSES = ""


def _spearman(description: str) -> Column:
    return Column(pa.float64(), f"{description}; null if the score or the truth is constant", nullable=True)


TRUTH_CORRELATION = Schema(
    "truth_correlation",
    {
        "role": Column(pa.string(), "role of the examples in the runs: train, validation or test"),
        "truth": Column(pa.string(), "truth column of the data set"),
        "class_name": Column(pa.string(), "class that the examples are of; empty: all of them"),
        "score": Column(pa.string(), "score, turned so that higher is harder"),
        "spearman": _spearman("Spearman's rank correlation of the turned score with the truth column"),
        "low": _spearman("lower end of its 95 % bootstrap interval, examples resampled"),
        "high": _spearman("upper end of its 95 % bootstrap interval"),
        "examples": Column(pa.int64(), "examples for which the truth and all scores are known"),
    },
    key=("role", "truth", "class_name", "score"),
)


def truth_correlation(
    hardness: pd.DataFrame, truth: pd.DataFrame, class_names: pd.Series, replicates: int = 1000, seed: int = 0
) -> pd.DataFrame:
    """Spearman's correlation of every score with every truth column, over all examples and within each class.

    hardness: N examples x scores, higher is harder, NaN where undefined. truth: N x truth columns, NaN where unknown.
    class_names: (N,). Returns the columns of TRUTH_CORRELATION but role; fewer than ten examples give no row.
    """
    rows = []
    for name, values in truth.items():
        known = hardness.notna().all(axis=1) & values.notna()
        for class_name in [ALL_CLASSES, *class_names.drop_duplicates()]:
            members = known if class_name == ALL_CLASSES else known & (class_names == class_name)
            if members.sum() < FEWEST_CORRELATED:
                continue
            part = _numbers(hardness, values, members.to_numpy())
            low, high = spearman_intervals(part, replicates, seed)
            found = {"spearman": spearman_matrix(part)[-1, :-1], "low": low[-1, :-1], "high": high[-1, :-1]}
            facts = {"truth": name, "class_name": class_name, "score": list(hardness), "examples": len(part)}
            rows.append(pd.DataFrame({**facts, **found}))
    columns = [column for column in TRUTH_CORRELATION.columns if column != "role"]
    return pd.concat(rows)[columns] if rows else pd.DataFrame({column: [] for column in columns})


def _numbers(hardness: pd.DataFrame, truth: pd.Series, members: np.ndarray) -> np.ndarray:
    """Scores and truth of the members (n, S + 1), which have no NaN.

    Float32, which takes half the memory, where that holds all values.
    """
    values = np.empty((hardness.shape[1] + 1, np.count_nonzero(members)), np.float32)
    for row, (_, column) in zip(values, [*hardness.items(), ("", truth)], strict=True):
        own = column.to_numpy()[members]
        if not np.array_equal(own.astype(np.float32), own.astype(np.float64)):
            return hardness[members].assign(**{"": truth[members]}).to_numpy(np.float64)
        row[:] = own
    return values.T


def numeric_columns(examples: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Those truth columns that are numbers (true and false count as 1 and 0), float64 with NaN where unknown."""
    found = {}
    for name in names:
        column = examples[name]
        if pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype):
            found[name] = column.astype("Float64").to_numpy(np.float64, na_value=np.nan)
    return pd.DataFrame(found, index=examples.index)
