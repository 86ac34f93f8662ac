"""Names of files and folders: in one Unicode form, on one line of a message, and in UTF-8 or not."""

import os
import unicodedata


def composed(name: str) -> str:
    """The name in Unicode's composed form (NFC), so that é is one character whichever system wrote it."""
    return unicodedata.normalize("NFC", name)


def is_utf8(name: str) -> bool:
    """Whether a name, as Python gives it, was UTF-8 on disk."""
    return name.isascii() or not any("\ud800" <= character <= "\udfff" for character in name)


def printable(path) -> str:
    """A path as a message may show it: bytes that are not UTF-8 and control characters are escaped."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def unique_names(names: list[str]) -> list[str]:
    """The names in Unicode's composed form, but as they are where that is another's name; escaped if not UTF-8."""
    names = [name if is_utf8(name) else printable(name) for name in names]
    taken = {name for name in names if composed(name) == name}
    unique = []
    for name in names:
        other = composed(name)
        unique.append(name if other != name and other in taken else other)
        taken.add(other)
    return unique
