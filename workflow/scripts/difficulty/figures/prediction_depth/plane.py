"""Depth of each training example when it is held out against its depth when it is trained on, and the four corners.

After section 5 of Baldock, Maennel, Neyshabur 2021 (arXiv 2106.09647).
"""

from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from difficulty.figures.inputs import ONE
from difficulty.figures.prediction_depth.probe_axis import LONGEST_PROBE, probe_name
from difficulty.figures.reading import images_of, names_of_classes
from difficulty.figures.style.appearance import styled
from difficulty.figures.style.axes import empty_figure
from difficulty.figures.style.mosaic import blank_canvas, canvas_figure, paint, spread_out, thumbnails
from difficulty.figures.style.palette import CORRUPT, FAINT_INK, INK
from difficulty.figures.style.text import counted, shortened
from difficulty.scores.collect import SCORES
from difficulty.scores.runs import ROLE_SUFFIXES
from difficulty.tables import read_provenance, read_schema, read_table

INPUTS = {"scores": ONE, "family": ONE, "examples": ONE, "pixels": ONE}

IMAGES_PER_CORNER = 8
# By the axis of the plane.
_ROLES = {"training": "train", "validation": "validation"}
_NO_DEPTHS = (
    "No training example has a defined depth both held out and trained on: it takes folds, by which some runs hold an "
    "example out and others train on it."
)
_SIDE = 64
_GAP = 16
_LINE = 14
_HEADING = 62
_COLUMNS = 4
_CAPTION_CHARACTERS = 12
_PLANE = 600
_BETWEEN = 36
_BAR = 130
_PIXELS_PER_CHARACTER = 1.13  # times the font size
_MOST_WITH_COUNTS = 14
_MOST_NAMES = 41
_DENSITY = "Greys"


@dataclass(frozen=True)
class Corner:
    """What an example is called whose depths are high (1) or low (0) in the two roles."""

    name: str
    validation: int
    training: int


CORNERS = (
    Corner("looks like another class", 0, 1),
    Corner("ambiguous", 1, 1),
    Corner("easy", 0, 0),
    Corner("ambiguous unless labelled", 1, 0),
)


def draw(inputs: Namespace, settings: dict) -> Figure:
    """Reads the depths of the training examples, held out and trained on, and their images."""
    table = _read_depths(inputs.scores)
    return depth_plane_figure(
        table,
        images_of(inputs.pixels, table.index),
        names_of_classes(inputs.examples),
        read_provenance(inputs.family)["probes"],
        f"{inputs.scores.parent.name}: which training images look like another class, and which are ambiguous?",
    )


def _read_depths(scores: Path) -> pd.DataFrame:
    """Columns label, clean_label, is_corrupt, training and validation (NaN if the role has no depths) by example_id."""
    stored = read_schema(scores).columns
    columns = {axis: f"prediction_depth{ROLE_SUFFIXES[role]}" for axis, role in _ROLES.items()}
    known = [name for name in columns.values() if name in stored]
    table = read_table(scores, SCORES, ["example_id", "split", "label", "clean_label", "is_corrupt", *known])
    table = table[table["split"] == "train"].set_index("example_id").sort_index()
    return table.assign(**{axis: table[name] if name in known else np.nan for axis, name in columns.items()})


def quadrant(validation: np.ndarray, training: np.ndarray, corner: Corner, last: int) -> np.ndarray:
    """bool (N,): on the corner's side of the middle, last / 2, of both axes; no example is so for two corners."""
    sides = ((validation, corner.validation), (training, corner.training))
    beyond = [depth > last / 2 if high else depth < last / 2 for depth, high in sides]
    return beyond[0] & beyond[1]


def nearest_to(
    validation: np.ndarray, training: np.ndarray, corner: Corner, last: int, limit: int = IMAGES_PER_CORNER
) -> np.ndarray:
    """Rows of the at most `limit` examples of a corner's quadrant that are nearest to it, nearest first.

    validation, training: float (N,), depths from 0 to `last`. Of examples that are equally near and do not all find a
    place some are taken that are evenly spread over their rows.
    """
    rows = np.flatnonzero(quadrant(validation, training, corner, last))
    away = (validation[rows] - last * corner.validation, training[rows] - last * corner.training)
    distance = np.hypot(*away).round(6)
    order = np.argsort(distance, kind="stable")
    if len(rows) <= limit:
        return rows[order]
    farthest = distance[order[limit - 1]]
    nearer = order[distance[order] < farthest]
    equal = np.flatnonzero(distance == farthest)
    return rows[np.concatenate([nearer, equal[spread_out(len(equal), limit - len(nearer))]])]


def count_cells(validation: np.ndarray, training: np.ndarray, last: int) -> np.ndarray:
    """int (L, L): examples whose mean depths are nearest to probe (row: in training, column: held out); halves up."""
    nearest = (np.floor(depth + 0.5).astype(int) for depth in (training, validation))
    cells = np.zeros((last + 1, last + 1), int)
    np.add.at(cells, tuple(nearest), 1)
    return cells


