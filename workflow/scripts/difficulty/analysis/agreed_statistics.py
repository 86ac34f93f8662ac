"""Statistics of the images that all networks get right, epoch by epoch.

Pliushch et al. 2022, "When deep classifiers agree", arXiv 2105.08997, figures of section 5. Shapes: K runs, E epochs, N
examples, S statistics.
"""

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.analysis.agreement import JUDGED_BY, agreement_curve
from difficulty.analysis.ties import columns_on_a_line
from difficulty.tables import Column, Schema

AGREED_STATISTICS = Schema(
    "agreed_statistics",
    {
        "role": Column(pa.string(), "role of the examples in the runs: train, validation or test"),
        "epoch": Column(pa.int32(), "epoch, from 1"),
        "judged_by": JUDGED_BY,
        "statistic": Column(pa.string(), "statistic of the image, or numeric truth column of the data set"),
        "also": Column(
            pa.string(),
            "further statistics that are multiples of it (plus a constant) on these examples, separated by spaces: "
            "described once, here",
            nullable=True,
        ),
        "agreement": Column(pa.float64(), "examples that all runs classify correctly, over those that any does"),
        "examples": Column(pa.int64(), "number of examples"),
        "agreed": Column(pa.int64(), "of them, those that all runs classify correctly"),
        "known": Column(pa.int64(), "of the agreed ones, those of which the statistic is known"),
        "mean": Column(pa.float64(), "mean of the statistic over these; null if there are none", nullable=True),
        "standard_error": Column(
            pa.float64(), "standard error of that mean (ddof 1); null if there are fewer than two", nullable=True
        ),
        "mean_all": Column(
            pa.float64(), "mean over all examples of which it is known; null if there are none", nullable=True
        ),
    },
    key=("role", "epoch", "statistic"),
)


def agreed_statistics(correct: np.ndarray, statistics: pd.DataFrame) -> pd.DataFrame:
    """The mean of every statistic over the examples that all runs classify correctly, at each epoch.

    correct: bool (K, E, N), of all runs by the same label. statistics: N rows, NaN where unknown.
    Returns the columns of AGREED_STATISTICS but role and judged_by, epoch by epoch, statistics in their order; those on
    a line with an earlier one are described with it, and have no rows of their own.
    """
    repeated = columns_on_a_line(statistics)
    statistics = statistics.drop(columns=list(repeated))
    curve, all_right = agreement_curve(correct), correct.all(axis=0)
    values = statistics.to_numpy(np.float64)
    is_known = ~np.isnan(values)
    mean_all = _ratio(np.where(is_known, values, 0.0).sum(axis=0), is_known.sum(axis=0))
    deviations = np.where(is_known, values - mean_all, 0.0)  # their sums lose less to rounding than those of values
    also = [" ".join(other for other, first in repeated.items() if first == name) or None for name in statistics]
    rows = []
    for epoch, agreement, agreed in zip(curve["epoch"], curve["agreement"], all_right, strict=True):
        known = is_known[agreed].sum(axis=0)
        shift = _ratio(deviations[agreed].sum(axis=0), known)
        squares = np.where(is_known[agreed], np.square(deviations[agreed] - shift), 0.0).sum(axis=0)
        facts = {
            "epoch": epoch,
            "statistic": list(statistics),
            "also": also,
            "agreement": agreement,
            "examples": len(values),
        }
        facts |= {"agreed": agreed.sum(), "known": known, "mean": mean_all + shift, "mean_all": mean_all}
        rows.append(pd.DataFrame(facts | {"standard_error": np.sqrt(_ratio(_ratio(squares, known - 1), known))}))
    columns = [column for column in AGREED_STATISTICS.columns if column not in ("role", "judged_by")]
    return pd.concat(rows, ignore_index=True)[columns].astype({"epoch": np.int32})


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """NaN where `whole` is not above 0."""
    return np.divide(part, whole, where=whole > 0, out=np.full(len(part), np.nan))
