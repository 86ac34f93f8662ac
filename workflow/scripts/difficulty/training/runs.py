"""A run is one seed of an experiment and, where the experiment has folds, one held-out part."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from difficulty.errors import UserError
from difficulty.random_streams import derived_seed

_NAME = re.compile(r"seed-(\d+)(?:-fold-(\d+))?")


@dataclass(frozen=True)
class Run:
    """seed, and the index of the held-out fold or None."""

    seed: int
    fold: int | None = None

    @classmethod
    def from_name(cls, name: str) -> "Run":
        """From `seed-0` or `seed-0-fold-3`; ValueError for anything else."""
        match = _NAME.fullmatch(name)
        if not match:
            raise ValueError(f"{name!r} is not the name of a run")
        return cls(int(match[1]), int(match[2]) if match[2] else None)


def roles(split: np.ndarray, labels: np.ndarray, run: Run, folds: int | None) -> np.ndarray:
    """Role of every example in a run: train, validation (in the run's held-out fold) or test.

    split: (N,) of train and test; labels: (N,) given labels. The training split is partitioned anew for every
    seed into `folds` parts of equal size, each with its share of every class; all folds of a seed together hold
    each example out once.
    """
    result = split.astype(object)
    if folds is None:
        return result
    train = np.flatnonzero(split == "train")
    if len(train) < folds:
        raise UserError(f"folds: {folds} parts of {len(train)} training examples; use fewer")
    generator = np.random.default_rng(derived_seed(run.seed, "folds"))
    shuffled = generator.permutation(train)
    by_class = shuffled[np.argsort(labels[shuffled], kind="stable")]
    result[by_class[run.fold :: folds]] = "validation"
    return result


def roles_of(labels: pd.DataFrame, run: str, folds: int | None) -> pd.Series:
    """`roles` by the index of `labels`, a labels table. run: its name, seed-0 or seed-0-fold-3."""
    found = roles(labels["split"].to_numpy(), labels["label"].to_numpy(), Run.from_name(run), folds)
    return pd.Series(found, labels.index)
