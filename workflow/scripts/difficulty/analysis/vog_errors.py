"""Does VoG show where a network errs? Error rates of examples cut into parts by their VoG, in every stage."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.analysis.wilson import wilson_interval
from difficulty.scores.vog.variance import class_normalized
from difficulty.tables import Column, Schema

ALL_RUNS = "all"
BINS = 10
PERCENTS = tuple(range(5, 101, 5))
# Held-out examples first: errors on those that a network was trained on say little.
_ROLES = ("test", "validation", "train")

VOG_ERRORS = Schema(
    "vog_errors",
    {
        "role": Column(pa.string(), "role of the examples: test, else validation, else train, where there are any"),
        "stage": Column(pa.string(), "name of a set of checkpoints; predictions are those at its last one"),
        "ranked_by": Column(
            pa.string(),
            "what orders the examples: vog of the stage, or as a baseline magnitude, the mean absolute gradient at its "
            "last checkpoint; both as z-score within the given label",
        ),
        "run": Column(pa.string(), "a run, whose own values order its examples, or all: the mean of the runs"),
        "part": Column(pa.string(), "bin: one of ten of equal count; lowest, highest: all up to a share"),
        "percent": Column(pa.float64(), "upper end of the bin, or size of the share, percent of the examples"),
        "examples": Column(pa.int64(), "examples of the part; of all runs: their mean, rounded"),
        "error_rate": Column(pa.float64(), "share of them whose predicted class is not the given label"),
        "low": Column(pa.float64(), "lower end of the 95 % Wilson interval of that rate and so many examples"),
        "high": Column(pa.float64(), "upper end of it"),
        "undefined": Column(pa.int64(), "examples left out, as they have no value; of all runs: the largest number"),
    },
    key=("stage", "ranked_by", "run", "part", "percent"),
)


def part_bounds(examples: int, most_bins: int = BINS) -> pd.DataFrame:
    """The parts that `examples` examples in ascending order are cut into: part, percent, start, stop (excluded).

    Bins cover every example once and are of equal count within one, the larger ones first; with fewer examples than
    `most_bins` there are as many bins as examples. The lowest and highest k percent are rounded up to whole examples.
    """
    bins = min(most_bins, examples)
    edges = [-(-number * examples // bins) for number in range(bins + 1)] if examples else []
    rows = [("bin", 100 * (number + 1) / bins, start, stop) for number, (start, stop) in enumerate(pairwise(edges))]
    for percent in PERCENTS if examples else ():
        count = -(-percent * examples // 100)
        rows += [("lowest", percent, 0, count), ("highest", percent, examples - count, examples)]
    return pd.DataFrame(rows, columns=["part", "percent", "start", "stop"]).astype({"percent": float})


def part_errors(values: np.ndarray, wrong: np.ndarray, most_bins: int = BINS) -> pd.DataFrame:
    """Error rate of every part of the examples, in ascending order of `values`.

    values: (N,), NaN where undefined (left out); equal ones stay in the order of the rows. wrong: bool (N,).
    Returns the columns part ... undefined of VOG_ERRORS; no row if no value is defined.
    """
    defined = np.flatnonzero(~np.isnan(values))
    order = defined[np.argsort(values[defined], kind="stable")]
    errors = np.concatenate([[0], np.cumsum(wrong[order])])
    parts = part_bounds(len(order), most_bins)
    start, stop = parts.pop("start").to_numpy(int), parts.pop("stop").to_numpy(int)
    parts["examples"] = stop - start
    parts["error_rate"] = (errors[stop] - errors[start]) / parts["examples"]
    parts["undefined"] = len(values) - len(defined)
    return parts


def vog_errors(
    run_scores: pd.DataFrame, run_rows: Mapping[str, pd.DataFrame], labels: pd.Series, stages: Sequence[str]
) -> pd.DataFrame:
    """Rows of VOG_ERRORS of an experiment, of every run and their mean.

    run_scores: example_id, run, role and vog_{stage} (normalised within its class) of every run. run_rows: of each
    run the rows of VOG_RUN. labels: given label, by example_id. All runs are cut into the same number of bins, which is
    below ten where a run has fewer examples with a value.
    """
    role = next(role for role in _ROLES if (run_scores["role"] == role).any())
    ranked: dict[tuple[str, str], dict[str, tuple]] = {}
    for run, scores in run_scores[run_scores["role"] == role].groupby("run", sort=False):
        scores = scores.set_index("example_id").sort_index()
        given = labels.loc[scores.index].to_numpy()
        by_stage = dict(tuple(run_rows[run].set_index("example_id").groupby("stage")))
        for stage in stages:
            own = by_stage[stage].loc[scores.index]
            wrong = own["predicted"].to_numpy() != given
            rankings = {
                "vog": scores[f"vog_{stage}"].to_numpy(float),
                "magnitude": class_normalized(own["magnitude"].to_numpy(), given)[0],
            }
            for name, values in rankings.items():
                ranked.setdefault((stage, name), {})[run] = values, wrong
    parts = []
    for (stage, name), by_run in ranked.items():
        defined = [int((~np.isnan(values)).sum()) for values, _ in by_run.values()]
        bins = min([BINS, *filter(None, defined)])
        parts += [
            part_errors(*arrays, bins).assign(stage=stage, ranked_by=name, run=run) for run, arrays in by_run.items()
        ]
    single = pd.concat(parts)
    table = pd.concat([single, _mean_of_runs(single)]).assign(role=role)
    table["low"], table["high"] = wilson_interval(table["error_rate"].to_numpy(), table["examples"].to_numpy())
    return table[list(VOG_ERRORS.columns)]


def _mean_of_runs(single: pd.DataFrame) -> pd.DataFrame:
    places = ["stage", "ranked_by", "part", "percent"]
    means = single.groupby(places, sort=False, as_index=False).agg(
        examples=("examples", "mean"), error_rate=("error_rate", "mean"), undefined=("undefined", "max")
    )
    return means.assign(run=ALL_RUNS, examples=means["examples"].round().astype(int))
