"""How a mistake in the configuration is reported: one line with place, expectation, value and "did you mean"."""

import re
from collections.abc import Iterable, Sequence

from difficulty.errors import UserError

# Keys and positions that lead to a value, e.g. ("experiments", "noisy", "seeds", 1).
Place = tuple[str | int, ...]

_LONGEST_TEXT = 60
_LONGEST_NUMBER_IN_BITS = 200
_MOST_NAMES = 20  # in one message
_MOST_LINES = 50  # of one configuration
# Few misspell the first letter: without it, words must be more alike (gpu does not mean cpu).
_LEAST_SIMILARITY, _WITH_ANOTHER_FIRST_LETTER = 0.65, 0.8


class ConfigurationError(UserError):
    """Everything that is wrong with a configuration; `lines` has one line for each of the first mistakes."""

    def __init__(self, lines: Sequence[str]):
        self.lines = list(lines[:_MOST_LINES])
        if len(lines) > _MOST_LINES:
            self.lines.append(f"and {len(lines) - _MOST_LINES:,} more mistakes like these")
        super().__init__("\n".join(self.lines))


def told(source: str, faults: Iterable[tuple[Place, str]]) -> list[str]:
    """`config.yaml: experiments.noisy.seeds[1]: 0 occurs twice`, a line for each (place, problem)."""
    return [": ".join(filter(None, (source, written(place), text))) for place, text in faults]


def written(place: Place) -> str:
    """The place as a user writes it: `experiments.noisy.seeds[1]`."""
    text = ""
    for key in place:
        if isinstance(key, int):
            text += f"[{key}]"
        else:
            text += ("." if text else "") + _bare(key)
    return text


def shown(value) -> str:
    """A value in a message, always short and on one line; containers are only named."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return _shortened(value)
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple | set):
        return "a list"
    if isinstance(value, int) and value.bit_length() > _LONGEST_NUMBER_IN_BITS:
        return "a very large number"
    return " ".join(str(value).split())[:_LONGEST_TEXT]


def alternatives(words: Iterable[str]) -> str:
    """`a, b or c`."""
    *first, last = map(_bare, words)
    return f"{', '.join(first)} or {last}" if first else last


def did_you_mean(value, candidates: Iterable[str]) -> str | None:
    """The candidate that `value` is most likely a misspelling of, if any is close."""
    if not isinstance(value, str):
        return None
    import difflib  # only needed, and only loaded, when there is a mistake

    word = value.lower()
    by_lower = {candidate.lower(): candidate for candidate in candidates}
    close = difflib.get_close_matches(word, by_lower, n=3, cutoff=_LEAST_SIMILARITY)
    likely = [near for near in close if near[0] == word[0]]
    likely += difflib.get_close_matches(word, close, n=1, cutoff=_WITH_ANOTHER_FIRST_LETTER)
    return by_lower[likely[0]] if likely else None


def expected(what: str, value, candidates: Iterable[str] = ()) -> str:
    """`expected 0..1, got 10`, with a suggestion if the value resembles a candidate."""
    likely = did_you_mean(value, candidates)
    return f"expected {what}, got {shown(value)}" + (f", did you mean {likely!r}?" if likely else "")


def unknown_name(kind: str, name, names: Iterable[str]) -> str:
    """`no data set 'digit', did you mean 'digits'?`, or which ones there are."""
    names = list(names)
    if likely := did_you_mean(name, names):
        return f"no {kind} {shown(name)}, did you mean {likely!r}?"
    return f"no {kind} {shown(name)}, expected {choices(names) if names else 'one that is configured'}"


def choices(names: Sequence[str]) -> str:
    """`a, b or c`, of many names the first ones."""
    if len(names) <= _MOST_NAMES:
        return alternatives(names)
    return f"{', '.join(map(_bare, names[:_MOST_NAMES]))} or {len(names) - _MOST_NAMES} others"


def unknown_key(key, keys: Iterable[str]) -> str:
    """`unknown key, did you mean 'epochs'?`, or which ones there are."""
    keys = list(keys)
    if likely := did_you_mean(key, keys):
        return f"unknown key, did you mean {likely!r}?"
    return f"unknown key, expected {alternatives(keys)}"


def _bare(word: str) -> str:
    """Without quotes unless there is something odd about it."""
    return word if re.fullmatch(r"[\w<>:/+-]+", word) and word.isprintable() else _shortened(word)


def _shortened(text: str) -> str:
    return repr(text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 3] + "...")
