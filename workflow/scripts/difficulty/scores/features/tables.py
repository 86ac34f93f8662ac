"""Scores of given features as tables, and the probe's probabilities, which other analyses read."""

from collections.abc import Mapping

import pyarrow as pa

from difficulty.scores.features import catalogue
from difficulty.tables import Column, Schema

FEATURE_SCORES: Mapping[str, Column] = {
    name: Column(pa.float32(), entry.description, entry.nullable, entry.direction)
    for name, entry in catalogue.FEATURE_SCORES.items()
}


def probe_schema(classes: int) -> Schema:
    """One row per example that has features, training and test ones, in the order of the labels."""
    described = (
        "probability of each class by a linear probe on given features: of a training example by one that has seen "
        "neither it nor its duplicates, of a test example by one fitted on all training examples; 0 for a class that "
        "the probe has not seen"
    )
    return Schema(
        "probe",
        {
            "example_id": Column(pa.int64(), "as in the examples"),
            "probabilities": Column(pa.list_(pa.float32(), classes), described),
        },
        key=("example_id",),
    )
