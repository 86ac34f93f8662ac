"""Scores of label quality, which experiments with folds have of the examples that they hold out."""

HELD_OUT_SCORES = ("self_confidence", "normalized_margin")
