"""Scores of label quality, which experiments with folds have of the examples that they hold out."""

from difficulty.scores.label_quality.catalogue import LABEL_QUALITY

HELD_OUT_SCORES = tuple(name for name, entry in LABEL_QUALITY.items() if entry.direction)
