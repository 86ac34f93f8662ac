"""Remarks on images: why one cannot be used, and how unusual ones were read."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import PIL.Image

from difficulty.datasets.decoding import FRAMES, METADATA, TRANSPARENT, Reading, kind_of, opened
from difficulty.datasets.deep_levels import INTEGER, extremes, found_range
from difficulty.datasets.formats import FORMATS
from difficulty.datasets.intake import SHOWN, LeftOut
from difficulty.datasets.source import Image, Source

DEEP = "deep"
NOT_UTF8 = "has a name that is not UTF-8"
EMPTY, UNKNOWN = "is empty", f"cannot be identified as an image ({', '.join(FORMATS)})"
BROKEN_LINK, NO_FILE = "is a dangling link", "is no regular file"
# Reasons that are the same for many images; any other is one image's own.
REASONS = {NOT_UTF8, EMPTY, UNKNOWN, BROKEN_LINK, NO_FILE}
_WHOLE_RANGE = {INTEGER: (0, 65_535)}


def reason_of(image: Image | None, error: Exception) -> str:
    """Says why an image could not be decoded, as the end of a sentence that begins with its name."""
    if isinstance(image, Path):
        if image.is_symlink() and not image.exists():
            return BROKEN_LINK
        if image.exists() and not image.is_file():
            return NO_FILE
    is_empty = image.is_file() and image.stat().st_size == 0 if isinstance(image, Path) else image == b""
    if isinstance(image, bytes | Path) and is_empty:
        return EMPTY
    if isinstance(error, PIL.UnidentifiedImageError):
        return UNKNOWN
    return str(error) or type(error).__name__


def levels_of(source: Source, rows: Iterable[int]) -> dict[str, tuple[float, float]]:
    """Ranges of the levels of all images together that have more than 8 bits: kind -> what becomes 0 and 255."""
    found: dict[str, list[float]] = {}
    for row in rows:
        try:
            image = source.image(row)
            if kind := kind_of(image):
                whole = opened(image)
                found.setdefault(kind, []).extend(extremes(whole.picture, whole.levels))
        except MemoryError:
            raise
        except Exception:  # reported when it is its turn
            continue
    return {kind: found_range(kind, min(levels), max(levels)) for kind, levels in found.items()}


def described(remarks: Mapping[str, list[str]], reading: Reading) -> list[str]:
    """One line for each kind of unusual images, with the first of them by name.

    remarks: TRANSPARENT, FRAMES, METADATA or DEEP -> names of the images.
    """
    lines = []
    if names := remarks.get(TRANSPARENT):
        lines.append(f"images with transparent pixels: {_shown(names)}; laid over {reading.background} (`background`)")
    if (names := remarks.get(DEEP)) and reading.levels != _WHOLE_RANGE:
        ranges = {f"{low:,.10g} to {high:,.10g}" for low, high in reading.levels.values()}
        lines.append(
            f"images with more than 8 bits: {_shown(names)}; levels {' and '.join(sorted(ranges))} "
            "become 0 to 255 (`levels`)"
        )
    if names := remarks.get(FRAMES):
        lines.append(f"images with several frames or pages: {_shown(names)}; the first is used")
    if names := remarks.get(METADATA):
        lines.append(f"images with metadata that cannot be read: {_shown(names)}; their pixels are used")
    return lines


def _shown(names: list[str]) -> str:
    return LeftOut(len(names), tuple(names[:SHOWN])).text()
