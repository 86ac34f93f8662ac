"""Do scores find what is really hard? Every score against planted or known truth.

The conventions are the literature's: positive = hard, directions are definitions and never flipped
after seeing a result, so that an AUROC below one half is shown as such.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.analysis.bootstrap import percentile_interval, resample_counts
from difficulty.analysis.detection_metrics import METRICS, Ranking, found_curve, ranking_metrics
from difficulty.errors import UserError
from difficulty.scores.dynamics import DYNAMICS
from difficulty.scores.runs import ROLE_SUFFIXES
from difficulty.tables import Column, Schema

ALL_RUNS = "all"
_BLOCK = 8  # resamples at a time: what is summed for one then stays in the processor's cache

_DESCRIPTIONS = {
    "auroc": "probability that a positive example ranks as harder than a negative one, ties counting half",
    "average_precision": "average precision; chance is the prevalence",
    "precision_at_prevalence": "share of positives among the hardest, as many as there are positives",
    "recall_at_10": "share of the positives among the hardest 10 % of the examples",
    "recall_at_20": "share of the positives among the hardest 20 % of the examples",
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
        "run": Column(pa.string(), "run, or 'all': the mean of the score over the runs"),
        "direction": Column(pa.int8(), "+1: ranked as harder when higher; -1: when lower"),
        "examples": Column(pa.int64(), "examples compared: those where no compared score is undefined"),
        "positives": Column(pa.int64(), "number of hard ones among them"),
        "prevalence": Column(pa.float64(), "their share", nullable=True),
        **{name: Column(pa.float64(), _DESCRIPTIONS[name], nullable=True) for name in METRICS},
        **{
            f"{name}_{end}": Column(pa.float64(), f"{end} end of its 95 % bootstrap interval; null per run", True)
            for name in METRICS
            for end in ("low", "high")
        },
    },
    key=("detection", "score", "run"),
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


def detection_report(
    scores: pd.DataFrame,
    truth: np.ndarray,
    directions: Mapping[str, int] | None = None,
    *,
    bootstrap: int = 1000,
    seed: int = 0,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """How well each score ranks the truly hard examples first.

    scores: one column per score, N rows. truth: bool (N,), true = hard, in the order of the rows.
    directions: +1 or -1 per column; learning-dynamics scores are known by their names.
    bootstrap: number of resamples of the examples for the intervals (0: none, the ends are NaN), the
        same for every score, so that differences between scores are paired.
    Scores are compared on the examples where none of them is undefined.
    Returns one row per score: score, direction, examples, positives, prevalence, then the METRICS (see
    `ranking_metrics`), then the ends of their percentile intervals, `auroc_low`, `auroc_high`, ....
    Metrics are NaN if no example or every example is positive.
    Raises UserError if a column has no direction or no example is left; ValueError if truth does not fit.
    """
    known = resolve_directions(scores.columns, directions)
    truth = _checked_truth(truth, len(scores))
    common = scores.notna().all(axis=1).to_numpy()
    if not common.any():
        emptiest = scores.isna().sum().idxmax() if len(scores.columns) else "none"
        raise UserError(f"detection: no example has all scores; {emptiest} is undefined most often, leave it out")
    truth = truth[common]
    rankings = [Ranking.of(known[name] * scores[name].to_numpy(np.float64)[common], truth) for name in scores.columns]
    replicates = [
        np.stack([ranking_metrics(ranking, counts) for ranking in rankings], axis=1)
        for counts in resample_counts(len(truth), bootstrap, seed, _BLOCK)
    ]
    point = np.concatenate([ranking_metrics(ranking) for ranking in rankings])
    low, high = percentile_interval(np.concatenate([np.empty((0, *point.shape)), *replicates]), confidence)
    report = {
        "score": list(scores.columns),
        "direction": np.array([known[name] for name in scores.columns], dtype=np.int8),
        "examples": len(truth),
        "positives": int(truth.sum()),
        "prevalence": truth.mean(),
        **{name: point[:, i] for i, name in enumerate(METRICS)},
    }
    for i, name in enumerate(METRICS):
        report |= {f"{name}_low": low[:, i], f"{name}_high": high[:, i]}
    return pd.DataFrame(report)


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
