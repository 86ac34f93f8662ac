"""The ranked list of examples that a person who cleans data looks at first."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.analysis.ties import midranks
from difficulty.errors import UserError
from difficulty.scores.collect import SCORES, ranking_columns
from difficulty.scores.label_error.thresholds import LIKELIER_WRONG
from difficulty.scores.runs import ROLE_SUFFIXES, ROLES_OF_TRAINING_SPLIT
from difficulty.subsets.decisions import DECISION
from difficulty.tables import Column, Schema, read_schema, read_table

SUSPECTS = Schema(
    "suspects",
    {
        "rank": Column(pa.int64(), "1 for the most suspect label"),
        "example_id": Column(pa.int64(), "as in the examples"),
        "key": Column(pa.string(), "name of the example in its source"),
        "file": Column(pa.string(), "image file, relative to the data set's images folder", True),
        "given_label": Column(pa.string(), "name of the given label"),
        "suggested_label": Column(pa.string(), "name of the class that networks predict instead", True),
        "suggested_share": Column(pa.float64(), "share of the predictions that say so", True),
        "probability_wrong": Column(pa.float64(), "estimated probability that the given label is wrong", True),
        "within_cut": Column(pa.bool_(), "likelier wrong than right", True),
        "verdict": Column(pa.string(), "one word on the example"),
        "evidence": Column(pa.string(), "a sentence of the numbers behind it"),
        "decision": Column(pa.string(), "for a person to fill in: keep, drop or relabel", True),
    },
    key=("example_id",),
    open=True,
)


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


def read_percentiles(path: Path, columns: Mapping[str, str], directions: Mapping[str, int], filters) -> pd.DataFrame:
    """`hardness_percentiles` of the examples in the table SCORES at `path` that pass the filters.

    columns: of each score. One is read at a time.
    """
    parts = []
    for name, column in columns.items():
        scores = read_table(path, SCORES, [column], filters).set_axis([name], axis=1)
        parts.append(hardness_percentiles(scores, directions))
    return pd.concat(parts, axis=1)


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
    return pd.DataFrame(percentiles, index=scores.index, copy=False)  # not all of them twice


@dataclass(frozen=True)
class Suspicion:
    """What is known of N examples besides their scores, each (N,).

    given, suggested: labels as text, null for no suggestion. share: of the predictions that are the suggested label,
    NaN for none. probability: that the label is wrong, NaN where nothing permits an estimate. verdict, evidence: a word
    and a sentence.
    """

    given: np.ndarray
    suggested: np.ndarray
    share: np.ndarray
    probability: np.ndarray
    verdict: np.ndarray
    evidence: np.ndarray


def ranked(order: np.ndarray) -> np.ndarray:
    """Positions of examples by the values (N,) that rank them, largest first, equals in their order, without NaN."""
    places = np.argsort(-order, kind="stable")
    return places[~np.isnan(order[places])]


def suspect_table(
    examples: pd.DataFrame, suspicion: Suspicion, percentiles: pd.DataFrame, first: int = 1
) -> pd.DataFrame:
    """A part of the list, with the columns of SUSPECTS and the percentiles.

    examples: N rows with the columns example_id, key and file, the most suspect first. percentiles: N rows, as
    `hardness_percentiles` gives them. first: rank of the first row.
    """
    known = ~np.isnan(suspicion.probability)
    table = pd.DataFrame(
        {
            "rank": np.arange(first, first + len(examples)),
            "example_id": examples["example_id"].to_numpy(),
            "key": examples["key"].to_numpy(),
            "file": examples["file"].to_numpy(),
            "given_label": suspicion.given,
            "suggested_label": pd.array(suspicion.suggested, dtype="string"),
            "suggested_share": suspicion.share,
            "probability_wrong": suspicion.probability,
            "within_cut": pd.array(suspicion.probability > LIKELIER_WRONG, dtype="boolean"),
            "verdict": suspicion.verdict,
            "evidence": suspicion.evidence,
            DECISION: pd.array([None] * len(examples), dtype="string"),
            **{name: percentiles[name].to_numpy() for name in percentiles.columns},
        }
    )
    table.loc[~known, "within_cut"] = pd.NA
    return table
