"""What statistics of images see: maps of some images, from easy to hard, each with the number that comes of it."""

from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from difficulty.figures.images.map_tiles import SIDE, color_scale, colored, map_tile, ticks
from difficulty.figures.inputs import ONE
from difficulty.figures.reading import images_of, names_of_classes, ranking_of
from difficulty.figures.style.appearance import styled
from difficulty.figures.style.axes import empty_figure
from difficulty.figures.style.mosaic import blank_canvas, canvas_figure, paint, thumbnails
from difficulty.figures.style.palette import CORRUPT, FAINT_INK, INK
from difficulty.figures.style.text import counted, wrapped
from difficulty.scores.collect import SCORES
from difficulty.scores.images.local_entropy import WINDOW
from difficulty.scores.images.statistics import image_maps, shrunk
from difficulty.tables import read_table

INPUTS = {"scores": ONE, "examples": ONE, "pixels": ONE}

PARTS = ("easiest", "middle", "hardest")
_ROLE = "train"

_TEXT = 176
_GAP = 26
_LEFT = 15
_HEADING = 104
_PART = 40
_CAPTION = 34
_BAR = 9
_NAME_CHARACTERS = 20


@dataclass(frozen=True)
class _Column:
    """How the map of one statistic is shown. unit: of the colours; None: the map is no quantity."""

    explanation: str
    caption: Callable[[float], str]
    unit: str | None


_COLUMNS = {
    "local_entropy": _Column("entropy around each place", lambda value: f"{value:.2f} bits", "bits"),
    "segments": _Column("in their mean colours", lambda value: counted(int(value), "segment"), None),
    "edge_strength": _Column(
        "gradient of luma", lambda value: f"{value:,.0f}" if value >= 1000 else f"{value:.4g}", "luma per pixel"
    ),
    "dct_coefficients": _Column("cosine coefficients", lambda value: f"{value:.3g} %", "luma"),
}


def draw(inputs: Namespace, settings: dict) -> Figure:
    """Reads the scores and statistics of the training images, and computes the maps of those that are shown."""
    score, statistics = settings["score"], settings["statistics"]
    column, direction = ranking_of(inputs.scores, score, _ROLE, "figures.image_maps.score")
    wanted = ["example_id", "label", "clean_label", "is_corrupt", f"runs_{_ROLE}", column, *statistics]
    table = read_table(inputs.scores, SCORES, wanted)
    table = table[table[f"runs_{_ROLE}"] > 0].rename(columns={column: "value"})
    chosen = choose_images(table["value"].to_numpy(float, na_value=np.nan) * direction, settings["count"])
    table = pd.concat([table.iloc[rows].assign(part=part) for part, rows in chosen.items()])
    images = shrunk(images_of(inputs.pixels, table["example_id"])[:], settings.get("size"))
    return image_maps_figure(
        table,
        images,
        [image_maps(image, statistics) for image in images],
        names_of_classes(inputs.examples),
        f"{inputs.scores.parent.name}: what do statistics see in easy and hard images, by {score}?",
        score,
        direction,
    )


def choose_images(hardness: np.ndarray, count: int) -> dict[str, np.ndarray]:
    """Rows of the `count` easiest, middle and hardest examples, each from easy to hard; none occurs twice.

    hardness: float (N,), higher is harder, NaN where undefined (left out); equal ones in the order of the rows. Of
    fewer than three times as many examples all are chosen, the easier and then the harder ones first.
    """
    order = np.argsort(hardness, kind="stable")[: np.count_nonzero(~np.isnan(hardness))]
    easy = min(count, ceil(len(order) / 3))
    hard = min(count, ceil((len(order) - easy) / 2))
    between = order[easy : len(order) - hard]
    start = max(len(between) - count, 0) // 2
    chosen = (order[:easy], between[start : start + count], order[len(order) - hard :])
    return dict(zip(PARTS, chosen, strict=True))


@styled()
def image_maps_figure(
    table: pd.DataFrame,
    images: np.ndarray,
    maps: Sequence[Mapping[str, np.ndarray]],
    class_names: Mapping[int, str],
    title: str,
    score: str,
    direction: int,
) -> Figure:
    """A row per image: the image, then its map of each statistic with the statistic's value; one scale per column.

    table: part (one of PARTS, in their order), label (given), clean_label, is_corrupt, value (the score) and a column
    of each statistic, one row per image; images: uint8 (N, H, W, C) and their `image_maps`, in the same order.
    direction: +1 if a higher value of the score is harder, -1 if a lower one is.
    """
    if table.empty:
        return empty_figure(title, f"no example has a defined {score}", width=5)
    statistics = list(maps[0])
    scales = {name: color_scale(name, [of_image[name] for of_image in maps]) for name in statistics}
    originals = thumbnails(images, SIDE)
    layout = _Layout(table["part"].tolist(), len(statistics), *originals.shape[1:3])
    canvas = blank_canvas(layout.height, layout.width)
    for row, (original, is_corrupt) in enumerate(zip(originals, table["is_corrupt"], strict=True)):
        paint(canvas, original, *layout.corner(row, 0), CORRUPT if is_corrupt else None)
    for column, name in enumerate(statistics, start=1):
        _paint_column(canvas, layout, column, name, images, [of_image[name] for of_image in maps], scales[name])
    figure, axes, _ = canvas_figure(canvas, title, _notes(table, images, maps, score, direction))
    _write_headings(axes, layout, statistics, scales)
    _write_values(axes, layout, table[statistics])
    _write_rows(axes, layout, table, class_names, score)
    return figure