@styled()
def depth_plane_figure(
    table: pd.DataFrame, images, class_names: Mapping[int, str], probes: Sequence[str], title: str
) -> Figure:
    """The plane of the two depths, and around it, at its corner, the images nearest to each.

    table: validation and training (mean depths over runs, NaN where undefined), label, clean_label, is_corrupt, one
    row per training example; images: uint8 (N, H, W, C), or what gives such when rows are asked for (once), in the same
    order.
    """
    defined = table[["validation", "training"]].notna().all(axis=1).to_numpy()
    if not defined.any():
        return empty_figure(title, _NO_DEPTHS, width=7.6)
    kept, places = table[defined], np.flatnonzero(defined)
    validation, training = kept["validation"].to_numpy(float), kept["training"].to_numpy(float)
    last, corrupt = len(probes) - 1, kept["is_corrupt"].to_numpy(bool)
    rows = {corner: nearest_to(validation, training, corner, last) for corner in CORNERS}
    shown = np.concatenate(list(rows.values()))
    marked = bool(corrupt[shown].any())
    first, *pictures = np.split(
        thumbnails(images[places[[0, *shown]]], _SIDE), np.cumsum([1, *map(len, rows.values())])[:-1]
    )
    layout = _Layout(*first.shape[1:3], 2 if marked else 1, probes)
    tiles = dict(zip(rows, pictures, strict=True))
    canvas, captions = _painted(layout, tiles, rows, corrupt)
    figure, axes, below = canvas_figure(canvas, title, _notes(len(kept), len(table), len(probes), marked))
    _write_captions(axes, captions, kept, class_names)
    for corner in CORNERS:
        members = quadrant(validation, training, corner, last)
        _write_heading(axes, layout, corner, int(members.sum()), int(corrupt[members].sum()))
    _draw_plane(figure, below, layout, count_cells(validation, training, last), probes)
    return figure


class _Layout:
    """Where things are on the canvas, in pixels."""

    def __init__(self, tile_height: int, tile_width: int, caption_lines: int, probes: Sequence[str]):
        self.tile_width = tile_width
        self.step = (tile_height + caption_lines * _LINE + 12, max(tile_width, _SIDE) + _GAP)
        self.block_width = _COLUMNS * self.step[1] - _GAP
        self.block_height = _HEADING + ceil(IMAGES_PER_CORNER / _COLUMNS) * self.step[0]
        self.name_size = 7 if len(probes) <= 20 else 5.5
        characters = max(len(probe_name(name, LONGEST_PROBE)) for name in probes)
        longest = characters * self.name_size * _PIXELS_PER_CHARACTER
        self.upright = longest > _PLANE / len(probes)
        self.plane_left = _GAP + self.block_width + _BETWEEN + round(longest) + 50
        self.plane_height = max(_PLANE, 2 * self.block_height)
        self.plane_top = 12
        bar = _BAR if len(probes) > _MOST_WITH_COUNTS else 0
        self.right_block = self.plane_left + _PLANE + _BETWEEN + bar
        self.width = self.right_block + self.block_width + _GAP
        names = longest if self.upright else 12
        self.height = self.plane_top + self.plane_height + round(names) + 60

    def block(self, corner: Corner) -> tuple[int, int]:
        """Upper left corner of a block: left of the plane, right of it, at its upper or its lower edge."""
        top = self.plane_top + (0 if corner.training else self.plane_height - self.block_height)
        return top, self.right_block if corner.validation else _GAP

    def image(self, corner: Corner, position: int) -> tuple[int, int]:
        """Upper left corner of an image, in the middle of its column."""
        top, left = self.block(corner)
        row, column = divmod(position, _COLUMNS)
        margin = (self.step[1] - _GAP - self.tile_width) // 2
        return top + _HEADING + row * self.step[0], left + column * self.step[1] + margin

    def in_figure(self, left: float, top: float, width: float, height: float, below: float) -> tuple:
        """A rectangle of the canvas in shares of the figure, of which the canvas takes the lower `below`."""
        bottom = 1 - (top + height) / self.height
        return left / self.width, below * bottom, width / self.width, below * height / self.height


def _painted(
    layout: _Layout, tiles: Mapping[Corner, Sequence], rows: Mapping[Corner, np.ndarray], is_corrupt: np.ndarray
) -> tuple[np.ndarray, list[tuple[float, float, int]]]:
    """(the canvas with the images of every corner, where each image's caption begins: x, y and the image's row)."""
    canvas, captions = blank_canvas(layout.height, layout.width), []
    for corner in tiles:
        for position, (row, tile) in enumerate(zip(rows[corner], tiles[corner], strict=True)):
            top, left = layout.image(corner, position)
            paint(canvas, tile, top, left, CORRUPT if is_corrupt[row] else None)
            captions.append((left + tile.shape[1] / 2, top + tile.shape[0] + 5, row))
    return canvas, captions


