"""The easiest and the hardest images of each class, with the given and the predicted label."""

from collections.abc import Mapping
from math import ceil, sqrt

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from difficulty.figures.style.appearance import CORRUPT, FAINT_INK, INK, WRONG_TEXT, new_figure, styled
from difficulty.figures.style.axes import say_empty
from difficulty.figures.style.mosaic import PIXELS_PER_INCH, blank_canvas, paint, show_canvas, spread_out, thumbnails
from difficulty.figures.style.set_captions import LINE_SPACING, wrapped_set
from difficulty.figures.style.text import counted, shortened

_SIDE = 64
_GAP = 16
_LINE = 14
_HEADING = 62
_BETWEEN_BLOCKS = 26
_BETWEEN_CLASSES = 60
_CAPTION_CHARACTERS = 12
_SET_CHARACTERS, _SET_LINE = 13, 11  # in a smaller type
_CLASSES_PER_ROW = 2
_LEAST_BLOCK = 290  # room for what stands above a block


def choose_extremes(hardness: np.ndarray, labels: np.ndarray, examples_per_class: int) -> dict[int, tuple]:
    """For each label that has any, the rows of its easiest (easiest first) and of its hardest examples (hardest first).

    hardness: float (N,), higher is harder, NaN where undefined (left out); equal ones in the order of the rows.
    A class with fewer than twice `examples_per_class` examples is split in its middle: none is shown twice.
    """
    defined = np.flatnonzero(~np.isnan(hardness))
    order = defined[np.lexsort((hardness[defined], labels[defined]))]
    found, starts = np.unique(labels[order], return_index=True)
    extremes = {}
    for label, rows in zip(found, np.split(order, starts)[1:], strict=True):
        easy = min(examples_per_class, ceil(len(rows) / 2))
        hard = min(examples_per_class, len(rows) - easy)
        extremes[int(label)] = (rows[:easy], rows[::-1][:hard])
    return extremes


@styled()
def gallery_figure(
    table: pd.DataFrame,
    images: np.ndarray,
    class_names: Mapping[int, str],
    title: str,
    score: str,
    direction: int,
    examples_per_class: int = 25,
    classes: int = 10,
) -> Figure:
    """Per given label a block of the easiest and a block of the hardest images by one score.

    table: label (given), predicted (most runs' prediction, null if there is none), clean_label, is_corrupt, value (the
    score, NaN where undefined), one row per image; images: uint8 (N, H, W, C) in the same order. Where images have
    several labels, given_set and predicted_set (text, null if there is none) stand below them, and `label` is the class
    of the largest object.
    direction: +1 if a higher value is harder, -1 if a lower one is.
    """
    values = table["value"].to_numpy(float, na_value=np.nan)
    labels = table["label"].to_numpy()
    extremes = choose_extremes(values * direction, labels, examples_per_class)
    total = len(np.unique(labels))
    if not extremes:
        figure, _ = new_figure(5, 1.2, title)
        say_empty(figure.add_subplot(), f"no example has a defined {score}")
        return figure
    shown = [sorted(extremes)[position] for position in spread_out(len(extremes), classes)]
    corrupt = table["is_corrupt"].to_numpy(bool)
    any_corrupt = any(corrupt[rows].any() for label in shown for rows in extremes[label])
    has_sets = "given_set" in table
    lines = 3 if has_sets else 2 if any_corrupt else 1
    figure_layout = _Layout(examples_per_class, lines, *_tile_shape(images), len(shown))

    canvas = blank_canvas(figure_layout.height, figure_layout.width)
    captions = []
    for place, label in enumerate(shown):
        for side, rows in enumerate(extremes[label]):
            tiles = thumbnails(images[rows], _SIDE)
            for position, (row, tile) in enumerate(zip(rows, tiles, strict=True)):
                top, left = figure_layout.corner(place, side, position)
                paint(canvas, tile, top, left, CORRUPT if corrupt[row] else None)
                captions.append((left + tile.shape[1] / 2, top + tile.shape[0] + 5, row))
    figure, below = new_figure(
        figure_layout.width / PIXELS_PER_INCH,
        figure_layout.height / PIXELS_PER_INCH,
        title,
        _notes(score, direction, len(shown), total, any_corrupt, has_sets),
        layout=None,
    )
    axes = show_canvas(figure, canvas, below)
    if has_sets:
        _write_sets(axes, captions, table)
    else:
        _write_captions(axes, captions, table, class_names)
    for place, label in enumerate(shown):
        name = f"{'largest object' if has_sets else 'given label'}: {{}}"
        count = int((labels == label).sum())
        _write_heading(axes, figure_layout, place, name, class_names.get(label, label), count)
        for side, rows in enumerate(extremes[label]):
            _write_range(axes, figure_layout, place, side, values[rows], score)
    return figure


