"""Which scores the parts of a data set have: their distribution in each part, and how far it lies from that of all."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.scores.collect import ranking_columns
from difficulty.scores.runs import ROLE_SUFFIXES, ROLES_OF_TRAINING_SPLIT
from difficulty.tables import Column, Schema

SCORE, STATISTIC, TRUTH = "score", "statistic", "truth"


def _statistic(description: str) -> Column:
    return Column(pa.float64(), f"{description}; null if count is 0", nullable=True)


TRAITS = Schema(
    "traits",
    {
        "experiment": Column(pa.string(), "experiment that is trained on the part"),
        "dataset": Column(pa.string(), "the part, a subset"),
        "kind": Column(
            pa.string(),
            "score (mean over runs, of the experiment that `scores_of` says), statistic of the image, or truth",
        ),
        "trait": Column(pa.string(), "the score, the statistic, or the truth column of the original data set"),
        "direction": Column(
            pa.int8(), "+1 if higher is harder, -1 if lower is; null of what is no score", nullable=True
        ),
        "chosen_by": Column(pa.bool_(), "the examples of the part were chosen by this score"),
        "examples": Column(pa.int64(), "training examples of the part that that experiment was trained on"),
        "count": Column(pa.int64(), "of them, how many have a value"),
        "mean": _statistic("mean of these values"),
        "std": Column(pa.float64(), "their standard deviation (ddof 1); null below two", nullable=True),
        "q25": _statistic("their first quartile"),
        "median": _statistic("their median"),
        "q75": _statistic("their third quartile"),
        "effect": Column(
            pa.float64(),
            "probability that an example of the part ranks as harder (of what is no score: higher) than one drawn from "
            "all training examples of the original, ties counting half: 0.5 if the part is like all. Undefined scores "
            "rank where they do elsewhere, if they can be ranked; null if nothing ranks",
            nullable=True,
        ),
    },
    key=("dataset", "kind", "trait"),
)


@dataclass(frozen=True)
class Trait:
    """A score, a statistic of the image or a truth column of N training examples.

    raw: float (N,), as it is, NaN where undefined. ranking: float (N,), as it ranks, higher is harder, NaN where it
    does not. direction: of a score, +1 if higher is harder, -1 if lower is.
    """

    kind: str
    name: str
    raw: np.ndarray
    ranking: np.ndarray
    direction: int | None = None


def score_traits(scores: pd.DataFrame, columns: Mapping[str, Column]) -> Iterator[Trait]:
    """All scores with a direction, of training examples as trained on or (`_validation`) as held out.

    scores: N rows of a SCORES table. columns: of that table.
    """
    for role in ROLES_OF_TRAINING_SPLIT:
        for score, ranking in ranking_columns(columns, role).items():
            name, direction = f"{score}{ROLE_SUFFIXES[role]}", columns[ranking].direction
            raw, ranks = (scores[column].to_numpy(float, na_value=np.nan) for column in (name, ranking))
            yield Trait(SCORE, name, raw, ranks * direction, direction)


def plain_traits(kind: str, values: pd.DataFrame) -> Iterator[Trait]:
    """Columns of which nobody says whether high or low is harder; values: N rows, NaN where unknown."""
    for name in values:
        known = values[name].to_numpy(float, na_value=np.nan)
        yield Trait(kind, name, known, known)


def traits_table(
    traits: Iterable[Trait],
    example_id: np.ndarray,
    trained_on: Mapping[str, str],
    members: Mapping[str, Collection[int]],
    chosen_by: Mapping[str, Sequence[str]],
) -> pd.DataFrame:
    """Rows of TRAITS: every trait in every part.

    example_id: (N,), of the examples that the traits are of. trained_on: experiment -> data set, in order. members:
    data set -> example_id of its training examples; those that have no traits are left out. chosen_by: data set ->
    scores by which it was chosen.
    """
    among = {dataset: np.isin(example_id, list(ids)) for dataset, ids in members.items()}
    rows = []
    for trait in traits:
        reference = np.sort(trait.ranking[~np.isnan(trait.ranking)])
        score = trait.name.removesuffix(ROLE_SUFFIXES["validation"])
        for experiment, dataset in trained_on.items():
            part, ranks = trait.raw[among[dataset]], trait.ranking[among[dataset]]
            row = {"experiment": experiment, "dataset": dataset, "kind": trait.kind, "trait": trait.name}
            row |= {"direction": trait.direction, "chosen_by": trait.kind == SCORE and score in chosen_by[dataset]}
            row |= {"examples": len(part), **_distribution(part[~np.isnan(part)])}
            rows.append(row | {"effect": superiority(ranks[~np.isnan(ranks)], reference)})
    return pd.DataFrame(rows, columns=list(TRAITS.columns)).astype({"direction": "Int8"})


def _distribution(values: np.ndarray) -> dict[str, float]:
    count = len(values)
    q25, median, q75 = np.quantile(values, [0.25, 0.5, 0.75]) if count else [np.nan] * 3
    mean, std = values.mean() if count else np.nan, values.std(ddof=1) if count > 1 else np.nan
    return {"count": count, "mean": mean, "std": std, "q25": q25, "median": median, "q75": q75}


def superiority(sample: np.ndarray, reference: np.ndarray) -> float:
    """Probability that a value of `sample` (n,) exceeds one of `reference` (m,), ties counting half.

    The common-language effect size (McGraw & Wong 1992), the area under the ROC curve that separates them.
    reference must be in ascending order. NaN if either is empty.
    """
    if not len(sample) or not len(reference):
        return np.nan
    below, upto = (np.searchsorted(reference, sample, side) for side in ("left", "right"))
    return float((below + upto).mean() / (2 * len(reference)))
