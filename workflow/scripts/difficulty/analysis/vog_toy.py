"""Does variance of gradients grow towards the decision boundary of the toy experiment?"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.analysis.correlation import spearman_intervals, spearman_matrix
from difficulty.tables import Column, Schema

VARIANTS = ("vog", "vog_normalized", "vog_absolute", "gradient")


def _spearman(description: str) -> Column:
    return Column(pa.float64(), f"{description}; null if either is constant or undefined", nullable=True)


VOG_TOY_SUMMARY = Schema(
    "vog_toy_summary",
    {
        "seed": Column(pa.int64(), "seed of the network"),
        "split": Column(pa.string(), "train or test"),
        "stage": Column(pa.string(), "name of a set of epochs"),
        "first_epoch": Column(pa.int64(), "first epoch of the stage; epoch 0 ends with the first update"),
        "last_epoch": Column(pa.int64(), "last epoch of the stage"),
        "accuracy": Column(pa.float64(), "share of the points that the network has right after that epoch"),
        "variant": Column(pa.string(), "score: column of the points' table"),
        "spearman": _spearman("Spearman's rank correlation of the score with the distance to the decision boundary"),
        "low": _spearman("lower end of its 95 % bootstrap interval, points resampled"),
        "high": _spearman("upper end of its 95 % bootstrap interval"),
        "examples": Column(pa.int64(), "points for which score and distance are defined"),
    },
    key=("seed", "split", "stage", "variant"),
)


def summarize(
    table: pd.DataFrame, stages: Mapping[str, Sequence[int]], correct: np.ndarray, replicates: int
) -> pd.DataFrame:
    """The columns of VOG_TOY_SUMMARY but seed, of one network.

    table: rows of VOG_TOY, of every stage in the order of the points. correct: bool (T, N), after each epoch.
    """
    rows = []
    for (stage, split), part in table.groupby(["stage", "split"], sort=False):
        first, last = min(stages[stage]), max(stages[stage])
        facts = {"split": split, "stage": stage, "first_epoch": first, "last_epoch": last}
        facts["accuracy"] = correct[last, part["example"]].mean()
        for variant in VARIANTS:
            pairs = part[[variant, "distance"]].dropna().to_numpy(np.float64)
            low, high = spearman_intervals(pairs, replicates) if len(pairs) else np.full((2, 2, 2), np.nan)
            found = {"spearman": spearman_matrix(pairs)[0, 1], "low": low[0, 1], "high": high[0, 1]}
            rows.append({**facts, "variant": variant, **found, "examples": len(pairs)})
    return pd.DataFrame(rows)