class _Layout:
    """Where things are on the canvas, in pixels."""

    def __init__(self, examples_per_class: int, caption_lines: int, tile_height: int, tile_width: int, classes: int):
        self.columns = ceil(sqrt(examples_per_class))
        rows = ceil(examples_per_class / self.columns)
        self.step = (tile_height + caption_lines * _LINE + 12, tile_width + _GAP)
        self.block_width = max(self.columns * self.step[1] - _GAP, _LEAST_BLOCK)
        self.class_width = 2 * self.block_width + _BETWEEN_BLOCKS
        self.class_height = rows * self.step[0] + _HEADING
        across = min(classes, _CLASSES_PER_ROW)
        self.width = 2 * _GAP + across * self.class_width + (across - 1) * _BETWEEN_CLASSES
        self.height = ceil(classes / _CLASSES_PER_ROW) * self.class_height

    def origin(self, place: int, side: int) -> tuple[int, int]:
        """Upper left corner of a block: place counts classes, side is 0 for easy and 1 for hard."""
        row, column = divmod(place, _CLASSES_PER_ROW)
        left = _GAP + column * (self.class_width + _BETWEEN_CLASSES) + side * (self.block_width + _BETWEEN_BLOCKS)
        return row * self.class_height, left

    def corner(self, place: int, side: int, position: int) -> tuple[int, int]:
        """Upper left corner of an image."""
        top, left = self.origin(place, side)
        row, column = divmod(position, self.columns)
        return top + _HEADING + row * self.step[0], left + column * self.step[1]


def _tile_shape(images: np.ndarray) -> tuple[int, int]:
    return thumbnails(images[:1], _SIDE).shape[1:3]


def _notes(score: str, direction: int, shown: int, total: int, any_corrupt: bool, has_sets: bool) -> list[str]:
    noun = "class" if has_sets else "given label"
    which = counted(total, noun)
    which = which if shown == total else f"{shown:,} of {which}, evenly spread"
    harder = "higher" if direction > 0 else "lower"
    below = "the label that most runs predict after the last epoch, red where it is not the given one."
    if has_sets:
        below = (
            "the labels that most runs predict after the last epoch, red where they are not the given ones, which "
            "follow in brackets."
        )
    notes = [
        f"{which}; left of each the easiest, right the hardest by {score} ({harder} is harder), the most extreme "
        f"first. Below each image: {below}"
    ]
    if any_corrupt:
        notes.append("Amber frame: the given label was planted wrong; the second line is the clean label.")
    return notes


def _write_captions(axes: Axes, captions: list, table: pd.DataFrame, class_names: Mapping[int, str]) -> None:
    predicted, given = table["predicted"], table["label"].to_numpy()
    clean, corrupt = table["clean_label"].to_numpy(), table["is_corrupt"].to_numpy(bool)
    known, predicted = predicted.notna().to_numpy(), predicted.fillna(-1).to_numpy(int)
    style = {"ha": "center", "va": "top", "size": 5.5}
    for x, y, row in captions:
        if known[row]:
            name = shortened(class_names.get(predicted[row], predicted[row]), _CAPTION_CHARACTERS)
            axes.text(x, y, name, color=INK if predicted[row] == given[row] else WRONG_TEXT, **style)
        if corrupt[row]:
            name = shortened(f"({class_names.get(clean[row], clean[row])})", _CAPTION_CHARACTERS)
            axes.text(x, y + _LINE, name, color=INK, **style)


def _write_sets(axes: Axes, captions: list, table: pd.DataFrame) -> None:
    given, predicted = table["given_set"].to_numpy(), table["predicted_set"].to_numpy()
    style = {"ha": "center", "va": "top", "size": 4.5, "linespacing": LINE_SPACING}
    for x, y, row in captions:
        if not pd.isna(predicted[row]):
            color = INK if predicted[row] == given[row] else WRONG_TEXT
            text = wrapped_set(predicted[row], _SET_CHARACTERS)
            axes.text(x, y, text, color=color, **style)
            y += _SET_LINE * (1 + text.count("\n"))
        axes.text(x, y, wrapped_set(f"({given[row]})", _SET_CHARACTERS), color=INK, **style)


def _write_heading(axes: Axes, layout: _Layout, place: int, heading: str, name: str, count: int) -> None:
    top, left = layout.origin(place, 0)
    axes.plot((left, left + layout.class_width), (top + 6, top + 6), color=FAINT_INK, linewidth=0.6)
    numbered = f"{heading.format(shortened(name, layout.class_width // 24))} ({counted(count, 'example')})"
    axes.text(left, top + 24, numbered, size=8.5, weight="bold", color=INK, va="center")


def _write_range(axes: Axes, layout: _Layout, place: int, side: int, values: np.ndarray, score: str) -> None:
    top, left = layout.origin(place, side)
    kind = "hardest" if side else "easiest"
    text = f"{len(values)} {kind} ({score} {values[0]:.3g} to {values[-1]:.3g})" if len(values) else f"no {kind}"
    axes.text(left, top + 46, text, size=6.5, color=FAINT_INK, va="center")
