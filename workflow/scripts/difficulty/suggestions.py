"""What a message adds to a name that nothing has. Standard library only."""

import difflib
from collections.abc import Iterable

_MOST_NAMES = 20


def suggestion(name: str, known: Iterable[str]) -> str:
    """`did you mean 'dog'?` where a known name is much alike, else `there are cat, dog and 8 others`."""
    known = list(dict.fromkeys(known))
    if near := difflib.get_close_matches(name, known, 1):
        return f"did you mean {near[0]!r}?"
    more = f" and {len(known) - _MOST_NAMES} others" if len(known) > _MOST_NAMES else ""
    return f"there are {', '.join(known[:_MOST_NAMES])}{more}" if known else "there is none"