def _paint_column(
    canvas: np.ndarray,
    layout: "_Layout",
    column: int,
    name: str,
    images: np.ndarray,
    maps: Sequence[np.ndarray],
    scale: Normalize | None,
) -> None:
    """The map of one statistic of every image, and at the top the colours of its scale, if it has one."""
    for row, (image, of_image) in enumerate(zip(images, maps, strict=True)):
        paint(canvas, map_tile(name, of_image, image, scale), *layout.corner(row, column))
    if scale:
        shades = colored(np.linspace(0, 1, layout.tile_width)[None], Normalize(0, 1)).repeat(_BAR, axis=0)
        paint(canvas, shades, layout.bar, layout.corner(0, column)[1])


class _Layout:
    """Where things are on the canvas, in pixels."""

    def __init__(self, parts: list[str], maps: int, tile_height: int, tile_width: int):
        self.tile_height, self.tile_width = tile_height, tile_width
        self.step = max(tile_width, SIDE) + _GAP
        self.width = _LEFT + _TEXT + (1 + maps) * self.step
        self.bar = 52
        self.part_tops, self._tops, top = {}, [], _HEADING
        for part in parts:
            if part not in self.part_tops:
                self.part_tops[part] = top
                top += _PART
            self._tops.append(top)
            top += tile_height + _CAPTION
        self.height = top + 6

    def corner(self, row: int, column: int) -> tuple[int, int]:
        """Upper left corner of a tile; column 0 has the images."""
        return self._tops[row], _LEFT + _TEXT + column * self.step


def _notes(table: pd.DataFrame, images: np.ndarray, maps: Sequence, score: str, direction: int) -> list[str]:
    height, width = images.shape[1:3]
    harder = "higher" if direction > 0 else "lower"
    notes = [
        f"{counted(len(table), 'training image')} of {height} × {width} pixels, by {score} ({harder} is harder). "
        "Below each map stands the statistic that comes of it; the maps of a column share one scale of colours."
    ]
    about = []
    if "local_entropy" in maps[0]:
        window = " × ".join(str(min(WINDOW, side)) for side in (height, width))
        where = "the whole image" if max(height, width) <= WINDOW else f"windows of {window} pixels, in their middle"
        about.append(f"Entropy: of {where}; its mean is the statistic.")
    if "edge_strength" in maps[0]:
        about.append("Gradient: its sum is the statistic.")
    if "dct_coefficients" in maps[0]:
        about.append(
            "Cosine coefficients: the mean of the image in the upper left corner, fine detail to the right and below; "
            "coloured are the largest, which have 0.9998 of the norm; their number, less one, is the statistic's share."
        )
    if table["is_corrupt"].any():
        about.append("Amber frame: the given label was planted wrong; the clean label is in brackets.")
    return [*notes, " ".join(about)]


def _write_headings(axes: Axes, layout: _Layout, statistics: list[str], scales: Mapping) -> None:
    for column, name in enumerate(["image", *statistics]):
        left = layout.corner(0, column)[1]
        axes.text(left, 16, name, size=7.5, weight="bold", color=INK, va="center")
        if name not in _COLUMNS:
            continue
        axes.text(left, 37, _COLUMNS[name].explanation, size=6, color=FAINT_INK, va="center")
        if not (scale := scales[name]):
            continue
        for value in ticks(scale):
            x = left + float(scale(value)) * layout.tile_width
            axes.plot((x, x), (layout.bar + _BAR, layout.bar + _BAR + 4), color=FAINT_INK, linewidth=0.5)
            axes.text(x, layout.bar + _BAR + 7, f"{value:g}", size=5.5, color=INK, ha="center", va="top")
        axes.text(left, layout.bar + _BAR + 22, _COLUMNS[name].unit, size=5.5, color=FAINT_INK, va="top")


def _write_values(axes: Axes, layout: _Layout, statistics: pd.DataFrame) -> None:
    """Below each map the statistic that comes of it. statistics: a row per image, a column per map."""
    for row, values in enumerate(statistics.itertuples(index=False)):
        for column, (name, value) in enumerate(zip(statistics, values, strict=True), start=1):
            top, left = layout.corner(row, column)
            text = "undefined" if pd.isna(value) else _COLUMNS[name].caption(value)
            axes.text(left, top + layout.tile_height + 7, text, size=6.5, color=INK, va="top", gid="value")


def _write_rows(axes: Axes, layout: _Layout, table: pd.DataFrame, class_names: Mapping[int, str], score: str) -> None:
    for part, top in layout.part_tops.items():
        axes.plot((_LEFT, layout.width - _GAP), (top + 4, top + 4), color=FAINT_INK, linewidth=0.6)
        axes.text(_LEFT, top + 21, part, size=8, weight="bold", color=INK, va="center")
    for row, example in enumerate(table.itertuples()):
        top = layout.corner(row, 0)[0]
        name = wrapped(class_names.get(example.label, example.label), _NAME_CHARACTERS)
        axes.text(_LEFT, top + 2, name, size=7, weight="bold", color=INK, va="top", linespacing=1.2)
        lines = [f"({class_names.get(example.clean_label, example.clean_label)})"] if example.is_corrupt else []
        lines = [wrapped(line, _NAME_CHARACTERS) for line in lines] + [f"{score} {example.value:.3g}"]
        below = top + 2 + 18 * (1 + name.count("\n"))
        axes.text(_LEFT, below, "\n".join(lines), size=6.5, color=FAINT_INK, va="top", linespacing=1.35)
