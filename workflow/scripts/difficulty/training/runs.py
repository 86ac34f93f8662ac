"""A run is one seed of an experiment and, where the experiment has folds, one held-out part."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from difficulty.errors import UserError
from difficulty.random_streams import derived_seed
from difficulty.training.folds import stratified_folds

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


def roles(labels: pd.DataFrame, run: Run, folds: int | None) -> np.ndarray:
    """Role of every example in a run: train, validation (in the run's held-out fold) or test.

    labels: columns split, label and content of a labels table, N rows. For every seed the training split is cut again
    into `folds` parts of equal size, each with its share of every class and with identical images together, so that
    no network has seen what it is held out for; all folds of a seed together hold each example out once.
    """
    result = labels["split"].to_numpy().astype(object)
    if folds is None:
        return result
    train = np.flatnonzero(result == "train")
    _, content = np.unique(labels["content"].to_numpy()[train], return_inverse=True)
    _, classes = np.unique(labels["label"].to_numpy()[train], return_inverse=True)
    different = int(content.max(initial=-1)) + 1
    if different < folds:
        raise UserError(f"folds: {folds} parts of {different} different training images; use fewer")
    order = np.random.default_rng(derived_seed(run.seed, "folds")).permutation(len(train))
    fold = np.empty(len(train), int)
    fold[order] = stratified_folds(classes[order], content[order], folds)
    result[train[fold == run.fold]] = "validation"
    return result


def roles_of(labels: pd.DataFrame, run: str, folds: int | None) -> pd.Series:
    """`roles` by the index of `labels`, a labels table. run: its name, seed-0 or seed-0-fold-3."""
    return pd.Series(roles(labels, Run.from_name(run), folds), labels.index)
