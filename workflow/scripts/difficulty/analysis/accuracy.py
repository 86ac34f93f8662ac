"""How often an experiment's networks are right about test images, in the end."""

import hashlib
from typing import NamedTuple

import pandas as pd

from difficulty.analysis.wilson import wilson_interval
from difficulty.scores.runs import seed_of


class Accuracy(NamedTuple):
    """mean, std: of the share of test images that are right after the last epoch, over the seeds (of each the mean of
    its runs); std is None for one seed. runs: how many. examples: test images. low, high: 95 % interval for other
    test images and the same networks (Wilson)."""

    mean: float
    std: float | None
    runs: int
    examples: int
    low: float
    high: float


def digest_of_test(examples: pd.DataFrame) -> str:
    """A digest of the test images with their labels: accuracies are compared where it is the same.

    examples: split, key, sha256 and class_name of a data set.
    """
    tested = examples.loc[examples["split"] == "test", ["key", "sha256", "class_name"]].sort_values("key")
    return hashlib.sha256(tested.to_csv(index=False).encode()).hexdigest()[:16]


def accuracy_of(history: pd.DataFrame) -> Accuracy | None:
    """That of all runs, by their histories (rows of HISTORY with a column run); None without test images."""
    tested = history[(history["group"] == "test") & (history["examples"] > 0)].reset_index(drop=True)
    if tested.empty:
        return None
    last = tested.loc[tested.groupby("run")["epoch"].idxmax()]
    of_seeds = last.groupby(last["run"].map(seed_of))["top1"].mean()
    std = float(of_seeds.std(ddof=1)) if len(of_seeds) > 1 else None
    mean, examples = float(of_seeds.mean()), int(last["examples"].iloc[0])
    return Accuracy(mean, std, len(last), examples, *map(float, wilson_interval(mean, examples)))
