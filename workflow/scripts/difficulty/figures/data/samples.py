"""A sheet of labelled samples of a data set: what the classes look like and how many examples they have."""

from argparse import Namespace
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from difficulty.datasets.example_tables import EXAMPLES
from difficulty.datasets.images import open_images
from difficulty.datasets.label_sets import joined_names
from difficulty.errors import UserError
from difficulty.figures.inputs import ONE
from difficulty.figures.style.appearance import styled
from difficulty.figures.style.axes import empty_figure
from difficulty.figures.style.mosaic import blank_canvas, canvas_figure, paint, paint_missing, spread_out, thumbnails
from difficulty.figures.style.palette import FAINT_INK, INK, ROLE_COLORS
from difficulty.figures.style.set_captions import LINE_SPACING, wrapped_set
from difficulty.figures.style.text import counted, wrapped
from difficulty.random_streams import derived_seed
from difficulty.tables import read_schema, read_table

INPUTS = {"examples": ONE, "pixels": ONE}

# Pixels of the canvas.
_SIDE = 64
_GAP = 8
_TOP = 4 * _GAP
_LEFT = 190  # room for the names
_BARS = 300
_COUNT = 75  # room for the number of examples in a split
_SET_HEIGHT = 22  # below an image, for its labels
_NAME_CHARACTERS = 15
_SET_CHARACTERS = 13


def draw(inputs: Namespace, settings: dict) -> Figure:
    """Reads the examples and their images; raises UserError if they are not of the same data set."""
    sets = ["label_names"] if "label_names" in read_schema(inputs.examples).columns else []
    examples = read_table(inputs.examples, EXAMPLES, ["example_id", "split", "label", "class_name", *sets])
    example_ids, images = open_images(inputs.pixels)
    if not np.array_equal(examples["example_id"], example_ids):
        raise UserError(f"{inputs.pixels}: not the images of {inputs.examples}; delete both and run the workflow again")
    title = f"{inputs.examples.parent.name}: what do the images of each class look like?"
    return sample_sheet(examples, images, title, settings["examples_per_class"], settings["classes"])


def choose_samples(examples: pd.DataFrame, examples_per_class: int, classes: int, seed: int = 0) -> list[np.ndarray]:
    """For each shown class the rows (positions in `examples`) of its random samples, training split first.

    examples: label, split. Classes are spread evenly over the labels where there are more than `classes`.
    The samples of a class depend on the seed and the class alone, not on what else is shown.
    """
    labels = np.unique(examples["label"])
    chosen = []
    is_train = (examples["split"] == "train").to_numpy()
    for label in labels[spread_out(len(labels), classes)]:
        of_class = (examples["label"] == label).to_numpy()
        rows = np.flatnonzero(of_class & is_train if (of_class & is_train).any() else of_class)
        generator = np.random.default_rng(derived_seed(seed, "samples", int(label)))
        chosen.append(generator.choice(rows, min(examples_per_class, len(rows)), replace=False))
    return chosen


@styled()
def sample_sheet(
    examples: pd.DataFrame,
    images: np.ndarray,
    title: str,
    examples_per_class: int = 10,
    classes: int = 10,
    seed: int = 0,
) -> Figure:
    """Random samples per class, with its name and its number of examples per split.

    examples: label, class_name, split, in the order of `images`, uint8 (N, H, W, C), or what gives such when rows are
    asked for, which happens once; label_names, if images have several labels: they are written below each, and the
    classes are those of the largest objects.
    """
    chosen = choose_samples(examples, examples_per_class, classes, seed)
    if not chosen:
        return empty_figure(title, "no examples", width=5)
    has_sets = "label_names" in examples
    counts = np.cumsum([len(rows) for rows in chosen])
    tiles = np.split(thumbnails(images[np.concatenate(chosen)], _SIDE), counts[:-1])
    layout = _Layout(tiles, has_sets)
    notes = _notes(examples, images.shape[1:], len(chosen), seed, has_sets)
    figure, axes, _ = canvas_figure(_painted(tiles, layout), title, notes)
    if has_sets:
        _write_sets(axes, layout, [examples["label_names"].iloc[rows] for rows in chosen])
    _write_names(axes, layout, [examples["class_name"].iloc[rows[0]] for rows in chosen])
    _draw_counts(axes, layout, examples, [examples["label"].iloc[rows[0]] for rows in chosen])
    axes.set(xlim=(0, layout.width), ylim=(layout.height, 0))
    return figure


