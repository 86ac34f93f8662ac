"""Scores of runs arranged as runs x examples."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from difficulty.scores.runs import seed_of
from difficulty.tables import Column


@dataclass(frozen=True)
class RunGrid:
    """The rows of a RUN_SCORES table that have one role, as places on a grid of K runs x N examples.

    runs: K names, sorted. example_id: int64 (N,), sorted. row, column: (M,) the place of each row.
    """

    runs: list[str]
    example_id: np.ndarray
    row: np.ndarray
    column: np.ndarray

    @classmethod
    def of(cls, run_scores: pd.DataFrame) -> "RunGrid":
        """The grid of a frame with the columns example_id and run."""
        row, runs = pd.factorize(run_scores["run"], sort=True)
        example_id, column = np.unique(run_scores["example_id"].to_numpy(), return_inverse=True)
        return cls(list(runs), example_id, row, column)

    def fill(self, values, missing=np.nan, dtype=np.float64) -> np.ndarray:
        """`values` (M,) as (K, N), with `missing` where an example does not have the role in a run."""
        grid = np.full((len(self.runs), len(self.example_id)), missing, dtype)
        grid[self.row, self.column] = values
        return grid


def defined_mean(values: np.ndarray) -> np.ndarray:
    """Mean over the first axis of `values` (K, N) where they are not NaN; NaN where all are."""
    defined = ~np.isnan(values)
    count = defined.sum(axis=0)
    total = np.where(defined, values, 0.0).sum(axis=0)
    return np.divide(total, count, where=count > 0, out=np.full(len(total), np.nan))


def ranking_values(run_scores: pd.DataFrame, columns: Mapping[str, Column]) -> pd.DataFrame:
    """The scores of every row as they count for ranking: undefined ones as their column's null_ranks_as.

    columns: scores by name. Returns float64 columns of these names, with the rows of `run_scores`.
    """
    filled = {}
    for name, column in columns.items():
        values = run_scores[name].to_numpy(np.float64, na_value=np.nan)
        fill = np.nan if column.null_ranks_as is None else column.null_ranks_as
        filled[name] = np.where(np.isnan(values), fill, values)
    return pd.DataFrame(filled, index=run_scores.index)


def seed_means(grid: RunGrid, values: np.ndarray | pd.Series) -> tuple[list[str], np.ndarray]:
    """Names of the seeds, and the mean of `values` (M,) over each seed's runs: (K seeds, N).

    A seed has one run, or one per fold, which share initial weights and so are not independent. NaN where the value
    is defined in none of them.
    """
    filled = grid.fill(values)
    seeds = [seed_of(run) for run in grid.runs]
    names = list(dict.fromkeys(seeds))
    means = [defined_mean(filled[[seed == name for seed in seeds]]) for name in names]
    return names, np.stack(means)
