"""The easiest and the hardest images of each class, with the given and the predicted label."""

from argparse import Namespace
from collections.abc import Mapping, Sequence
from itertools import accumulate, islice
from math import ceil, sqrt
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from difficulty.datasets.example_tables import EXAMPLES
from difficulty.datasets.label_sets import LABEL_SETS, has_label_sets, joined_names, named_text, set_class_names
from difficulty.figures.inputs import ONE, SEVERAL
from difficulty.figures.reading import images_of, names_of_classes, ranking_of
from difficulty.figures.style.appearance import styled
from difficulty.figures.style.axes import empty_figure
from difficulty.figures.style.mosaic import blank_canvas, canvas_figure, paint, spread_out, thumbnails
from difficulty.figures.style.palette import CORRUPT, FAINT_INK, INK, WRONG_TEXT
from difficulty.figures.style.set_captions import LINE_SPACING, wrapped_set
from difficulty.figures.style.text import counted, shortened
from difficulty.scores.collect import SCORES
from difficulty.tables import read_schema, read_table
from difficulty.training.majority import majority_of, majority_sets_of

INPUTS = {"scores": ONE, "records": SEVERAL, "examples": ONE, "pixels": ONE}
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


def draw(inputs: Namespace, settings: dict) -> Figure:
    """Reads a score of the training images, what most runs predict for them, and the images."""
    score, role = settings["score"], shown_role(inputs.scores)
    column, direction = ranking_of(inputs.scores, score, role, "figures.gallery.score")
    wanted = ["example_id", "label", "clean_label", "is_corrupt", f"runs_{role}", column]
    table = read_table(inputs.scores, SCORES, wanted)
    table = table[table[f"runs_{role}"] > 0].rename(columns={column: "value"}).set_index("example_id")
    table["predicted"] = majority_of(inputs.records, table.index, role)
    if has_label_sets(read_schema(inputs.examples).columns):
        table = table.assign(**_label_sets(inputs.examples, inputs.records, table.index, role))
    return gallery_figure(
        table,
        images_of(inputs.pixels, table.index),
        names_of_classes(inputs.examples),
        f"{inputs.scores.parent.name}: which training images are easiest and hardest, by {score}?",
        score,
        direction,
        settings["examples_per_class"],
        settings["classes"],
    )


def shown_role(scores: Path) -> str:
    """The role in which training images are shown: held out only where no run is trained on any."""
    return "train" if read_table(scores, SCORES, ["runs_train"])["runs_train"].any() else "validation"


