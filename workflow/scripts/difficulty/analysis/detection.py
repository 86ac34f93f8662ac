"""Do scores find what is really hard? Every score against planted or known truth.

The conventions are the literature's: positive = hard, directions are definitions and never flipped
after seeing a result, so that an AUROC below one half is shown as such.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.analysis.detection_intervals import (
    covariances_over_seeds,
    difference_intervals,
    example_covariances,
    metric_intervals,
    plain_half_widths,
)
from difficulty.analysis.detection_metrics import METRICS, Ranking, found_curve, ranking_metrics
from difficulty.analysis.ties import midranks
from difficulty.errors import UserError
from difficulty.scores.dynamics.scoring import DYNAMICS
from difficulty.scores.runs import ROLE_SUFFIXES
from difficulty.tables import Column, Schema

ALL_RUNS = "all"

_DESCRIPTIONS = {
    "auroc": "probability that a positive example ranks as harder than a negative one, ties counting half",
    "average_precision": "average precision; chance is the prevalence",
    "precision_at_prevalence": "share of positives among the hardest, as many as there are positives",
    "recall_at_10": "share of the positives among the hardest 10 % of the examples",
    "recall_at_20": "share of the positives among the hardest 20 % of the examples",
}
# Ending of the columns of an interval, and what would be others.
_INTERVALS = {
    "": "for other examples and the same runs; null per run",
    "_seeds": "for other examples and other seeds; null per run, with one seed, and for scores that know no runs",
}
_DETECTION = Column(pa.string(), "name of the detection")
_SCORE = Column(pa.string(), "score")

DETECTION = Schema(
    "detection",
    {
        "detection": _DETECTION,
        "experiment": Column(pa.string(), "experiment that the scores come from"),
        "truth": Column(pa.string(), "column that says what is really hard"),
        "role": Column(pa.string(), "role of the examples in the runs: train, validation or test"),
        "score": _SCORE,
        "run": Column(
            pa.string(), "seed, as seed-0: the mean of the score over its folds, if any; or 'all': that over the seeds"
        ),
        "direction": Column(pa.int8(), "+1: ranked as harder when higher; -1: when lower"),
        "examples": Column(pa.int64(), "examples compared: those where no compared score is undefined"),
        "positives": Column(pa.int64(), "number of hard ones among them"),
        "prevalence": Column(pa.float64(), "their share", nullable=True),
        **{name: Column(pa.float64(), _DESCRIPTIONS[name], nullable=True) for name in METRICS},
        **{
            f"{name}_{end}{which}": Column(pa.float64(), f"{end} end of its 95 % interval {over}", True)
            for name in METRICS
            for which, over in _INTERVALS.items()
            for end in ("low", "high")
        },
    },
    key=("detection", "score", "run"),
)

DETECTION_DIFFERENCES = Schema(
    "detection_differences",
    {
        "detection": _DETECTION,
        "metric": Column(pa.string(), f"one of {', '.join(METRICS)}"),
        "score_a": _SCORE,
        "score_b": Column(
            pa.string(), "score that it is compared with, on the same examples; every pair is there once"
        ),
        "difference": Column(pa.float64(), "the metric of score_a less that of score_b; null without positives", True),
        **{
            f"{end}{which}": Column(pa.float64(), f"{end} end of its 95 % interval {over}, paired", True)
            for which, over in _INTERVALS.items()
            for end in ("low", "high")
        },
    },
    key=("detection", "metric", "score_a", "score_b"),
)

DETECTION_CURVES = Schema(
    "detection_curves",
    {
        "detection": _DETECTION,
        "score": _SCORE,
        "inspected": Column(pa.float64(), "share of the examples inspected, hardest first"),
        "found": Column(pa.float64(), "share of the positives among them, in expectation over random orders of ties"),
    },
    key=("detection", "score", "inspected"),
)


def default_direction(column: str) -> int | None:
    """Direction of a learning-dynamics score by the name of its column, of any role, ranked or not."""
    name = column.removesuffix("_ranked")
    for suffix in filter(None, ROLE_SUFFIXES.values()):
        name = name.removesuffix(suffix)
    return DYNAMICS[name].direction if name in DYNAMICS else None


def resolve_directions(columns, directions: Mapping[str, int] | None = None) -> dict[str, int]:
    """The direction of each score: the given one, else that of the learning-dynamics score of its name.

    Raises UserError, naming them, if some have neither or one is not +1 or -1.
    """
    given = {name: (directions or {}).get(name, default_direction(name)) for name in columns}
    if unknown := [str(name) for name, direction in given.items() if direction not in (-1, 1)]:
        raise UserError(
            f"detection: no direction known for {', '.join(unknown)};"
            " give +1 (higher is harder) or -1 (lower is harder) in `directions`"
        )
    return given


def common_examples(scores: pd.DataFrame) -> np.ndarray:
    """bool (N,): the examples where no score is undefined, on which all are compared.

    Raises UserError if there are none.
    """
    common = scores.notna().all(axis=1).to_numpy()
    if not common.any():
        emptiest = scores.isna().sum().idxmax() if len(scores.columns) else "none"
        raise UserError(f"detection: no example has all scores; {emptiest} is undefined most often, leave it out")
    return common


def detection_tables(
    scores: pd.DataFrame,
    truth: np.ndarray,
    directions: Mapping[str, int] | None = None,
    *,
    by_seed: Iterable[tuple[str, np.ndarray]] = (),
    bootstrap: int = 1000,
    seed: int = 0,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """How well each score ranks the truly hard examples first, and which scores differ in it.

    scores: one column per score, N rows. truth: bool (N,), true = hard, in the order of the rows.
    directions: +1 or -1 per column; learning-dynamics scores are known by their names.
    by_seed: (score, its mean over the runs of each seed, (K, N)) of scores that know runs, for intervals over seeds.
    bootstrap: number of resamples of the examples for the intervals (0: none, the ends are NaN), the
        same for every score, so that differences between scores are paired.
    Scores are compared on the examples where none of them is undefined.
    Returns two tables. The first has one row per score: score, direction, examples, positives, prevalence, then the
    METRICS (see `ranking_metrics`), then the ends of their 95 % intervals, `auroc_low`, `auroc_high`,
    `auroc_low_seeds`, .... The second has the columns of DETECTION_DIFFERENCES but detection; no row without bootstrap.
    Metrics are NaN if no example or every example is positive.
    Raises UserError if a column has no direction or no example is left; ValueError if truth does not fit.
    """
    known = resolve_directions(scores.columns, directions)
    truth = _checked_truth(truth, len(scores))
    common = common_examples(scores)
    truth, names = truth[common], list(scores.columns)
    hardness = [known[name] * _numbers(scores[name])[common] for name in names]
    rankings = [Ranking.of(values, truth) for values in hardness]
    metrics = np.concatenate([ranking_metrics(ranking) for ranking in rankings])
    pairs = np.array(list(combinations(range(len(names)), 2)) if bootstrap else [], dtype=int).reshape(-1, 2)
    ends = {which: np.full((2, *metrics.shape), np.nan) for which in _INTERVALS}
    differences = {which: np.full((2, len(pairs), len(METRICS)), np.nan) for which in _INTERVALS}
    if bootstrap and 0 < truth.sum() < len(truth):
        over_examples = example_covariances(rankings, hardness, truth, bootstrap, seed)
        seeds = ((name, known[name] * values[:, common]) for name, values in by_seed)
        count, over_seeds = covariances_over_seeds(names, seeds, truth)
        same = _same_order(hardness, pairs)
        for which, further in zip(_INTERVALS, (None, over_seeds), strict=True):
            found = _intervals(metrics, truth, pairs, same, over_examples, further, count)
            ends[which], differences[which] = found
    return report_table(names, known, truth, metrics, ends), _difference_table(names, metrics, pairs, differences)


def report_table(
    names: Sequence[str],
    directions: Mapping[str, int],
    truth: np.ndarray,
    metrics: np.ndarray,
    ends: Mapping[str, tuple[np.ndarray, np.ndarray]] | None = None,
) -> pd.DataFrame:
    """The first table of `detection_tables`: of S scores, compared on examples with truth bool (N,), the metrics (S, M)
    and the ends of their intervals, each (S, M), by the ending of their columns; None: NaN."""
    report = {
        "score": names,
        "direction": np.array([directions[name] for name in names], dtype=np.int8),
        "examples": len(truth),
        "positives": int(truth.sum()),
        "prevalence": truth.mean(),
        **{name: metrics[:, i] for i, name in enumerate(METRICS)},
    }
    unknown = np.full((2, *metrics.shape), np.nan)
    for i, name in enumerate(METRICS):
        for which in _INTERVALS:
            low, high = (ends or {}).get(which, unknown)
            report |= {f"{name}_low{which}": low[:, i], f"{name}_high{which}": high[:, i]}
    return pd.DataFrame(report)


def _numbers(scores: pd.Series) -> np.ndarray:
    """As floats: float32 takes half the memory, and has the same order."""
    return scores.to_numpy() if scores.dtype == np.float32 else scores.to_numpy(np.float64)


def _intervals(
    metrics: np.ndarray,
    truth: np.ndarray,
    pairs: np.ndarray,
    same: np.ndarray,
    over_examples: np.ndarray,
    over_seeds: np.ndarray | None,
    seeds: int,
) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
    """((low, high) of the metrics, each (S, M); ends of their differences (2, Q, M)), 95 % intervals.

    metrics: (S, M). pairs: (Q, 2) scores; same: (Q,) those that cannot differ. Covariances: (M, S, S) over examples,
    and over seeds, of which there are `seeds`, if other seeds are meant too.
    """
    numbers = int(truth.sum()), int((~truth).sum())
    low, high = metric_intervals(metrics, over_examples, *numbers, over_seeds, seeds)
    total = over_examples if over_seeds is None else over_examples + over_seeds
    least = plain_half_widths(over_examples, pairs, min(numbers), over_seeds, seeds)
    found = np.stack(difference_intervals(metrics, low, high, total, pairs, least))
    return (low, high), np.where(same[:, None], 0 * found, found)


def detection_report(scores: pd.DataFrame, truth: np.ndarray, directions=None, **settings) -> pd.DataFrame:
    """The first table of `detection_tables`."""
    return detection_tables(scores, truth, directions, **settings)[0]


def _same_order(hardness: Sequence[np.ndarray], pairs: np.ndarray) -> np.ndarray:
    """bool (Q,): the two scores of the pair put the examples in the same order, so that they cannot differ."""
    ranks = [hashlib.sha256(midranks(values)).digest() for values in hardness]
    return np.array([ranks[a] == ranks[b] for a, b in pairs], dtype=bool)


def _difference_table(names: list[str], metrics: np.ndarray, pairs: np.ndarray, ends: dict) -> pd.DataFrame:
    """Columns of DETECTION_DIFFERENCES but detection; ends: (2, Q, M) of each kind of interval."""
    a, b = pairs.T
    parts = []
    for place, metric in enumerate(METRICS):
        part = {
            "metric": metric,
            "score_a": np.array(names, dtype=object)[a],
            "score_b": np.array(names, dtype=object)[b],
        }
        part["difference"] = metrics[a, place] - metrics[b, place]
        for which, (low, high) in ends.items():
            part |= {f"low{which}": low[:, place], f"high{which}": high[:, place]}
        parts.append(pd.DataFrame(part))
    return pd.concat(parts, ignore_index=True)


def detection_curves(scores: pd.DataFrame, truth: np.ndarray, directions: Mapping[str, int]) -> pd.DataFrame:
    """`detection_curve` of every score on the examples that `detection_report` compares, with the column score."""
    common = common_examples(scores)
    return pd.concat(
        detection_curve(scores[name].to_numpy(np.float64)[common], truth[common], directions[name]).assign(score=name)
        for name in scores.columns
    )


def detection_curve(score: np.ndarray, truth: np.ndarray, direction: int, points: int = 201) -> pd.DataFrame:
    """Share of the hard examples found against the share inspected, hardest first.

    score: (N,); undefined entries are left out. truth: bool (N,). direction: +1 or -1.
    Returns the columns inspected (`points` even steps from 0 to 1) and found, the exact expectation over
    random orders of ties; NaN if no example is positive.
    """
    score = np.asarray(score, dtype=np.float64)
    truth = _checked_truth(truth, len(score))
    defined = ~np.isnan(score)
    inspected, found = found_curve(Ranking.of(direction * score[defined], truth[defined]))
    grid = np.linspace(0, 1, points)
    reached = np.interp(grid * inspected[-1], inspected, found)
    return pd.DataFrame({"inspected": grid, "found": reached / found[-1] if found[-1] else np.nan})


def _checked_truth(truth: np.ndarray, examples: int) -> np.ndarray:
    truth = np.asarray(truth)
    if truth.dtype != bool or truth.shape != (examples,):
        raise ValueError(f"truth is bool ({examples},), not {truth.dtype} {truth.shape}")
    return truth
