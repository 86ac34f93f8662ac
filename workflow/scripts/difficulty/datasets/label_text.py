"""Labels as text: the name of a class as it is compared, a number, or a missing value."""

import re
import unicodedata
from collections.abc import Sequence

_WHOLE = re.compile(r"0|[1-9][0-9]*")
_NUMBER = re.compile(r"[+-]?([0-9]+)([.][0-9]*)?")
_PADDED = re.compile(r"[+-]?0[0-9]")
# As R, pandas and spreadsheets write missing values. `none` is not among them: data sets have classes of that name.
_MISSING = {"", "nan", "-nan", "na", "<na>", "n/a", "#n/a", "#na", "null"}


def tidied(text: str) -> str:
    """The text without spaces at its ends, in Unicode's composed form: what looks alike is then equal."""
    return unicodedata.normalize("NFC", text).strip()


def is_missing(text: str) -> bool:
    """Whether tidied text stands for a missing value."""
    return text.lower() in _MISSING


def is_number(text: str) -> bool:
    """Whether tidied text is a plain decimal number, like `3`, `-1` or `3.0`, not like `03` or `1e3`."""
    return _NUMBER.fullmatch(text) is not None and not _PADDED.match(text)


def is_whole(text: str) -> bool:
    """Whether tidied text is how a whole number from 0 is written."""
    return _WHOLE.fullmatch(text) is not None


def are_positions(names: Sequence[str]) -> bool:
    """Whether numbers can mean positions in `names`: none of them is a number other than its own position."""
    return not any(is_whole(name) and int(name) != number for number, name in enumerate(names))


def in_order(name: str) -> tuple:
    """Sort key of class names: whole numbers by their value, then the others as text."""
    return (0, int(name), "") if is_whole(name) else (1, 0, name)
