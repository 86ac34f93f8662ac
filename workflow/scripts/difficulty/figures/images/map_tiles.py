"""Maps of images in colours: what a statistic sees in an image, as a thumbnail."""

from collections.abc import Sequence
from math import ceil, floor, log10

import matplotlib
import numpy as np
from matplotlib.colors import LogNorm, Normalize, PowerNorm, to_rgb

from difficulty.figures.style.appearance import SEQUENTIAL
from difficulty.figures.style.mosaic import thumbnails

SIDE = 160  # pixels, of a thumbnail's longer side
NOTHING = 232  # level of grey where a map has no value
OUTLINE = "#D81B60"


def map_tile(name: str, values: np.ndarray, image: np.ndarray, scale: Normalize | None) -> np.ndarray:
    """The map of one image in colours, uint8 (h, w, 3), as large as the image's own thumbnail.

    image: uint8 (H, W, C); values: as `image_maps` gives them.
    """
    if name == "segments":
        return outlined(mean_colors(image, values), values)
    return thumbnails(colored(spread_over(values, image.shape[:2]), scale)[None], SIDE)[0]


def spread_over(values: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Values (windows down, windows across) in the middle of their windows, NaN around them, float (H, W) = shape.

    Where a single window takes all of a side, its value does. Values that are (H, W) already stay as they are.
    """
    for axis, side in enumerate(shape):
        if values.shape[axis] == 1:
            values = values.repeat(side, axis=axis)
        before = (side - values.shape[axis]) // 2
        margins = [(0, 0), (0, 0)]
        margins[axis] = (before, side - values.shape[axis] - before)
        values = np.pad(values.astype(float), margins, constant_values=np.nan)
    return values


def mean_colors(image: np.ndarray, segments: np.ndarray) -> np.ndarray:
    """Every pixel in the mean colour of its segment, uint8 (H, W, 3). image: uint8 (H, W, C); segments: int (H, W)."""
    labels = segments.ravel()
    sizes = np.maximum(np.bincount(labels), 1)
    means = [np.bincount(labels, channel.ravel().astype(float)) / sizes for channel in np.moveaxis(image, 2, 0)]
    colors = np.rint(np.stack(means, axis=1)).astype(np.uint8)[segments]
    return colors.repeat(3, axis=2) if colors.shape[2] == 1 else colors


def outlined(colors: np.ndarray, segments: np.ndarray) -> np.ndarray:
    """A thumbnail of colours, uint8 (H, W, 3), with a line of one pixel of its own between any two segments."""
    tile = thumbnails(colors[None], SIDE)[0].copy()
    rows, columns = (
        np.arange(side) * whole // side for side, whole in zip(tile.shape[:2], segments.shape, strict=True)
    )
    labels = segments[rows][:, columns]
    border = np.zeros(labels.shape, bool)
    border[1:] |= labels[1:] != labels[:-1]
    border[:, 1:] |= labels[:, 1:] != labels[:, :-1]
    tile[border] = np.round(np.array(to_rgb(OUTLINE)) * 255)
    return tile


def color_scale(name: str, maps: Sequence[np.ndarray]) -> Normalize | None:
    """The scale that all maps of a statistic share, from their least to their largest value; None if it has none.

    Cosine coefficients spread over orders of magnitude. Most gradients are small: their scale is one of square roots,
    and begins at 0 whatever is the least.
    """
    if name == "segments":
        return None
    values = np.concatenate([one[np.isfinite(one)] for one in maps])
    low, high = (values.min(), values.max()) if len(values) else (1.0, 1.0)
    match name:
        case "dct_coefficients":
            return LogNorm(low, high if high > low else 10 * low)
        case "edge_strength":
            return PowerNorm(0.5, 0, high or 1)
    return Normalize(low, high if high > low else low + 1)


def colored(values: np.ndarray, scale: Normalize) -> np.ndarray:
    """uint8 (H, W, 3) of values (H, W), grey where they are NaN."""
    known = np.isfinite(values)
    shares = np.asarray(scale(np.where(known, values, scale.vmin)), float)
    colors = matplotlib.colormaps[SEQUENTIAL](shares, bytes=True)[..., :3]
    return np.where(known[..., None], colors, np.uint8(NOTHING))


def ticks(scale: Normalize) -> list[float]:
    """A few round values on a scale, not too near to each other to be labelled."""
    low, high = float(scale.vmin), float(scale.vmax)
    if isinstance(scale, LogNorm):
        exponents = range(ceil(log10(low) - 1e-9), floor(log10(high) + 1e-9) + 1)
        powers = [10.0**exponent for exponent in exponents]
        return powers[:: ceil(len(powers) / 4)] if powers else [float(f"{low:.2g}")]
    step = 10.0 ** floor(log10(high - low))
    step = next(factor * step for factor in (0.25, 0.5, 1, 2.5) if (high - low) / (factor * step) <= 4)
    return [float(f"{number * step:.6g}") for number in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]
