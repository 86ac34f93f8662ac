"""CSV files that people open in a spreadsheet, which takes a cell that begins with = + - or @ for a formula.

Such text is written with an apostrophe before it, as spreadsheets themselves mark text; numbers stay as they are. A
carriage return in text becomes a line break.
`cell_marks.without_mark` takes the apostrophe off again where the workflow reads such a file.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pandas as pd

from difficulty.atomic_files import atomic_path
from difficulty.cell_marks import marked


def write_csv(frame: pd.DataFrame, path, float_format: str | None = None) -> None:
    """Writes a table without its index; text that a spreadsheet would run gets an apostrophe before it."""
    with csv_writer(path, float_format) as append:
        append(frame)


@contextmanager
def csv_writer(path, float_format: str | None = None) -> Iterator[Callable[[pd.DataFrame], None]]:
    """Yields a function that appends a frame's rows, as `write_csv` writes them; nothing is at `path` until the end."""
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        yield lambda frame: _safe(frame).to_csv(file, index=False, float_format=float_format, header=not file.tell())


def _safe(frame: pd.DataFrame) -> pd.DataFrame:
    safe = frame.rename(columns=marked)
    for number, (_, column) in enumerate(frame.items()):
        if not pd.api.types.is_numeric_dtype(column):
            safe.isetitem(number, column.map(marked))
    return safe
