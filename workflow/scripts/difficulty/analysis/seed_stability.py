"""How far each score of an experiment agrees with itself under other seeds, from the tables of its families."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from difficulty.analysis.correlation import SEED_CORRELATION, STABILITY, seed_correlations, stability_table
from difficulty.scores.collect import RUN_SCORES
from difficulty.scores.run_grid import RunGrid, ranking_values, seed_means
from difficulty.tables import read_schema, read_table


def over_seeds(families: Sequence[Path], wanted: Sequence[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of STABILITY and SEED_CORRELATION of the wanted scores, for every role; families without runs have none."""
    stability = [pd.DataFrame(columns=list(STABILITY.columns))]
    pairs = [pd.DataFrame(columns=list(SEED_CORRELATION.columns))]
    for path in families:
        schema = read_schema(path)
        columns = {score: schema.columns[score] for score in wanted if score in schema.columns}
        if schema.name != RUN_SCORES.name or not columns:
            continue
        table = read_table(path, RUN_SCORES)
        for role, rows in table.groupby("role", sort=False):
            grid, values = RunGrid.of(rows), ranking_values(rows, columns)
            for score in columns:
                seeds, means = seed_means(grid, values[score].to_numpy())
                stability.append(stability_table(means).assign(role=role, score=score))
                pairs.append(seed_correlations(means, seeds).assign(role=role, score=score))
    return pd.concat(stability), pd.concat(pairs)
