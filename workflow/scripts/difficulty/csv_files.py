"""CSV files that people open in a spreadsheet, which takes a cell that begins with = + - or @ for a formula.

Such text is written with an apostrophe before it, as spreadsheets themselves mark text; numbers stay as they are. A
carriage return in text becomes a line break.
`without_mark` takes the apostrophe off again where the workflow reads such a file.
"""

import re

import pandas as pd

from difficulty.atomic_files import atomic_path

_FORMULA = re.compile(r"'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")  # and the wide forms of the four


def write_csv(frame: pd.DataFrame, path, float_format: str | None = None) -> None:
    """Writes a table without its index; text that a spreadsheet would run gets an apostrophe before it."""
    safe = frame.rename(columns=_marked)
    for number, (_, column) in enumerate(frame.items()):
        if not pd.api.types.is_numeric_dtype(column):
            safe.isetitem(number, column.map(_marked))
    with atomic_path(path) as temporary:
        safe.to_csv(temporary, index=False, float_format=float_format)


def without_mark(text: str) -> str:
    """What stood in a cell before `write_csv` marked it."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def _marked(value):
    if not isinstance(value, str):
        return value
    text = value.replace("\r", "\n")  # pandas puts no quotes around a cell for the former, which would end the row
    return f"'{text}" if _FORMULA.match(text) else text
