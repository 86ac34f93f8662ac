"""The scores of label errors as columns of tables."""

from collections.abc import Mapping

import pyarrow as pa

from difficulty.scores.label_error import catalogue
from difficulty.tables import Column

LABEL_ERROR: Mapping[str, Column] = {
    name: Column(pa.float32(), entry.description, entry.nullable, entry.direction)
    for name, entry in catalogue.LABEL_ERROR.items()
}

OF_SEEDS = {"label_error": Column(pa.float32(), "the same of the networks of this seed alone", True, 1)}
