"""From an image in any form to uint8 pixels in the data set's colours and size."""

import io
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import PIL.Image
import PIL.ImageCms
import PIL.ImageOps

from difficulty.datasets.deep_levels import deep_levels, eight_bits, hidden_pixels, kind_of_levels
from difficulty.datasets.formats import FORMATS
from difficulty.datasets.picture_metadata import orientation, without_metadata
from difficulty.datasets.source import Image

# What the decoders raise for images that cannot be used.
DECODING_ERRORS = (OSError, ValueError, SyntaxError, PIL.Image.DecompressionBombError)
TRANSPARENT, FRAMES, METADATA = "transparent", "frames", "metadata"

_MODES = {"grey": "L", "rgb": "RGB"}
_TURNS = {
    2: PIL.Image.Transpose.FLIP_LEFT_RIGHT,
    3: PIL.Image.Transpose.ROTATE_180,
    4: PIL.Image.Transpose.FLIP_TOP_BOTTOM,
    5: PIL.Image.Transpose.TRANSPOSE,
    6: PIL.Image.Transpose.ROTATE_270,
    7: PIL.Image.Transpose.TRANSVERSE,
    8: PIL.Image.Transpose.ROTATE_90,
}
_OPAQUE_16_BITS = 65_535
_ANIMATED = {"GIF", "PNG", "TIFF", "WEBP"}


@dataclass(frozen=True)
class Reading:
    """How the images of a data set become 8 bits, the same for all of them.

    color: grey, rgb or None (as each image is). background: colour that shows through transparent pixels.
    levels: `integer` and `float` -> the levels that become 0 and 255, for pixels of more than 8 bits.
    """

    color: str | None = None
    background: str = "white"
    levels: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def facts(self) -> dict:
        """Facts to store with images that stay in their files."""
        return {"background": self.background, "levels": {kind: list(range_) for kind, range_ in self.levels.items()}}


@dataclass(frozen=True)
class Opened:
    """An image as its file has it.

    picture: decoded. levels: its pixels where they have more than 8 bits, (H, W) or (H, W, C), else None.
    turn: its orientation, 1 to 8 as in EXIF. remarks: TRANSPARENT, FRAMES or METADATA, what the user should know of it.
    """

    picture: PIL.Image.Image
    levels: np.ndarray | None = None
    turn: int = 1
    remarks: frozenset[str] = frozenset()


def decode(image: Image, settings: Mapping, reading: Reading | None = None) -> np.ndarray:
    """uint8 (H, W, C) in the configured colours and size; raises one of DECODING_ERRORS.

    settings: color and background, where no `reading` is given; size (side in pixels that the image is fitted to:
    resized by its shorter side, then cropped to a square; None: as it is).
    """
    reading = reading or Reading(settings.get("color"), settings.get("background", "white"))
    return sized(converted(opened(image), reading), settings.get("size"))


def sized(picture: PIL.Image.Image, size: int | None) -> np.ndarray:
    """uint8 (H, W, C), fitted to a square unless `size` is None."""
    return fitted(picture, size, size) if size else as_pixels(picture)


def fitted(picture: PIL.Image.Image, width: int, height: int) -> np.ndarray:
    """uint8 (H, W, C): resized, with the middle cropped to the wanted shape."""
    return as_pixels(PIL.ImageOps.fit(picture, (width, height), PIL.Image.Resampling.BILINEAR))


def open_picture(image: Image, reading: Reading) -> PIL.Image.Image:
    """The image upright, in 8 bits and in the wanted colours."""
    return converted(opened(image), reading)


def as_pixels(picture: PIL.Image.Image) -> np.ndarray:
    """uint8 (H, W, C)."""
    pixels = np.asarray(picture)
    return pixels[:, :, None] if pixels.ndim == 2 else pixels


def opened(image: Image) -> Opened:
    """Decodes an image. Faults of its metadata are no reason to lose its pixels; they are among the remarks.

    Raises one of DECODING_ERRORS.
    """
    if isinstance(image, np.ndarray):
        return Opened(PIL.Image.fromarray(image))
    if isinstance(image, Path) and not stat.S_ISREG(image.stat().st_mode):
        raise ValueError("is no regular file")  # opening a pipe would wait for ever
    try:
        return _opened(image)
    except (PIL.Image.DecompressionBombError, MemoryError):
        raise
    except Exception as error:  # a decoder that stumbles over metadata raises anything
        data = image if isinstance(image, bytes) else image.read_bytes()
        if (stripped := without_metadata(data)) is None:
            raise
        try:
            found = _opened(stripped)
        except MemoryError:
            raise
        except Exception:
            raise error from None
        return Opened(found.picture, found.levels, found.turn, found.remarks | {METADATA})


def kind_of(image: Image) -> str | None:
    """`integer` or `float` if an image's pixels have more than 8 bits, by its header alone."""
    if isinstance(image, np.ndarray):
        return None
    with _file(image) as picture:
        return kind_of_levels(picture)


def converted(found: Opened, reading: Reading) -> PIL.Image.Image:
    """The image upright, in 8 bits, over the background, in the wanted colours; reading.levels must name its kind."""
    picture = found.picture
    if found.levels is not None:
        picture = eight_bits(picture, found.levels, reading.levels)
    mode = _MODES[reading.color] if reading.color else "L" if picture.mode in ("1", "L", "LA", "La") else "RGB"
    if picture.mode == "LAB":
        picture = _from_lab(picture)
    if is_transparent(picture):
        layer = picture.convert("RGBA")
        picture = PIL.Image.alpha_composite(PIL.Image.new("RGBA", layer.size, reading.background), layer)
    picture = picture.convert(mode)
    return picture.transpose(_TURNS[found.turn]) if found.turn in _TURNS else picture


def is_transparent(picture: PIL.Image.Image) -> bool:
    """Whether something shows through a picture anywhere; an alpha channel that is full throughout does not count."""
    return picture.has_transparency_data and picture.convert("RGBA").getextrema()[3][0] < 255


def _hides(picture: PIL.Image.Image, levels: np.ndarray) -> bool:
    if levels.ndim == 3 and picture.mode == "RGBA":
        return bool((levels[..., 3] < _OPAQUE_16_BITS).any())
    hidden = hidden_pixels(picture, levels)
    return hidden is not None and bool(hidden.any())


def _opened(image: bytes | Path) -> Opened:
    with _file(image) as picture:
        levels = deep_levels(picture, lambda: _file(image))
        picture.load()
        turn, is_readable = orientation(picture)
        remarks = {METADATA} if not is_readable else set()
        if is_transparent(picture) if levels is None else _hides(picture, levels):
            remarks.add(TRANSPARENT)
        if picture.format in _ANIMATED and _frames(picture) > 1:
            remarks.add(FRAMES)
        return Opened(picture.copy(), levels, turn, frozenset(remarks))


def _file(image: bytes | Path) -> PIL.Image.Image:
    return PIL.Image.open(io.BytesIO(image) if isinstance(image, bytes) else image, formats=FORMATS)


def _frames(picture: PIL.Image.Image) -> int:
    try:
        return getattr(picture, "n_frames", 1)
    except Exception:  # what follows the first frame is damaged, and not used
        return 1


def _from_lab(picture: PIL.Image.Image) -> PIL.Image.Image:
    """CIE L*a*b* at D50, as TIFF defines it, in sRGB."""
    lab, srgb = PIL.ImageCms.createProfile("LAB", 5000), PIL.ImageCms.createProfile("sRGB")
    return PIL.ImageCms.profileToProfile(picture, lab, srgb, outputMode="RGB")
