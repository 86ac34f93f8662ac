"""The scores of an experiment that are tested, and the truth they are tested against."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from difficulty.analysis.truth import hard_examples
from difficulty.datasets.example_tables import EXAMPLES
from difficulty.errors import UserError
from difficulty.scores.collect import SCORES, ranking_columns
from difficulty.stage import warn
from difficulty.tables import read_schema, read_table

logger = logging.getLogger("difficulty")


def tested_scores(scores: Path, role: str, wanted: Sequence[str] | None) -> tuple[dict[str, str], dict[str, int]]:
    """(score -> its column for a role, score -> its direction) of the wanted scores (None: all) that there are.

    Where all training examples are held out, scores that no single run has, such as label_error, are among them.
    Raises UserError if there is none of them.
    """
    columns = read_schema(scores).columns
    ranking = ranking_columns(columns, role)
    if role == "validation" and not read_table(scores, SCORES, ["runs_train"])["runs_train"].any():
        ranking |= ranking_columns(columns, "train")
    wanted = list(ranking) if wanted is None else wanted
    if missing := [score for score in wanted if score not in ranking]:
        if missing == wanted:
            raise UserError(f"analyses.detection.scores: no score {', '.join(missing)} of role {role} in {scores}")
        logger.info("left out, as there are none of role %s: %s", role, ", ".join(missing))
    found = {score: ranking[score] for score in wanted if score in ranking}
    return found, {score: columns[column].direction for score, column in found.items()}


def defined_scores(scores: pd.DataFrame, place: str) -> pd.DataFrame:
    """Scores (N rows) without the columns that are undefined everywhere, with a warning that names them."""
    undefined = scores.columns[scores.isna().all()]
    if len(undefined):
        warn(f"{place}: left out, as undefined for every example: {', '.join(undefined)}")
    return scores.drop(columns=undefined)


def known_truth(scores: pd.DataFrame, settings: Mapping, examples: Path) -> pd.Series:
    """bool by example_id: which examples are hard, of those of the role for which this is known.

    scores: rows of SCORES by example_id. settings: column, role, above and top. Raises UserError if there is none.
    """
    column, table = settings["column"], scores
    if column != "is_corrupt":
        if column not in (found := read_schema(examples).columns):
            raise UserError(f"{examples}: no truth column {column}; it has {', '.join(found)}")
        table = read_table(examples, EXAMPLES, columns=["example_id", column]).set_index("example_id")
    values = table.loc[scores.index[scores[f"runs_{settings['role']}"] > 0], column]
    hard, known = hard_examples(values, settings.get("above"), settings.get("top"))
    if not known.any():
        raise UserError(f"{examples}: no example of role {settings['role']} has a known {column}")
    return pd.Series(hard[known], index=values.index[known])
