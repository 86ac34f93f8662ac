"""Texts in figures: cut to a length, broken into lines, numbers with their units."""

import textwrap
from math import isfinite


def shortened(text: str, limit: int) -> str:
    """`text`, cut to `limit` characters with an ellipsis at the end where it is longer."""
    text = str(text)
    return text if len(text) <= limit else text[: max(limit - 1, 1)].rstrip() + "…"


def abbreviated(name: str, limit: int) -> str:
    """`name`, with an ellipsis in place of its middle where it is longer than `limit`; ends often tell names apart."""
    if len(name) <= limit:
        return name
    end = (limit - 1) // 2
    return f"{name[: limit - 1 - end]}…{name[len(name) - end :]}"


def wrapped(text: str, characters: int, most_lines: int = 2) -> str:
    """`text` on at most `most_lines` lines of `characters` each, with an ellipsis where some is left out."""
    return "\n".join(textwrap.wrap(str(text), characters, max_lines=most_lines, placeholder="…"))


def counted(count: int, noun: str) -> str:
    """`1 run`, `2 runs`, `1,437 examples`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}{'es' if noun.endswith('s') else 's'}"


def percent(share: float, digits: int = 0) -> str:
    """`88.6 %` of 0.886; a dash where it is undefined."""
    return f"{100 * share:.{digits}f} %" if isfinite(share) else "–"


def short_number(value: float) -> str:
    """`.93`, `−.12`, `1.00`: two digits without the leading zero."""
    text = f"{abs(value):.2f}"
    sign = "−" if value < 0 and float(text) else ""
    return sign + (text[1:] if text.startswith("0") else text)
