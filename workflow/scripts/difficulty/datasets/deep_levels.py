"""Pixels of more than 8 bits: read without loss, and brought to 8 bits by one range for the whole data set.

A scanner of 12 bits writes levels up to 4,095 into files of 16 bits, which say nothing of it: taken by their own range
the images would be nearly black. The range is therefore found in all images together, or given by the user.
"""

import sys
from collections.abc import Callable, Mapping

import numpy as np
import PIL.Image

INTEGER, FLOAT = "integer", "float"
_BITS = (1, 8, 10, 12, 14, 16, 24, 32)
_OTHER_ORDER = {"L": "B", "B": "L", "N": "B" if sys.byteorder == "little" else "L"}


def kind_of_levels(picture: PIL.Image.Image) -> str | None:
    """`integer` or `float` if a picture that is open, but not loaded, has more than 8 bits per channel."""
    if picture.mode == "F":
        return FLOAT
    return INTEGER if picture.mode.startswith("I") or _is_deep_color(picture) else None


def deep_levels(picture: PIL.Image.Image, again: Callable[[], PIL.Image.Image]) -> np.ndarray | None:
    """The levels of a picture that is open, (H, W) or (H, W, C); None if they have 8 bits.

    again: opens it once more. Pillow keeps the upper 8 of 16 bits of colours, so the lower ones are read in a second
    pass, with the two bytes exchanged. Raises ValueError for values that are not finite.
    """
    if kind_of_levels(picture) is None:
        return None
    if _is_deep_color(picture):
        return _deep_color(picture, again)
    levels = np.asarray(picture)
    if not np.isfinite(levels).all():
        raise ValueError("has pixels that are no finite numbers")
    return levels


def found_range(kind: str, low: float, high: float) -> tuple[float, float]:
    """Levels that become 0 and 255, where the images of a data set have levels from `low` to `high`.

    From 0 to the largest number of 1, 8, 10, 12, 14, 16, 24 or 32 bits that holds them (float: 1, if none is larger);
    negative levels have no such scale, so the range is their own.
    """
    if low < 0:
        return low, high if high > low else low + 1
    if kind == FLOAT and high <= 1:
        return 0, 1
    return 0, next((2**bits - 1 for bits in _BITS if high <= 2**bits - 1), high)


def eight_bits(
    picture: PIL.Image.Image, levels: np.ndarray, ranges: Mapping[str, tuple[float, float]]
) -> PIL.Image.Image:
    """The levels of `picture` as a picture of 8 bits, by the range of their kind; transparent where it is."""
    low, high = ranges[FLOAT if levels.dtype.kind == "f" else INTEGER]
    share = (levels.astype(np.float64) - low) / (high - low)
    pixels = np.rint(share.clip(0, 1) * 255).astype(np.uint8)
    mode = picture.mode if levels.ndim == 3 else "L"
    if mode == "RGBA":
        pixels[..., 3] = np.rint(levels[..., 3] / (65_535 / 255))  # opacity is of all 16 bits
    converted = PIL.Image.fromarray(pixels, mode if mode in ("CMYK", "RGBA") else None)
    if (hidden := hidden_pixels(picture, levels)) is not None:
        converted.putalpha(PIL.Image.fromarray(np.where(hidden, 0, 255).astype(np.uint8)))
    return converted


def hidden_pixels(picture: PIL.Image.Image, levels: np.ndarray) -> np.ndarray | None:
    """Which pixels have the one level or colour that a PNG declares transparent, bool (H, W); None if it has none."""
    transparent = picture.info.get("transparency")
    if transparent is None or (levels.ndim == 3 and picture.mode != "RGB"):
        return None
    hidden = levels == np.asarray(transparent)
    return hidden if levels.ndim == 2 else hidden.all(axis=-1)


def extremes(picture: PIL.Image.Image, levels: np.ndarray) -> tuple[float, float]:
    """Smallest and largest level, of colours without their opacity."""
    levels = levels[..., :3] if picture.mode == "RGBA" else levels
    return float(levels.min()), float(levels.max())


def _raw_mode(picture: PIL.Image.Image) -> str:
    """How the pixels lie in the file, by Pillow's name, e.g. RGB;16B."""
    if not getattr(picture, "tile", None):
        return ""
    arguments = picture.tile[0].args
    found = arguments[0] if isinstance(arguments, tuple) and arguments else arguments
    return found if isinstance(found, str) else ""


def _is_deep_color(picture: PIL.Image.Image) -> bool:
    """Colours of 16 bits; those that are multiplied by their opacity (RGBa) are left to Pillow."""
    name, _, bits = _raw_mode(picture).partition(";")
    return name in ("RGB", "RGBX", "RGBA", "LA", "CMYK") and bits.startswith("16")


def _deep_color(picture: PIL.Image.Image, again: Callable[[], PIL.Image.Image]) -> np.ndarray:
    raw = _raw_mode(picture)
    if raw.startswith("LA"):
        with again() as bytes_:
            _read_as(bytes_, "RGBA")
            high_low = np.asarray(bytes_).astype(np.uint16)
        grey, opacity = (high_low[..., place] * 256 + high_low[..., place + 1] for place in (0, 2))
        return np.stack([grey, grey, grey, opacity], axis=-1)
    with again() as other:
        _read_as(other, raw[:-1] + _OTHER_ORDER[raw[-1]])
        low = np.asarray(other).astype(np.uint16)
    return np.asarray(picture).astype(np.uint16) * 256 + low


def _read_as(picture: PIL.Image.Image, raw: str) -> None:
    """Has the pixels of a picture that is not loaded yet unpacked in another way."""
    picture.tile = [
        tile._replace(args=raw if isinstance(tile.args, str) else (raw, *tile.args[1:])) for tile in picture.tile
    ]
