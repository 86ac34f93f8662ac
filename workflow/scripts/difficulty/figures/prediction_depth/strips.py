"""Strips of coloured cells, a row per example: what is voted at each probe, what is predicted after each epoch."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from difficulty.figures.prediction_depth.probe_axis import LONGEST_PROBE, probe_name
from difficulty.figures.style.mosaic import PIXELS_PER_INCH, spread_out
from difficulty.figures.style.palette import INK
from difficulty.figures.style.text import shortened

ROW = 80  # pixels of the canvas
_BAND = 0.62
_PIXELS_PER_CHARACTER = 1.17  # times the font size
_CLASS_SIZE = 5.5
_LEAST_BESIDE = 30
_FEWEST_CHARACTERS = 4
_MOST_NAMES = 42
_MOST_APART = 60


def longest_name(probes: Sequence[str], size: float) -> float:
    """Pixels of the canvas that the longest of the probes' names takes at this font size."""
    return max(len(probe_name(name, LONGEST_PROBE)) for name in probes) * size * _PIXELS_PER_CHARACTER


def draw_strip(axes: Axes, classes: np.ndarray, colors: np.ndarray) -> None:
    rows, columns = classes.shape
    axes.imshow(colors, aspect="auto", interpolation="nearest")
    points = ROW / PIXELS_PER_INCH * 72
    axes.hlines(np.arange(rows + 1) - 0.5, -0.5, columns - 0.5, color="white", linewidth=(1 - _BAND) * points)
    if columns <= _MOST_APART:
        axes.vlines(np.arange(columns + 1) - 0.5, -0.5, rows - 0.5, color="white", linewidth=1.2)
    axes.grid(False)
    axes.spines[:].set_visible(False)
    axes.set_yticks([])
    axes.xaxis.tick_top()
    axes.tick_params(length=0, pad=1, labelsize=6.5)


def write_classes(axes: Axes, classes: np.ndarray, cell: float, class_names: Mapping[int, str]) -> None:
    """Names in the cells, where the names of all, or enough of their letters to tell them, find room."""
    names = {label: str(class_names.get(label, label)) for label in np.unique(classes)}
    room = int((cell - 4) / (1.1 * _CLASS_SIZE * _PIXELS_PER_CHARACTER))
    if max(map(len, names.values())) > room and room < _FEWEST_CHARACTERS:
        return
    style = {"ha": "center", "va": "center", "size": _CLASS_SIZE, "color": INK, "gid": "class"}
    for (row, column), label in np.ndenumerate(classes):
        axes.text(column, row, shortened(names[label], room), **style)


def name_probes(axes: Axes, probes: Sequence[str], size: float, upright: bool) -> None:
    shown = spread_out(len(probes), _MOST_NAMES)
    names = [probe_name(probes[position], LONGEST_PROBE) for position in shown]
    axes.set_xticks(shown, names, rotation=90 if upright else 0, size=size)


def name_epochs(axes: Axes, epochs: int) -> None:
    shown = np.arange(1, epochs + 1)
    if epochs > 15:
        ticks = MaxNLocator(10, integer=True).tick_values(1, epochs).astype(int)
        shown = np.unique([1, *ticks[(ticks >= 1) & (ticks <= epochs)]])
    axes.set_xticks(shown - 1, [str(epoch) for epoch in shown])


def mark_depths(axes: Axes, depth: np.ndarray, tied: np.ndarray, cell: float) -> None:
    defined = np.flatnonzero(~np.isnan(depth))
    at = depth[defined] - 0.5
    half = _BAND / 2 + 0.1
    axes.vlines(at, defined - half, defined + half, color=INK, linewidth=2.4, clip_on=False, gid="depth")
    row, column = np.nonzero(tied)
    style = {"color": INK, "s": 5, "linewidths": 0, "gid": "tie"}
    axes.scatter(column + (0.36 if cell >= _LEAST_BESIDE else 0), row - _BAND / 2 + 0.1, **style)