def _label_sets(examples: Path, records: Sequence[Path], example_ids: pd.Index, role: str) -> dict[str, pd.Series]:
    """given_set and predicted_set of images with several labels, as text."""
    table = read_table(examples, EXAMPLES, ["example_id", *LABEL_SETS])
    names = set_class_names(table)
    given = table.set_index("example_id")["label_names"].loc[example_ids]
    predicted = majority_sets_of(records, example_ids, role)
    return {
        "given_set": given.map(joined_names),
        "predicted_set": predicted.map(lambda text: named_text(text, names), na_action="ignore"),
    }


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
    score, NaN where undefined), one row per image; images: uint8 (N, H, W, C) in the same order, or what gives such
    when rows are asked for, which happens once. Where images have several labels, given_set and predicted_set (text,
    null if there is none) stand below them, and `label` is the class of the largest object.
    direction: +1 if a higher value is harder, -1 if a lower one is.
    """
    values = table["value"].to_numpy(float, na_value=np.nan)
    extremes = choose_extremes(values * direction, table["label"].to_numpy(), examples_per_class)
    if not extremes:
        return empty_figure(title, f"no example has a defined {score}", width=5)
    shown = [sorted(extremes)[position] for position in spread_out(len(extremes), classes)]
    blocks = {(place, side): rows for place, label in enumerate(shown) for side, rows in enumerate(extremes[label])}
    any_corrupt = bool(table["is_corrupt"].to_numpy(bool)[np.concatenate(list(blocks.values()))].any())
    has_sets = "given_set" in table
    lines = 3 if has_sets else 2 if any_corrupt else 1
    sizes = [max(map(len, extremes[label])) for label in shown]
    tiles = thumbnails(images[np.concatenate(list(blocks.values()))], _SIDE)
    layout = _Layout(sizes, lines, *tiles.shape[1:3])
    canvas, captions = _painted(layout, blocks, tiles, table["is_corrupt"].to_numpy(bool))
    notes = _notes(score, direction, len(shown), table["label"].nunique(), any_corrupt, has_sets)
    figure, axes, _ = canvas_figure(canvas, title, notes)
    if has_sets:
        _write_sets(axes, captions, table)
    else:
        _write_captions(axes, captions, table, class_names)
    _write_headings(
        axes, layout, [(class_names.get(label, label), table["label"].eq(label).sum()) for label in shown], has_sets
    )
    for (place, side), rows in blocks.items():
        _write_range(axes, layout, place, side, values[rows], score)
    return figure


class _Layout:
    """Where things are on the canvas, in pixels. sizes: images in the larger block of each class."""

    def __init__(self, sizes: Sequence[int], caption_lines: int, tile_height: int, tile_width: int):
        self.columns = ceil(sqrt(max(sizes)))
        self.step = (tile_height + caption_lines * _LINE + 12, tile_width + _GAP)
        self.block_width = max(self.columns * self.step[1] - _GAP, _LEAST_BLOCK)
        self.class_width = 2 * self.block_width + _BETWEEN_BLOCKS
        across = min(len(sizes), _CLASSES_PER_ROW)
        self.width = 2 * _GAP + across * self.class_width + (across - 1) * _BETWEEN_CLASSES
        rows = [ceil(size / self.columns) for size in sizes]
        neighbors = [rows[first : first + _CLASSES_PER_ROW] for first in range(0, len(rows), _CLASSES_PER_ROW)]
        *self.tops, self.height = accumulate((_HEADING + max(each) * self.step[0] for each in neighbors), initial=0)

    def origin(self, place: int, side: int) -> tuple[int, int]:
        """Upper left corner of a block: place counts classes, side is 0 for easy and 1 for hard."""
        row, column = divmod(place, _CLASSES_PER_ROW)
        left = _GAP + column * (self.class_width + _BETWEEN_CLASSES) + side * (self.block_width + _BETWEEN_BLOCKS)
        return self.tops[row], left

    def corner(self, place: int, side: int, position: int) -> tuple[int, int]:
        """Upper left corner of an image."""
        top, left = self.origin(place, side)
        row, column = divmod(position, self.columns)
        return top + _HEADING + row * self.step[0], left + column * self.step[1]


def _painted(
    layout: _Layout, blocks: Mapping[tuple[int, int], np.ndarray], tiles: np.ndarray, is_corrupt: np.ndarray
) -> tuple[np.ndarray, list[tuple[float, float, int]]]:
    """(the canvas with the images of every block, where each image's caption begins: x, y and the image's row).

    blocks: (place, side) -> rows of the table; tiles: small pictures of these rows, block by block; is_corrupt: bool
    (N,), which are framed.
    """
    canvas, captions, given = blank_canvas(layout.height, layout.width), [], iter(tiles)
    for (place, side), rows in blocks.items():
        for position, (row, tile) in enumerate(zip(rows, islice(given, len(rows)), strict=True)):
            top, left = layout.corner(place, side, position)
            paint(canvas, tile, top, left, CORRUPT if is_corrupt[row] else None)
            captions.append((left + tile.shape[1] / 2, top + tile.shape[0] + 5, row))
    return canvas, captions


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


def _write_headings(axes: Axes, layout: _Layout, classes: Sequence[tuple[str, int]], has_sets: bool) -> None:
    """A rule above each class, and its name and number of examples, from (name, examples) of each."""
    kind = "largest object" if has_sets else "given label"
    for place, (name, count) in enumerate(classes):
        top, left = layout.origin(place, 0)
        axes.plot((left, left + layout.class_width), (top + 6, top + 6), color=FAINT_INK, linewidth=0.6)
        text = f"{kind}: {shortened(name, layout.class_width // 24)} ({counted(count, 'example')})"
        axes.text(left, top + 24, text, size=8.5, weight="bold", color=INK, va="center")


def _write_range(axes: Axes, layout: _Layout, place: int, side: int, values: np.ndarray, score: str) -> None:
    top, left = layout.origin(place, side)
    kind = "hardest" if side else "easiest"
    text = f"{len(values)} {kind} ({score} {values[0]:.3g} to {values[-1]:.3g})" if len(values) else f"no {kind}"
    axes.text(left, top + 46, text, size=6.5, color=FAINT_INK, va="center")
