"""Accuracy and agreement of networks on the examples of each prediction depth.

Baldock et al. 2021 (arXiv 2106.09647), section 4: accuracy and consistency fall with depth.
"""

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.analysis.bootstrap import resample_counts
from difficulty.analysis.wilson import effective_interval
from difficulty.tables import Column, Schema

DEPTH_LEVELS = Schema(
    "depth_levels",
    {
        "role": Column(pa.string(), "role of the examples in their runs: train, validation or test"),
        "depth": Column(pa.int16(), "prediction depth, the number of a probe; null: undefined", nullable=True),
        "name": Column(pa.string(), "the probe's name, or undefined"),
        "examples": Column(pa.float64(), "mean number of examples of this depth in a run"),
        "share": Column(pa.float64(), "share of all examples of all runs"),
        "accuracy": Column(pa.float64(), "share of these whose predicted class is the given label", nullable=True),
        "accuracy_low": Column(pa.float64(), "lower end of its 95 % Wilson interval", nullable=True),
        "accuracy_high": Column(pa.float64(), "upper end of it", nullable=True),
        "consistency": Column(
            pa.float64(), "their mean consensus consistency, where there is a consensus", nullable=True
        ),
        "consistency_low": Column(pa.float64(), "lower end of its 95 % Wilson interval", nullable=True),
        "consistency_high": Column(pa.float64(), "upper end of it", nullable=True),
    },
    key=("role", "depth"),
)
_BLOCK = 100
UNDEFINED = "undefined"


def depth_levels(
    depth: np.ndarray, right: np.ndarray, consistency: np.ndarray, names: list[str], bootstrap: int
) -> pd.DataFrame:
    """depth ... consistency_high of DEPTH_LEVELS, of every probe and of undefined depth.

    depth: (K, N) over runs, NaN where undefined; right: (K, N), 1 where the network predicts the given label, 0 where
    not, NaN where the example does not have the role in the run. consistency: (N,), NaN where there is no consensus.
    """
    present = ~np.isnan(right)
    level = np.where(np.isnan(depth), len(names), depth)
    has_level = [level == number for number in range(len(names) + 1)]
    members = np.stack([(present & has).sum(axis=0) for has in has_level], axis=1).astype(float)
    hits = np.stack([np.where(has, np.nan_to_num(right), 0).sum(axis=0) for has in has_level], axis=1)
    of_agreed = members * ~np.isnan(consistency)[:, None]
    table = pd.DataFrame(
        {
            "depth": pd.array([*range(len(names)), None], dtype="Int16"),
            "name": [*names, UNDEFINED],
            "examples": members.sum(axis=0) / len(depth),
            "share": members.sum(axis=0) / present.sum(),
        }
    )
    statistics = {
        "accuracy": (hits, members),
        "consistency": (of_agreed * np.nan_to_num(consistency)[:, None], of_agreed),
    }
    for name, replicates in _resampled(statistics, bootstrap).items():
        values, low, high = _with_interval(*statistics[name], replicates)
        table[name], table[f"{name}_low"], table[f"{name}_high"] = values, low, high
    return table


def _resampled(statistics: dict[str, tuple[np.ndarray, np.ndarray]], bootstrap: int) -> dict[str, np.ndarray]:
    """Name -> ratios (B, L) of sums over resampled examples. statistics: name -> (parts, wholes), each (N, L)."""
    examples = len(next(iter(statistics.values()))[0])
    replicates = {name: [] for name in statistics}
    for draws in resample_counts(examples, bootstrap, block=_BLOCK):
        counts = draws.T.astype(float)
        for name, (parts, wholes) in statistics.items():
            replicates[name].append(_ratio(counts @ parts, counts @ wholes))
    return {name: np.concatenate(found) for name, found in replicates.items()}


def _with_interval(parts: np.ndarray, wholes: np.ndarray, replicates: np.ndarray) -> tuple[np.ndarray, ...]:
    """(ratio, low, high) of the sums over examples, each (L,), with 95 % Wilson intervals. replicates: (B, L)."""
    ratio = _ratio(parts.sum(axis=0), wholes.sum(axis=0))
    undefined = np.isnan(replicates).all(axis=0) | np.isnan(ratio)
    variance = np.nanvar(np.where(undefined, 0, replicates), axis=0, ddof=1)
    examples = np.maximum((wholes > 0).sum(axis=0), 1)
    low, high = effective_interval(np.where(np.isnan(ratio), 0, ratio), variance, examples)
    return ratio, np.where(undefined, np.nan, low), np.where(undefined, np.nan, high)


def _ratio(parts: np.ndarray, wholes: np.ndarray) -> np.ndarray:
    return np.divide(parts, wholes, where=wholes > 0, out=np.full(np.shape(wholes), np.nan))
