"""What scores and predictions of some runs say of examples, for choosing a subset by it."""

from collections.abc import Mapping, Sequence

import pandas as pd

from difficulty.errors import UserError
from difficulty.scores.collect import aggregate_runs, ranking_column
from difficulty.tables import Column


def mean_hardness(run_scores: pd.DataFrame, columns: Mapping[str, Column], score: str) -> pd.Series:
    """How hard each training example is by the mean of a score over runs; higher is harder.

    run_scores: columns of RUN_SCORES and of the family, rows of the runs that count. columns: the family's.
    Where the family has the score of held-out examples only, that is taken. Examples without a value are left out.
    Raises UserError if the family has no such score, or the score has no direction.
    """
    frame, described = aggregate_runs(run_scores, {name: column for name, column in columns.items() if name == score})
    for role in ("train", "validation"):
        if (column := ranking_column(described, score, role)) and described[column].direction is not None:
            return (frame[column] * described[column].direction).dropna().rename("hardness")
    raise UserError(f"select.score: {score!r} does not rank training examples; choose another score")


def learned(correct: Sequence[pd.Series], runs: str) -> pd.Series:
    """Whether each example counts as learned.

    correct: of each run whether it predicts the given label, bool, index example_id, of the examples it was trained on.
    runs: `all`, `any` or `majority` (more than half) of the runs that were trained on the example must be right.
    """
    share = pd.concat(correct, axis=1).astype(float).mean(axis=1)
    result = share == 1 if runs == "all" else share > {"any": 0.0, "majority": 0.5}[runs]
    return result.rename("learned")
