"""The ranked list of examples that a person who cleans data looks at first."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from difficulty.analysis.ties import midranks
from difficulty.errors import UserError
from difficulty.scores.collect import ranking_columns
from difficulty.scores.runs import ROLE_SUFFIXES, ROLES_OF_TRAINING_SPLIT
from difficulty.tables import read_schema


def ranking_scores(scores: Path, wanted: str) -> tuple[dict[str, str], dict[str, int]]:
    """(score -> its column, score -> its direction) of all that rank training examples; UserError without `wanted`."""
    columns = read_schema(scores).columns
    ranking = {
        f"{score}{ROLE_SUFFIXES[role]}": column
        for role in ROLES_OF_TRAINING_SPLIT
        for score, column in ranking_columns(columns, role).items()
    }
    if wanted not in ranking:
        raise UserError(f"analyses.suspects.score: expected one of {', '.join(ranking)}, got {wanted!r}")
    return ranking, {name: columns[column].direction for name, column in ranking.items()}


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


def suspect_table(
    examples: pd.DataFrame,
    label: np.ndarray,
    suggested: np.ndarray,
    share: np.ndarray,
    class_names: Mapping[int, str],
    percentiles: pd.DataFrame,
    score: str,
) -> pd.DataFrame:
    """The examples by how suspect their label is, the most suspect first.

    examples: N rows with the columns example_id, key and file. label: (N,) given labels. suggested: (N,)
    labels, or -1 for none. share: (N,), of the predictions that are the suggested label, NaN for none.
    percentiles: N rows, as `hardness_percentiles` gives them; `score` is the one
    of its columns that ranks. Examples where it is undefined are left out; among equals the order of the
    rows stays.
    Returns the columns rank (from 1), example_id, key, file, given_label, suggested_label (names; null
    where there is none), suggested_share and the percentiles.
    """
    names = {**class_names, -1: None}
    table = pd.DataFrame(
        {
            "example_id": examples["example_id"].to_numpy(),
            "key": examples["key"].to_numpy(),
            "file": examples["file"].to_numpy(),
            "given_label": [names.get(value, str(value)) for value in label.tolist()],
            "suggested_label": pd.array([names.get(value, str(value)) for value in suggested.tolist()], dtype="string"),
            "suggested_share": share,
            **{name: percentiles[name].to_numpy() for name in percentiles.columns},
        }
    )
    table = table[table[score].notna()].sort_values(score, ascending=False, kind="stable", ignore_index=True)
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    return table
