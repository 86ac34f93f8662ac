"""Histories of several runs as one table."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from difficulty.scores.runs import experiment_of, run_of
from difficulty.tables import read_table
from difficulty.training.run_tables import HISTORY


def read_histories(paths: Iterable[Path]) -> pd.DataFrame:
    """The rows of HISTORY of all runs, one run after another, with the columns experiment and run."""
    parts = (read_table(path, HISTORY).assign(experiment=experiment_of(path), run=run_of(path)) for path in paths)
    return pd.concat(parts, ignore_index=True)
