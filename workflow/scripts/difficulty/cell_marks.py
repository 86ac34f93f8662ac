"""Cells that a spreadsheet would take for a formula, as they begin with = + - or @: an apostrophe marks them as text.

Only the standard library is used.
"""

import re

_FORMULA = re.compile(r"'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")  # and the wide forms of the four


def marked(value):
    """Text as a cell that is inert in a spreadsheet; anything else as it is."""
    if not isinstance(value, str):
        return value
    text = value.replace("\r", "\n")  # pandas puts no quotes around a cell for the former, which would end the row
    return f"'{text}" if _FORMULA.match(text) else text


def without_mark(text: str) -> str:
    """What stood in a cell before it was marked."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