class _Layout:
    """Where things are on the canvas, in pixels: a row per class, names at its left, numbers at its right."""

    def __init__(self, tiles: Sequence[np.ndarray], has_sets: bool):
        self.tile_height, self.tile_width = tiles[0].shape[1:3]
        self.columns = max(max(map(len, tiles)), 1)
        self.row_height = self.tile_height + _GAP + (_SET_HEIGHT if has_sets else 0)
        self.right = _LEFT + self.columns * (self.tile_width + _GAP) + 2 * _GAP
        self.height = len(tiles) * self.row_height + 5 * _GAP
        self.width = self.right + _BARS

    def corner(self, row: int, column: int) -> tuple[int, int]:
        """Upper left corner of an image."""
        return _TOP + row * self.row_height, _LEFT + column * (self.tile_width + _GAP)

    def middle(self, row: int) -> float:
        """Of the images in a row, from the top."""
        return _TOP + row * self.row_height + self.tile_height / 2


def _painted(tiles: Sequence[np.ndarray], layout: _Layout) -> np.ndarray:
    """The canvas with the images of each class, and blank places where it has fewer than others."""
    canvas = blank_canvas(layout.height, layout.width)
    for row, images in enumerate(tiles):
        for column in range(layout.columns):
            if column < len(images):
                paint(canvas, images[column], *layout.corner(row, column))
            else:
                paint_missing(canvas, layout.tile_height, layout.tile_width, *layout.corner(row, column))
    return canvas


def _splits(examples: pd.DataFrame) -> list[str]:
    return [split for split in ROLE_COLORS if (examples["split"] == split).any()]


def _notes(examples: pd.DataFrame, shape: tuple, shown: int, seed: int, has_sets: bool) -> list[str]:
    """shape: (H, W, C) of the images."""
    total, sizes = examples["label"].nunique(), examples["split"].value_counts()
    numbers = ", ".join(f"{sizes[split]:,} {split}" for split in _splits(examples))
    classes = counted(total, "class") if shown == total else f"{shown:,} of {total:,} classes, evenly spread"
    size = " × ".join(map(str, shape[:2])) + (" px, grey" if shape[2] == 1 else " px, colour")
    notes = [
        f"Examples: {numbers}; {classes}; {size}. Random samples (seed {seed}), of the training split where it has any."
    ]
    if has_sets:
        notes.append("Images have several labels, written below each; rows are by the class of the largest object.")
    return notes


def _write_sets(axes: Axes, layout: _Layout, label_names: Sequence[pd.Series]) -> None:
    style = {"ha": "center", "va": "top", "size": 4.5, "linespacing": LINE_SPACING, "color": INK}
    for row, of_class in enumerate(label_names):
        for column, names in enumerate(of_class):
            top, left = layout.corner(row, column)
            text = wrapped_set(joined_names(names), _SET_CHARACTERS)
            axes.text(left + layout.tile_width / 2, top + layout.tile_height + 3, text, **style)


def _write_names(axes: Axes, layout: _Layout, names: Sequence[str]) -> None:
    style = {"ha": "right", "va": "center"}
    axes.text(_LEFT - 12, 2.2 * _GAP, "class", color=FAINT_INK, size=7.5, **style)
    for row, name in enumerate(names):
        text = wrapped(name, _NAME_CHARACTERS)
        axes.text(_LEFT - 12, layout.middle(row), text, weight="bold", color=INK, size=8, **style)


def _draw_counts(axes: Axes, layout: _Layout, examples: pd.DataFrame, labels: Sequence[int]) -> None:
    """A bar per class with a part for each split, and the number of examples in each."""
    splits = _splits(examples)
    counts = pd.crosstab(examples["label"], examples["split"]).reindex(columns=splits, fill_value=0)
    scale = (_BARS - 90) / counts.sum(axis=1).max()
    for column, split in enumerate(splits):
        left, color = layout.right + _COUNT * column, ROLE_COLORS[split]
        axes.text(left, 2.2 * _GAP, split, color=color, weight="bold", size=7.5, va="center")
        for row, label in enumerate(labels):
            middle, lengths = layout.middle(row), counts.loc[label] * scale
            axes.barh(middle + 12, lengths[split], 14, left=layout.right + lengths.iloc[:column].sum(), color=color)
            axes.text(left, middle - 10, f"{counts.loc[label, split]:,}", va="center", size=7.5, color=INK)
