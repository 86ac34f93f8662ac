"""Many small images as one: thumbnails in a grid, painted into a single canvas with NumPy.

A canvas is an uint8 array (rows, columns, 3) with a fixed number of pixels per inch, shown by one artist,
so that a figure of 500 images is drawn as fast as a figure of one. Texts are placed in canvas pixels.
"""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from difficulty.figures.style.appearance import new_figure

PIXELS_PER_INCH = 150
FRAME = 4
_EMPTY = 244


def thumbnails(images: np.ndarray, side: int) -> np.ndarray:
    """Images, uint8 (N, H, W, C) with C = 1 or 3, as RGB (N, h, w, 3) with max(h, w) <= side.

    Small images are enlarged by a whole factor, each pixel a square, so that no detail is invented; large
    ones are shrunk by area averaging. Aspect ratios stay.
    """
    count, height, width, channels = images.shape
    longest = max(height, width)
    if longest <= side:
        factor = side // longest
        enlarged = images.repeat(factor, axis=1).repeat(factor, axis=2)
    else:
        size = (max(round(width * side / longest), 1), max(round(height * side / longest), 1))
        enlarged = np.empty((count, size[1], size[0], channels), np.uint8)
        for row, image in enumerate(images):
            shrunk = Image.fromarray(image.squeeze(-1) if channels == 1 else image).resize(size, Image.Resampling.BOX)
            enlarged[row] = np.asarray(shrunk).reshape(size[1], size[0], channels)
    return enlarged.repeat(3, axis=3) if channels == 1 else enlarged


def blank_canvas(height: int, width: int) -> np.ndarray:
    """A white canvas, uint8 (height, width, 3)."""
    return np.full((height, width, 3), 255, np.uint8)


def paint(canvas: np.ndarray, tile: np.ndarray, top: int, left: int, frame: str | None = None) -> None:
    """Paints `tile`, uint8 (h, w, 3), onto the canvas in place; `frame`: colour of a border around it."""
    height, width = tile.shape[:2]
    if frame:
        color = np.round(np.array(to_rgb(frame)) * 255)
        canvas[top - FRAME : top + height + FRAME, left - FRAME : left + width + FRAME] = color
    canvas[top : top + height, left : left + width] = tile


def paint_missing(canvas: np.ndarray, height: int, width: int, top: int, left: int) -> None:
    """Paints the place of an image that does not exist."""
    canvas[top : top + height, left : left + width] = _EMPTY


def canvas_figure(canvas: np.ndarray, title: str, notes: Sequence[str]) -> tuple[Figure, Axes, float]:
    """(a figure that shows the canvas below its header, its axes, the share of its height below the header).

    The pixels of the canvas are the coordinates of the axes.
    """
    height, width = canvas.shape[:2]
    figure, below = new_figure(width / PIXELS_PER_INCH, height / PIXELS_PER_INCH, title, notes, layout=None)
    axes = figure.add_axes((0, 0, 1, below))
    axes.imshow(canvas, interpolation="auto", extent=(0, width, height, 0), aspect="auto")
    axes.set_axis_off()
    return figure, axes, below


def spread_out(count: int, limit: int) -> np.ndarray:
    """At most `limit` of the positions 0 ... count-1, evenly spread, first and last included."""
    if count <= limit:
        return np.arange(count)
    return np.unique(np.round(np.linspace(0, count - 1, limit)).astype(int))