def _notes(shown: int, total: int, probes: int, marked: bool) -> list[str]:
    shade = "number of examples" if probes <= _MOST_WITH_COUNTS else "number of examples (logarithmic)"
    left_out = f"; left out: {total - shown:,} with no defined depth in one role or both" if total > shown else ""
    notes = [
        f"{counted(shown, 'training example')}, each by its mean depth over the runs that held it out (validation) and "
        f"over those that trained on it{left_out}. Cells: {shade} whose depths are nearest to the two probes. At each "
        f"corner: the up to {IMAGES_PER_CORNER} images nearest to it, nearest first, of those beyond the middle "
        "(dotted) of both axes; below each its given label."
    ]
    if marked:
        notes.append("Amber frame: the given label was planted wrong; the second line is the clean label.")
    return notes


def _write_captions(axes: Axes, captions: list, table: pd.DataFrame, class_names: Mapping[int, str]) -> None:
    given, clean = table["label"].to_numpy(), table["clean_label"].to_numpy()
    corrupt = table["is_corrupt"].to_numpy(bool)
    style = {"ha": "center", "va": "top", "size": 5.5, "color": INK}
    for x, y, row in captions:
        axes.text(x, y, shortened(class_names.get(given[row], given[row]), _CAPTION_CHARACTERS), **style)
        if corrupt[row]:
            name = shortened(f"({class_names.get(clean[row], clean[row])})", _CAPTION_CHARACTERS)
            axes.text(x, y + _LINE, name, **style)


def _write_heading(axes: Axes, layout: _Layout, corner: Corner, members: int, corrupt: int) -> None:
    top, left = layout.block(corner)
    heights = [("low", "high")[high] for high in (corner.validation, corner.training)]
    axes.text(left, top + 8, corner.name, size=8.5, weight="bold", color=INK, va="center", gid="corner")
    style = {"size": 6.5, "color": FAINT_INK, "va": "center"}
    axes.text(left, top + 27, "validation depth {}, training depth {}".format(*heights), **style)
    text = counted(members, "example") if members else "none"
    axes.text(left, top + 43, f"{text}, {corrupt:,} planted wrong" if corrupt else text, **style)


def _draw_plane(figure: Figure, below: float, layout: _Layout, cells: np.ndarray, probes: Sequence[str]) -> None:
    place = (layout.plane_left, layout.plane_top, _PLANE, layout.plane_height)
    axes = figure.add_axes(layout.in_figure(*place, below), gid="plane")
    count, norm = len(probes), LogNorm(0.6, max(cells.max(), 2))  # a single example is not white
    image = axes.imshow(
        np.ma.masked_equal(cells, 0), cmap=_DENSITY, norm=norm, origin="lower", aspect="auto", gid="cells"
    )
    axes.set_xticks(np.arange(count + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(count + 1) - 0.5, minor=True)
    axes.grid(False)
    axes.grid(which="minor")
    for style in ({"color": "white", "linewidth": 2}, {"color": INK, "linewidth": 1, "linestyle": (0, (1, 2))}):
        axes.axvline((count - 1) / 2, **style)
        axes.axhline((count - 1) / 2, **style)
    shown = spread_out(count, _MOST_NAMES)
    names = [probe_name(probes[position], LONGEST_PROBE) for position in shown]
    axes.set_xticks(shown, names, rotation=90 if layout.upright else 0)
    axes.set_yticks(shown, names)
    axes.tick_params(which="both", length=0, labelsize=layout.name_size)
    axes.set(xlabel="validation depth (held out)", ylabel="training depth (trained on)")
    if count <= _MOST_WITH_COUNTS:
        _write_counts(axes, image, cells)
    else:
        _add_bar(figure, image, below, layout)


def _write_counts(axes: Axes, image: AxesImage, cells: np.ndarray) -> None:
    for row, column in zip(*np.nonzero(cells), strict=True):
        shade = image.norm(cells[row, column])
        behind = {"facecolor": image.cmap(shade), "linewidth": 0, "pad": 1}
        style = {"ha": "center", "va": "center", "size": 6.5, "color": "white" if shade > 0.55 else INK}
        axes.text(column, row, f"{cells[row, column]:,}", gid="count", bbox=behind, **style)


def _add_bar(figure: Figure, image: AxesImage, below: float, layout: _Layout) -> None:
    left, height = layout.plane_left + _PLANE + 20, layout.plane_height
    bar = figure.add_axes(layout.in_figure(left, layout.plane_top + height / 4, 14, height / 2, below))
    powers = 10 ** np.arange(np.log10(image.norm.vmax) + 1e-9, dtype=float)
    figure.colorbar(image, cax=bar, label="examples", ticks=powers, format="{x:,.0f}").minorticks_off()
    bar.tick_params(length=2, labelsize=6.5)
    bar.set_ylim(1, None)
    bar.grid(False)
