"""Scores that experiments with folds have of the examples that they are trained on, pooled over all their runs."""

from difficulty.scores.memorization_catalogue import MEMORIZATION

POOLED_SCORES = tuple(MEMORIZATION)
