"""The scores of an experiment as they rank, run by run, from the tables of the families that know runs."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from difficulty.scores.collect import RUN_SCORES
from difficulty.scores.run_grid import RunGrid, ranking_values, seed_means
from difficulty.tables import read_schema, read_table


def run_values(families: Sequence[Path], wanted: Sequence[str], role: str) -> Iterator[pd.DataFrame]:
    """Of each family that has wanted scores, one row per run and example of the role: run and these scores.

    The index is example_id. Undefined scores are as they count for ranking, NaN if they do not.
    """
    for path in families:
        schema = read_schema(path)
        columns = {score: schema.columns[score] for score in wanted if score in schema.columns}
        if schema.name == RUN_SCORES.name and columns:
            table = read_table(path, RUN_SCORES)
            table = table[table["role"] == role].set_index("example_id")
            yield ranking_values(table, columns).assign(run=table["run"])


def by_run(values: Sequence[pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Run -> its scores of all families, by example_id. values: as `run_values` gives them."""
    found: dict[str, list[pd.DataFrame]] = {}
    for family in values:
        for run, rows in family.groupby("run"):
            found.setdefault(run, []).append(rows.drop(columns="run"))
    return {run: pd.concat(parts, axis=1) for run, parts in found.items()}


def by_seed(values: Sequence[pd.DataFrame], example_id: np.ndarray) -> dict[str, np.ndarray]:
    """Score -> its mean over the runs of each seed, float64 (K seeds, N) in the order of `example_id` (N,).

    values: as `run_values` gives them. NaN where an example has the role in no run of the seed.
    """
    found = {}
    for family in values:
        family = family[family.index.isin(example_id)]
        grid = RunGrid.of(family.reset_index())
        places = pd.Index(grid.example_id).get_indexer(example_id)
        for score in family.columns.drop("run"):
            means = seed_means(grid, family[score].to_numpy())[1]
            found[score] = np.where(places >= 0, means[:, places], np.nan)
    return found
