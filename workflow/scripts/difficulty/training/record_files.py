"""Records of a run, written epoch by epoch, in groups of rows that let some examples be read over all epochs."""

from collections.abc import Iterable, Mapping
from itertools import chain

import pandas as pd

from difficulty.table_parts import frame_writer
from difficulty.training.run_tables import records_schema

_ROWS_IN_BLOCK, _FEWEST_EXAMPLES = 1 << 21, 1 << 10


def examples_per_group(epochs: int) -> int:
    """How many examples a group of rows has: as many as make two million rows with all their epochs."""
    return max(_ROWS_IN_BLOCK // max(epochs, 1), _FEWEST_EXAMPLES)


def write_records(frames: Iterable[pd.DataFrame], path, epochs: int, provenance: Mapping) -> None:
    """Writes rows of RECORDS or SET_RECORDS, a frame for each of so many epochs, in order; errors as of `write_table`.

    One frame is in memory at a time. The epochs have the same examples in the same order, each of which may come in
    frames of `examples_per_group` examples.
    """
    rest = iter(frames)
    first = next(rest)
    with frame_writer(path, records_schema(first), provenance, examples_per_group(epochs)) as append:
        for frame in chain([first], rest):
            append(frame)
