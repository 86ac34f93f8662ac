"""A sheet of labelled samples of a data set: what the classes look like and how many examples they have."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from difficulty.datasets.label_sets import joined_names
from difficulty.figures.style.appearance import FAINT_INK, INK, ROLE_COLORS, new_figure, styled
from difficulty.figures.style.axes import say_empty
from difficulty.figures.style.mosaic import (
    PIXELS_PER_INCH,
    blank_canvas,
    paint,
    paint_missing,
    show_canvas,
    spread_out,
    thumbnails,
)
from difficulty.figures.style.set_captions import LINE_SPACING, wrapped_set
from difficulty.figures.style.text import counted, wrapped
from difficulty.random_streams import derived_seed

_SIDE = 64
_GAP = 8
_NAME_WIDTH = 190
_BAR_WIDTH = 300
_NAME_CHARACTERS = 15
_SET_HEIGHT = 22  # below an image, for its labels
_SET_CHARACTERS = 13


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

    examples: label, class_name, split, in the order of `images`, uint8 (N, H, W, C); label_names, if images have
    several labels: they are written below each, and the classes are those of the largest objects.
    """
    chosen = choose_samples(examples, examples_per_class, classes, seed)
    if not chosen:
        figure, _ = new_figure(5, 1.2, title)
        say_empty(figure.add_subplot(), "no examples")
        return figure
    total = examples["label"].nunique()
    shown = counted(total, "class") if len(chosen) == total else f"{len(chosen):,} of {total:,} classes, evenly spread"
    shape = " × ".join(map(str, images.shape[1:3])) + (" px, grey" if images.shape[3] == 1 else " px, colour")
    sizes = examples["split"].value_counts()
    splits = [split for split in ROLE_COLORS if split in sizes]
    numbers = ", ".join(f"{sizes[split]:,} {split}" for split in splits)
    notes = [
        f"Examples: {numbers}; {shown}; {shape}. Random samples (seed {seed}), of the training split where it has any."
    ]

    has_sets = "label_names" in examples
    if has_sets:
        notes.append("Images have several labels, written below each; rows are by the class of the largest object.")
    row_gap = _GAP + _SET_HEIGHT if has_sets else _GAP
    rows = [thumbnails(images[choice], _SIDE) for choice in chosen]
    height, width = rows[0].shape[1:3]
    columns = max(max(map(len, rows)), 1)
    left, right = _NAME_WIDTH, _NAME_WIDTH + columns * (width + _GAP) + 2 * _GAP
    canvas = blank_canvas(len(rows) * (height + row_gap) + 5 * _GAP, right + _BAR_WIDTH)
    for row, tiles in enumerate(rows):
        for column in range(columns):
            corner = (4 * _GAP + row * (height + row_gap), left + column * (width + _GAP))
            if column < len(tiles):
                paint(canvas, tiles[column], *corner)
            else:
                paint_missing(canvas, height, width, *corner)
    canvas_height, canvas_width = canvas.shape[:2]
    figure, below = new_figure(
        canvas_width / PIXELS_PER_INCH, canvas_height / PIXELS_PER_INCH, title, notes, layout=None
    )
    axes = show_canvas(figure, canvas, below)

    if has_sets:
        for row, choice in enumerate(chosen):
            for column, names in enumerate(examples["label_names"].iloc[choice]):
                place = (left + column * (width + _GAP) + width / 2, 4 * _GAP + row * (height + row_gap) + height + 3)
                text = wrapped_set(joined_names(names), _SET_CHARACTERS)
                axes.text(*place, text, ha="center", va="top", size=4.5, linespacing=LINE_SPACING, color=INK)
    labels = [examples["label"].iloc[choice[0]] for choice in chosen]
    counts = pd.crosstab(examples["label"], examples["split"]).reindex(columns=splits, fill_value=0)
    scale = (_BAR_WIDTH - 90) / counts.sum(axis=1).max()
    for column, split in enumerate(splits):
        axes.text(
            right + 75 * column, 2.2 * _GAP, split, color=ROLE_COLORS[split], weight="bold", size=7.5, va="center"
        )
    axes.text(_NAME_WIDTH - 12, 2.2 * _GAP, "class", color=FAINT_INK, size=7.5, ha="right", va="center")
    for row, label in enumerate(labels):
        middle = 4 * _GAP + row * (height + row_gap) + height / 2
        name = wrapped(examples["class_name"].iloc[chosen[row][0]], _NAME_CHARACTERS)
        axes.text(_NAME_WIDTH - 12, middle, name, ha="right", va="center", weight="bold", color=INK, size=8)
        start = right
        for split in splits:
            count = counts.loc[label, split]
            axes.barh(middle + 12, count * scale, 14, left=start, color=ROLE_COLORS[split])
            start += count * scale
        for column, split in enumerate(splits):
            axes.text(
                right + 75 * column, middle - 10, f"{counts.loc[label, split]:,}", va="center", size=7.5, color=INK
            )
    axes.set(xlim=(0, canvas_width), ylim=(canvas_height, 0))
    return figure
