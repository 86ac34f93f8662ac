"""What statistics of images see: maps of some images, from easy to hard, each with the number that comes of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize, PowerNorm, to_rgb
from matplotlib.figure import Figure

from difficulty.figures.style.appearance import CORRUPT, FAINT_INK, INK, SEQUENTIAL, new_figure, styled
from difficulty.figures.style.axes import say_empty
from difficulty.figures.style.mosaic import PIXELS_PER_INCH, blank_canvas, paint, show_canvas, thumbnails
from difficulty.figures.style.text import counted, wrapped
from difficulty.scores.local_entropy import WINDOW

PARTS = ("easiest", "middle", "hardest")
NOTHING = 232  # level of grey where a map has no value
OUTLINE = "#D81B60"

_SIDE = 160
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
        figure, _ = new_figure(5, 1.2, title)
        say_empty(figure.add_subplot(), f"no example has a defined {score}")
        return figure
    statistics = list(maps[0])
    scales = {name: color_scale(name, [of_image[name] for of_image in maps]) for name in statistics}
    originals = thumbnails(images, _SIDE)
    layout = _Layout(table["part"].tolist(), len(statistics), *originals.shape[1:3])
    canvas, captions = blank_canvas(layout.height, layout.width), []
    for row, (original, image, of_image) in enumerate(zip(originals, images, maps, strict=True)):
        paint(canvas, original, *layout.corner(row, 0), CORRUPT if table["is_corrupt"].iloc[row] else None)
        for column, name in enumerate(statistics, start=1):
            top, left = layout.corner(row, column)
            paint(canvas, map_tile(name, of_image[name], image, scales[name]), top, left)
            captions.append((left, top + layout.tile_height + 7, _caption(name, table[name].iloc[row])))
    for column, name in enumerate(statistics, start=1):
        if scales[name]:
            shades = _colored(np.linspace(0, 1, layout.tile_width)[None], Normalize(0, 1)).repeat(_BAR, axis=0)
            paint(canvas, shades, layout.bar, layout.corner(0, column)[1])
    inches = (layout.width / PIXELS_PER_INCH, layout.height / PIXELS_PER_INCH)
    figure, below = new_figure(*inches, title, _notes(table, images, maps, score, direction), layout=None)
    axes = show_canvas(figure, canvas, below)
    for left, top, text in captions:
        axes.text(left, top, text, size=6.5, color=INK, va="top", gid="value")
    _write_headings(axes, layout, statistics, scales)
    _write_rows(axes, layout, table, class_names, score)
    return figure


def map_tile(name: str, values: np.ndarray, image: np.ndarray, scale: Normalize | None) -> np.ndarray:
    """The map of one image in colours, uint8 (h, w, 3), as large as the image's own thumbnail.

    image: uint8 (H, W, C); values: as `image_maps` gives them.
    """
    if name == "segments":
        return outlined(mean_colors(image, values), values)
    return thumbnails(_colored(spread_over(values, image.shape[:2]), scale)[None], _SIDE)[0]


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
    tile = thumbnails(colors[None], _SIDE)[0].copy()
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
    if _COLUMNS[name].unit is None:
        return None
    values = np.concatenate([one[np.isfinite(one)] for one in maps])
    low, high = (values.min(), values.max()) if len(values) else (1.0, 1.0)
    match name:
        case "dct_coefficients":
            return LogNorm(low, high if high > low else 10 * low)
        case "edge_strength":
            return PowerNorm(0.5, 0, high or 1)
    return Normalize(low, high if high > low else low + 1)


def _colored(values: np.ndarray, scale: Normalize) -> np.ndarray:
    """uint8 (H, W, 3) of values (H, W), grey where they are NaN."""
    known = np.isfinite(values)
    shares = np.asarray(scale(np.where(known, values, scale.vmin)), float)
    colors = matplotlib.colormaps[SEQUENTIAL](shares, bytes=True)[..., :3]
    return np.where(known[..., None], colors, np.uint8(NOTHING))


class _Layout:
    """Where things are on the canvas, in pixels."""

    def __init__(self, parts: list[str], maps: int, tile_height: int, tile_width: int):
        self.tile_height, self.tile_width = tile_height, tile_width
        self.step = max(tile_width, _SIDE) + _GAP
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


def _caption(name: str, value: float) -> str:
    return "undefined" if pd.isna(value) else _COLUMNS[name].caption(value)


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
