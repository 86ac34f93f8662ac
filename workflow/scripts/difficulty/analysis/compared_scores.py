"""Which columns of the table of all scores are compared with each other, in each role."""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from difficulty.errors import UserError
from difficulty.random_streams import derived_seed
from difficulty.scores.collect import EXAMPLE_SCORES, ranking_column, ranking_columns
from difficulty.scores.runs import ROLE_SUFFIXES
from difficulty.tables import read_schema

logger = logging.getLogger("difficulty")

# Of the statistics of images, those that Pliushch et al. 2022 compare with what is learned; relations have the others.
_STATISTICS_BESIDE_LEARNING = ("local_entropy", "dct_coefficients", "segments", "edge_strength")


def compared_columns(scores: Path, families: Sequence[Path], wanted: Sequence[str] | None) -> dict[str, dict[str, str]]:
    """Role -> score -> its column in the table of all scores.

    wanted: scores; None for all that have a direction, and some statistics of the images.
    Raises UserError if no role has any of the wanted scores.
    """
    columns = read_schema(scores).columns
    of_examples = {name for path in families for name in columns_of_examples(path)}
    if wanted is None:
        pooled = [name for name in columns if name in of_examples and columns[name].direction is not None]
        same = [*pooled, *(name for name in _STATISTICS_BESIDE_LEARNING if name in of_examples)]
        return {role: ranking_columns(columns, role) | dict(zip(same, same, strict=True)) for role in ROLE_SUFFIXES}
    chosen = {
        role: {score: score if score in of_examples else ranking_column(columns, score, role) for score in wanted}
        for role in ROLE_SUFFIXES
    }
    if missing := [score for score in wanted if not any(found[score] for found in chosen.values())]:
        if missing == wanted:
            raise UserError(f"analyses.correlation.scores: no score {', '.join(missing)} in {scores}")
        logger.info("left out, as this experiment does not have them: %s", ", ".join(missing))
    return {role: {score: column for score, column in found.items() if column} for role, found in chosen.items()}


def drawn_examples(examples: pd.DataFrame, limit: int | None) -> np.ndarray | None:
    """Ids of the examples to compare, `limit` drawn at random of each split that has more; None for all.

    examples: columns example_id and split.
    """
    if limit is None or examples["split"].value_counts().max() <= limit:
        return None
    order = np.random.default_rng(derived_seed("examples of correlations")).permutation(len(examples))
    return np.sort(examples.iloc[order].groupby("split").head(limit)["example_id"].to_numpy())


def columns_of_examples(path: Path) -> set[str]:
    """The columns of a family of scores that are the same in every role, as no single run has them; none of another."""
    schema = read_schema(path)
    return set(schema.columns) - set(EXAMPLE_SCORES.columns) if schema.name == EXAMPLE_SCORES.name else set()
