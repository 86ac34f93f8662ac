"""How far each score of an experiment agrees with itself under other seeds, from the tables of its families."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from difficulty.analysis.correlation import (
    SEED_CORRELATION,
    STABILITY,
    seed_correlations,
    spearman_matrix,
    stability_table,
)
from difficulty.analysis.reliability import corrected_correlations
from difficulty.analysis.run_values import by_seed, rows_of_examples
from difficulty.scores.collect import RUN_SCORES
from difficulty.scores.run_grid import RunGrid, ranking_values, seed_means
from difficulty.tables import read_schema


def over_seeds(
    families: Sequence[Path], wanted: Sequence[str] | None, example_id: np.ndarray | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of STABILITY and SEED_CORRELATION of the wanted scores, for every role; families without runs have none.

    wanted: scores; None for all that have a direction. example_id: of these examples only; None: of all.
    """
    stability = [pd.DataFrame(columns=list(STABILITY.columns))]
    pairs = [pd.DataFrame(columns=list(SEED_CORRELATION.columns))]
    for path in families:
        schema = read_schema(path)
        directed = [name for name, column in schema.columns.items() if column.direction is not None]
        scores = directed if wanted is None else [score for score in wanted if score in schema.columns]
        columns = {score: schema.columns[score] for score in scores}
        if schema.name != RUN_SCORES.name or not columns:
            continue
        table = rows_of_examples(path, RUN_SCORES, [*RUN_SCORES.columns, *columns], example_id)
        for role, rows in table.groupby("role", sort=False):
            grid, values = RunGrid.of(rows), ranking_values(rows, columns)
            for score in columns:
                seeds, means = seed_means(grid, values[score].to_numpy())
                stability.append(stability_table(means).assign(role=role, score=score))
                pairs.append(seed_correlations(means, seeds).assign(role=role, score=score))
    return pd.concat(stability), pd.concat(pairs)


def reliabilities(stability: pd.DataFrame, role: str) -> dict[str, float]:
    """Score -> the reliability of its mean over the seeds, from the largest halves of them. stability: of STABILITY."""
    of_role = stability[stability["role"] == role].sort_values("seeds_per_half")
    return of_role.drop_duplicates("score", keep="last").set_index("score")["reliability"].to_dict()


def corrected_table(families: Sequence[Path], scores: Sequence[str], role: str, example_id: np.ndarray) -> pd.DataFrame:
    """Correlations corrected for unreliability, a row and a column for each of the scores; NaN for those of no run.

    example_id: the examples of the role that are compared.
    """
    of_scores = dict(by_seed(families, scores, role, example_id))
    seeds = list(dict.fromkeys(seed for rows in of_scores.values() for seed in rows.index))
    unknown = pd.DataFrame(np.nan, seeds, example_id)
    values = np.stack([of_scores.get(score, unknown).reindex(seeds).to_numpy() for score in scores], axis=2)
    return pd.DataFrame(corrected_correlations(values, spearman_matrix), list(scores), list(scores))
