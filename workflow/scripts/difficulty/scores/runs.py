"""Names of runs, and their places in the results."""

from pathlib import Path

# What a score's column is called for each role: training-role and held-out values never share one.
ROLE_SUFFIXES = {"train": "", "validation": "_validation", "test": "_test"}
ROLES = tuple(ROLE_SUFFIXES)
ROLES_OF_TRAINING_SPLIT = ("train", "validation")  # of which folds make the second


def run_of(path) -> str:
    """Name of the run that left the file at `path`, which lies in the run's folder."""
    return Path(path).resolve().parent.name


def experiment_of(path) -> str:
    """Name of the experiment of the run that left the file at `path`."""
    return Path(path).resolve().parent.parent.name


def seed_of(run: str) -> str:
    """The part of a run's name that all folds of one seed share: `seed-0` of `seed-0-fold-3`."""
    return run.split("-fold-")[0]
