"""The scores of an experiment as they rank, seed by seed, from the tables of the families that know runs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.scores.collect import RUN_SCORES
from difficulty.scores.run_grid import RunGrid, ranking_values, seed_means
from difficulty.tables import read_schema, read_table


def of_examples(example_id: np.ndarray | None) -> list[tuple] | None:
    """The filter with which a table is read to have the rows of some examples only; None: of all."""
    return None if example_id is None else [("example_id", "in", pa.array(example_id))]


def run_values(
    families: Sequence[Path], wanted: Sequence[str], role: str, example_id: np.ndarray | None = None
) -> Iterator[pd.DataFrame]:
    """Of each family that has wanted scores, one row per run and example of the role: run and these scores.

    example_id: of these examples only; None: of all. The index is example_id. Undefined scores are as they count for
    ranking, NaN if they do not.
    """
    for path in families:
        schema = read_schema(path)
        columns = {score: schema.columns[score] for score in wanted if score in schema.columns}
        if schema.name == RUN_SCORES.name and columns:
            table = read_table(path, RUN_SCORES, [*RUN_SCORES.columns, *columns], of_examples(example_id))
            table = table[table["role"] == role].set_index("example_id")
            yield ranking_values(table, columns).assign(run=table["run"])


def by_seed(values: Iterable[pd.DataFrame], example_id: np.ndarray) -> dict[str, pd.DataFrame]:
    """Score -> its mean over the runs of each seed: float64, a row for each seed, a column for each of `example_id`.

    values: as `run_values` gives them. NaN where an example has the role in no run of the seed.
    """
    found = {}
    for family in values:
        family = family[family.index.isin(example_id)]
        grid = RunGrid.of(family.reset_index())
        places = pd.Index(grid.example_id).get_indexer(example_id)
        for score in family.columns.drop("run"):
            seeds, means = seed_means(grid, family[score].to_numpy())
            found[score] = pd.DataFrame(np.where(places >= 0, means[:, places], np.nan), seeds, example_id)
    return found


def of_each_seed(scores: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Seed -> its scores, a column each, of the examples that have one. scores: as `by_seed` gives them."""
    seeds = dict.fromkeys(seed for rows in scores.values() for seed in rows.index)
    return {
        seed: pd.DataFrame({score: rows.loc[seed] for score, rows in scores.items() if seed in rows.index}).dropna(
            how="all"
        )
        for seed in seeds
    }
