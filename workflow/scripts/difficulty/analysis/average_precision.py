"""Average precision: how well the logits of a class separate the images that have it from the others.

Two definitions are in use, over the points (recall, precision) of all thresholds, images of equal logits being one
point: the area under the steps, sum of (R_n - R_{n-1}) P_n, as scikit-learn has it; and VOC 2007's, the mean over the
recalls 0, 0.1, ... 1 of the largest precision at that recall or a higher one (Everingham et al. 2010, International
Journal of Computer Vision 88, section 4.2.1).
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.tables import Column, Schema

ALL_CLASSES = ""  # their mean
_MEASURES = ("average_precision", "average_precision_11")
_RECALLS = np.arange(11) / 10
_ROUNDING = 1e-9


def _precision(description: str) -> Column:
    return Column(pa.float64(), f"{description}; null if no image has the class", nullable=True)


_PLACE = {
    "role": Column(pa.string(), "role of the images in the run: train or test"),
    "epoch": Column(pa.int32(), "checkpoint"),
    "class_name": Column(pa.string(), "class; empty: mean over all classes that an image has (mAP)"),
    "positives": Column(pa.int64(), "images that have the class; of the mean, of all classes together"),
    "examples": Column(pa.int64(), "images of which it counts whether they have the class; of the mean, all images"),
}
AVERAGE_PRECISION = Schema(
    "average_precision",
    {
        **_PLACE,
        "average_precision": _precision("area under the steps of precision over recall"),
        "average_precision_11": _precision("mean of the interpolated precision at 11 recalls (VOC 2007)"),
    },
    key=("role", "epoch", "class_name"),
)
AVERAGE_PRECISION_SUMMARY = Schema(
    "average_precision_summary",
    {
        **_PLACE,
        "runs": Column(pa.int32(), "number of runs"),
        **{
            name: column
            for measure in _MEASURES
            for name, column in (
                (measure, _precision(f"mean over runs of the {measure}")),
                (
                    f"{measure}_std",
                    Column(
                        pa.float64(), "standard deviation over these runs, each of another seed (ddof 1)", nullable=True
                    ),
                ),
            )
        },
    },
    key=("role", "epoch", "class_name"),
)


def precision_recall(scores: np.ndarray, present: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Precision and recall at every threshold, from the highest score down; equal scores are one threshold.

    scores: float (N,), present: bool (N,), at least one of them true.
    """
    order = np.argsort(-scores, kind="stable")
    scores, present = scores[order], present[order]
    last = np.flatnonzero(np.append(scores[1:] != scores[:-1], True))
    hits = np.cumsum(present)[last]
    return hits / (last + 1), hits / hits[-1]


def average_precision(precision: np.ndarray, recall: np.ndarray) -> float:
    """Area under the steps."""
    return float(np.diff(recall, prepend=0) @ precision)


def average_precision_11(precision: np.ndarray, recall: np.ndarray) -> float:
    """Mean over 11 recalls of the largest precision at that recall or a higher one."""
    best_from_here = np.maximum.accumulate(precision[::-1])[::-1]
    return float(best_from_here[np.searchsorted(recall, _RECALLS - _ROUNDING)].mean())


def class_precisions(logits: np.ndarray, targets: np.ndarray, class_names: Sequence[str]) -> pd.DataFrame:
    """A row per class and, first, one for their mean; the columns of AVERAGE_PRECISION but role and epoch.

    logits: (N, C). targets: (N, C), 1 where a class is present, 0 where it is absent, NaN where that does not count:
    such images are left out of that class.
    """
    rows = []
    for number, name in enumerate(class_names):
        counted = ~np.isnan(targets[:, number])
        present = targets[counted, number] == 1
        values = (np.nan, np.nan)
        if present.any():
            curve = precision_recall(logits[counted, number], present)
            values = (average_precision(*curve), average_precision_11(*curve))
        rows.append((name, present.sum(), counted.sum(), *values))
    table = pd.DataFrame(rows, columns=["class_name", "positives", "examples", *_MEASURES])
    mean = {"class_name": ALL_CLASSES, "positives": table["positives"].sum(), "examples": len(targets)}
    mean |= table[list(_MEASURES)].mean().to_dict()  # of those that are defined
    return pd.concat([pd.DataFrame([mean]), table], ignore_index=True)


def precision_summary(runs: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Rows of AVERAGE_PRECISION_SUMMARY from the AVERAGE_PRECISION of several runs, in the order of the first."""
    places = list(_PLACE)
    groups = pd.concat(runs).groupby(places, sort=False)
    summary = groups.size().rename("runs").to_frame()
    for measure in _MEASURES:
        summary[measure] = groups[measure].mean()
        summary[f"{measure}_std"] = groups[measure].std()
    return summary.reset_index()
