"""Do images that look a certain way get learned late? Rank correlation of statistics of images with learning scores.

Pliushch et al. 2022, "When deep classifiers agree", arXiv 2105.08997, compare the two over the epochs only. A
statistic is a number that is known of an image whatever is trained on it: of its pixels, from people, or a truth column
of its data set. Shapes: N examples, S statistics, M scores.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.analysis.rank_tests import (
    FEWEST_CORRELATED,
    centred_ranks,
    cross_correlation,
    holm,
    intervals,
    p_values,
    relative_class_ranks,
    without_class_means,
    without_column,
)
from difficulty.analysis.ties import repeated_columns
from difficulty.tables import Column, Schema

OVERALL, WITHIN_CLASS, PARTIAL = KINDS = ("overall", "within_class", "partial")
BRIGHTNESS = "brightness"
_LEAST_FREEDOM = 2  # degrees, for an interval to be defined


def _number(description: str) -> Column:
    return Column(pa.float64(), f"{description}; null if correlation is", nullable=True)


RELATIONS = Schema(
    "relations",
    {
        "role": Column(pa.string(), "role of the examples in the runs: train, validation or test"),
        "statistic": Column(pa.string(), "statistic of the image, or numeric truth column of the data set"),
        "also": Column(
            pa.string(),
            "further statistics that order these examples in just the same way, separated by spaces: tested once, here",
            nullable=True,
        ),
        "score": Column(pa.string(), "score, turned so that higher is harder"),
        "kind": Column(
            pa.string(),
            "overall: Spearman's rank correlation; within_class: the same of ranks within each class of the given "
            "label, (rank - 1/2) / size of the class; partial: of what is left of the ranks after least squares on "
            "dummies of the classes and the rank of brightness",
        ),
        "correlation": Column(
            pa.float64(),
            "rank correlation; null if the statistic or the score is constant (of what is left of it), if classes are "
            "too many for the examples, and, if partial, of brightness itself and where brightness is not known",
            nullable=True,
        ),
        "low": _number("lower end of its 95 % interval (Fisher's z, Bonett & Wright 2000)"),
        "high": _number("upper end of its 95 % interval"),
        "p_value": _number("two-sided, of Student's t; each class but one and brightness cost a degree of freedom"),
        "p_holm": _number(
            "p_value, corrected for all statistics and scores of this role and kind (Holm 1979); scores that order the "
            "examples in the same way count once"
        ),
        "examples": Column(pa.int64(), "examples for which the statistic and the score are known"),
    },
    key=("role", "statistic", "score", "kind"),
)


def relations_table(hardness: pd.DataFrame, statistics: pd.DataFrame, classes: np.ndarray) -> pd.DataFrame:
    """Every statistic with every score, over the examples that have both: three correlations each.

    hardness: N examples x scores, higher is harder. statistics: N x statistics, in the same order. Both NaN where
    unknown. classes: (N,). Returns the columns of RELATIONS but role; fewer than ten examples give no row. Statistics
    that order the examples as an earlier one does are tested with it, and give no row of their own.
    """
    columns = [column for column in RELATIONS.columns if column != "role"]
    statistics = statistics.astype(np.float64)
    repeated = repeated_columns(statistics)
    statistics = statistics.drop(columns=list(repeated))
    parts = [
        _related(hardness.loc[:, scores], statistics.loc[:, names], statistics.get(BRIGHTNESS), classes)
        for scores in _alike(hardness)
        for names in _alike(statistics)
    ]
    rows = [row for part in parts for row in part]
    if not rows:
        return pd.DataFrame({column: [] for column in columns})
    table = pd.concat(rows, ignore_index=True)
    places = [table["statistic"].map(statistics.columns.get_loc), table["score"].map(hardness.columns.get_loc)]
    table = table.iloc[np.lexsort((table["kind"].map(KINDS.index), places[1], places[0]))]
    also = pd.Series(repeated, dtype=object).groupby(pd.Series(repeated, dtype=object)).groups
    table["also"] = table["statistic"].map({name: " ".join(others) for name, others in also.items()}).astype(object)
    table["p_holm"] = _corrected(table, repeated_columns(hardness))
    return table[columns].reset_index(drop=True)


def _corrected(table: pd.DataFrame, repeated: dict[str, str]) -> pd.Series:
    """p-values corrected by Holm within each kind; scores that repeat another one count once, as that one."""
    once = table[~table["score"].isin(repeated)]
    corrected = once.assign(p=once.groupby("kind")["p_value"].transform(lambda p: holm(p.to_numpy())))
    by_test = corrected.set_index(["statistic", "score", "kind"])["p"]
    tests = pd.MultiIndex.from_arrays([table["statistic"], table["score"].replace(repeated), table["kind"]])
    return pd.Series(by_test.reindex(tests).to_numpy(), table.index)


def _alike(table: pd.DataFrame) -> list[list[str]]:
    """Columns that are known of the same examples, so that these are ranked once for all of them."""
    groups: dict[bytes, list[str]] = {}
    for name, column in table.items():
        groups.setdefault(column.notna().to_numpy().tobytes(), []).append(name)
    return list(groups.values())


def _related(
    hardness: pd.DataFrame, statistics: pd.DataFrame, brightness: pd.Series | None, classes: np.ndarray
) -> Iterator[pd.DataFrame]:
    """Rows of each kind of scores and of statistics that are known of the same examples."""
    common = (statistics.iloc[:, 0].notna() & hardness.iloc[:, 0].notna()).to_numpy()
    if common.sum() < FEWEST_CORRELATED:
        return
    x, y, own = statistics.to_numpy()[common], hardness.to_numpy(np.float64)[common], classes[common]
    names, count, further_classes = list(statistics), len(x), len(np.unique(own)) - 1
    yield _rows(OVERALL, statistics, hardness, cross_correlation(centred_ranks(x), centred_ranks(y)), count, count - 2)
    within = cross_correlation(relative_class_ranks(x, own), relative_class_ranks(y, own))
    yield _rows(WITHIN_CLASS, statistics, hardness, within, count, count - 2 - further_classes)
    lit = np.zeros(count, bool) if brightness is None else brightness.notna().to_numpy()[common]
    partial = np.full(within.shape, np.nan)
    freedom = lit.sum() - 3 - (len(np.unique(own[lit])) - 1)
    if lit.sum() >= FEWEST_CORRELATED:
        partial = _partial(x[lit], y[lit], brightness.to_numpy()[common][lit], own[lit])
        partial[[name == BRIGHTNESS for name in names]] = np.nan
    yield _rows(PARTIAL, statistics, hardness, partial, int(lit.sum()), freedom)


def _partial(x: np.ndarray, y: np.ndarray, brightness: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """(S, M) correlations of ranks after least squares on the classes and the rank of brightness."""
    light, *ranks = (without_class_means(centred_ranks(v), classes) for v in (brightness[:, None], x, y))
    return cross_correlation(*(without_column(residuals, light[:, 0]) for residuals in ranks))


def _rows(
    kind: str, statistics: pd.DataFrame, hardness: pd.DataFrame, correlation: np.ndarray, examples: int, freedom: int
) -> pd.DataFrame:
    """correlation: (S, M)."""
    found = correlation.ravel() if freedom >= _LEAST_FREEDOM else np.full(correlation.size, np.nan)
    freedom = max(freedom, _LEAST_FREEDOM)
    low, high = intervals(found, freedom)
    return pd.DataFrame(
        {
            "statistic": np.repeat(list(statistics), hardness.shape[1]),
            "score": np.tile(list(hardness), statistics.shape[1]),
            "kind": kind,
            "correlation": found,
            "low": low,
            "high": high,
            "p_value": p_values(found, freedom),
            "examples": examples,
        }
    )
