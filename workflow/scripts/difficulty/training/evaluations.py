"""Evaluations of several runs, as one table."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from difficulty.scores.runs import experiment_of, run_of
from difficulty.tables import read_table
from difficulty.training.run_tables import EVALUATION


def read_evaluations(paths: Sequence[Path]) -> pd.DataFrame:
    """The columns of EVALUATIONS, run after run. paths: the tables EVALUATION of the runs, in their folders."""
    tables = (read_table(path, EVALUATION).assign(experiment=experiment_of(path), run=run_of(path)) for path in paths)
    return pd.concat(tables, ignore_index=True)
