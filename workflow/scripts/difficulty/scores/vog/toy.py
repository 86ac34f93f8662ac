"""Variance of gradients of the points of the toy experiment, as it should be and as the published script has it."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.scores.vog.variance import class_normalized, variance_of_gradients
from difficulty.tables import Column, Schema

VOG_TOY = Schema(
    "vog_toy",
    {
        "seed": Column(pa.int64(), "seed of the network"),
        "stage": Column(pa.string(), "name of a set of epochs"),
        "example": Column(pa.int64(), "number of the point"),
        "split": Column(pa.string(), "train or test"),
        "label": Column(pa.int64(), "class: 0 of the first blob, 1 of both others"),
        "blob": Column(pa.int64(), "blob that the point was drawn from"),
        "x0": Column(pa.float64(), "first coordinate"),
        "x1": Column(pa.float64(), "second coordinate"),
        "distance": Column(
            pa.float64(),
            "distance to the decision boundary after the last epoch; with reference to the line that the published "
            "script measures from; null if there is no boundary among the points",
            nullable=True,
        ),
        "vog": Column(pa.float64(), "variance of gradients over the stage, not normalised", direction=+1),
        "vog_normalized": Column(
            pa.float64(), "the same as z-score within split and class; null if all of them are equal", True, +1
        ),
        "vog_absolute": Column(
            pa.float64(), "absolute value of the z-score, which puts the easiest beside the hardest", True, +1
        ),
        "gradient": Column(
            pa.float64(),
            "mean absolute gradient at the last epoch of the stage; with reference of the sum up to that epoch",
            direction=+1,
        ),
        "undefined": Column(pa.bool_(), "whether vog_normalized is not defined"),
    },
    key=("seed", "stage", "example"),
)
BOUNDARY = Schema(
    "vog_toy_boundary",
    {
        "seed": Column(pa.int64(), "seed of the network"),
        "line": Column(pa.string(), "network: its decision boundary after the last epoch; published: see the scores"),
        "segment": Column(pa.int64(), "number of the straight piece"),
        "x0": Column(pa.float64(), "first coordinate of its start"),
        "x1": Column(pa.float64(), "second coordinate of its start"),
        "x0_end": Column(pa.float64(), "first coordinate of its end"),
        "x1_end": Column(pa.float64(), "second coordinate of its end"),
    },
    key=("seed", "line", "segment"),
)

# The line from which the published script measures: slope * x0 + x1 = offset. Its network's boundary is another one.
_SLOPE, _OFFSET, _NORM = 0.2471, 0.0124, 1.0301

# Gradients (T, N, 2) and the epochs of a stage to one number per point (N,).
Spread = Callable[[np.ndarray, Sequence[int]], np.ndarray]


def in_order(stages: Mapping[str, Sequence[int]]) -> dict[str, Sequence[int]]:
    """Stages in the order in which they end; of two that end together, the shorter one first."""
    return dict(sorted(stages.items(), key=lambda stage: (max(stage[1]), -min(stage[1]))))


def true_spread(gradients: np.ndarray, epochs: Sequence[int]) -> np.ndarray:
    """VoG (N,): standard deviation over the epochs of a stage, mean over both coordinates.

    gradients: (T, N, 2), those of all epochs.
    """
    return variance_of_gradients(gradients[list(epochs)][:, :, None, :])


def published_spread(accumulated: np.ndarray, epochs: Sequence[int]) -> np.ndarray:
    """The quantity that the published script uses as VoG (N,).

    accumulated: (T, N, 2), gradients that were added up over the epochs. From those of the stage it takes not their
    mean but the sum over all T epochs, divided by the number of epochs in the stage.
    """
    accumulated = np.asarray(accumulated, np.float64)
    centre = accumulated.sum(0) / len(epochs)
    return np.sqrt(((accumulated[list(epochs)] - centre) ** 2).mean(0)).mean(1)


def published_distance(points: np.ndarray) -> np.ndarray:
    """Distance of points (N, 2) to the line that the published script takes for the decision boundary."""
    return np.abs(_SLOPE * points[:, 0] + points[:, 1] - _OFFSET) / _NORM


def published_line(x0: np.ndarray) -> np.ndarray:
    """That line between two first coordinates (2,), as one segment (1, 2, 2)."""
    return np.stack([x0, _OFFSET - _SLOPE * x0], -1)[None]


def stage_scores(
    examples: pd.DataFrame, gradients: np.ndarray, stages: Mapping[str, Sequence[int]], spread: Spread
) -> pd.DataFrame:
    """The columns of VOG_TOY but seed, one row per stage and point.

    examples: N rows with the columns of VOG_TOY from example to distance. gradients: (T, N, 2). stages: name -> epochs.
    """
    tables = []
    for stage, epochs in stages.items():
        table = examples.assign(stage=stage, vog=spread(gradients, epochs))
        table["gradient"] = np.abs(gradients[max(epochs)]).mean(1)
        for split in table["split"].unique():
            rows = table["split"] == split
            values, undefined = class_normalized(table.loc[rows, "vog"], table.loc[rows, "label"])
            table.loc[rows, ["vog_normalized", "undefined"]] = pd.DataFrame(
                {"vog_normalized": values, "undefined": undefined}, index=table.index[rows]
            )
        table["vog_absolute"] = table["vog_normalized"].abs()
        tables.append(table.astype({"undefined": bool}))
    return pd.concat(tables, ignore_index=True)


def boundary_rows(line: str, segments: np.ndarray) -> pd.DataFrame:
    """The columns of BOUNDARY but seed. segments: (S, 2, 2)."""
    columns = dict(zip(("x0", "x1", "x0_end", "x1_end"), segments.reshape(-1, 4).T, strict=True))
    return pd.DataFrame({"line": line, "segment": np.arange(len(segments)), **columns})
