"""From an image in any form to uint8 pixels in the data set's colours and size."""

import io
from collections.abc import Mapping

import numpy as np
import PIL.Image
import PIL.ImageOps

from difficulty.datasets.source import Image

# What the decoders raise for images that cannot be used.
DECODING_ERRORS = (OSError, ValueError, SyntaxError, PIL.Image.DecompressionBombError)
_MODES = {"grey": "L", "rgb": "RGB"}
_LARGEST_16_BITS = 65_535


def decode(image: Image, settings: Mapping) -> np.ndarray:
    """uint8 (H, W, C) in the configured colours and size; raises one of DECODING_ERRORS.

    settings: color (grey, rgb; None: as the image is), size (side in pixels that the image is fitted to: resized by
    its shorter side, then cropped to a square; None: as it is).
    """
    picture = open_picture(image, settings.get("color"))
    size = settings.get("size")
    return fitted(picture, size, size) if size else as_pixels(picture)


def fitted(picture: PIL.Image.Image, width: int, height: int) -> np.ndarray:
    """uint8 (H, W, C): resized, with the middle cropped to the wanted shape."""
    return as_pixels(PIL.ImageOps.fit(picture, (width, height), PIL.Image.Resampling.BILINEAR))


def open_picture(image: Image, color: str | None) -> PIL.Image.Image:
    """The image upright, in 8 bits and in the wanted colours."""
    if isinstance(image, np.ndarray):
        picture = PIL.Image.fromarray(image)
    else:
        picture = PIL.Image.open(io.BytesIO(image) if isinstance(image, bytes) else image)
        picture = _eight_bits(PIL.ImageOps.exif_transpose(picture))
    mode = _MODES[color] if color else "L" if picture.mode in ("1", "L", "LA") else "RGB"
    return picture.convert(mode)


def as_pixels(picture: PIL.Image.Image) -> np.ndarray:
    """uint8 (H, W, C)."""
    pixels = np.asarray(picture)
    return pixels[:, :, None] if pixels.ndim == 2 else pixels


def _eight_bits(picture: PIL.Image.Image) -> PIL.Image.Image:
    """A picture of 16-bit levels on the scale of 8 bits; Pillow's conversion would clip every level at 255."""
    if picture.mode != "F" and not picture.mode.startswith("I"):
        return picture
    levels = np.asarray(picture)
    if picture.mode == "F" or levels.min() < 0 or levels.max() > _LARGEST_16_BITS:
        raise ValueError(f"has pixels of mode {picture.mode}, neither 8 nor 16 bits; convert it")
    return PIL.Image.fromarray(np.rint(levels / (_LARGEST_16_BITS / 255)).astype(np.uint8))
