"""The sheet of influential images: rows of small images with what is written next to and below them."""

from collections.abc import Mapping, Sequence
from math import ceil

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from difficulty.figures.influence.choice import Influential
from difficulty.figures.style.mosaic import FRAME, PIXELS_PER_INCH, blank_canvas, canvas_figure, paint
from difficulty.figures.style.palette import CORRUPT, FAINT_INK, INK, WRONG_TEXT
from difficulty.figures.style.text import shortened

DUPLICATE = "#0072B2"
SIGNS = {True: "helpful", False: "harmful"}  # by whether they help
SIDE = 64  # pixels of the canvas, as all that follow
HEADING = 52
_COLUMN = 84
_LEAST_COLUMNS = 4  # what the headings need
_LEFT = 15
_TEXT = 176
_BETWEEN_SIGNS = 40
_LINE, _QUERY_LINE = 14, 17
_ABOVE_CAPTION, _BELOW_CAPTION = 9, 15
_LEAST_STEP = 96
_SIZE, _QUERY_SIZE = 5.5, 6.5  # points


def signed(influence: float) -> str:
    """Three significant digits: `+0.0123`, `−4.50e-05`, `+12,300`."""
    text = f"{influence:+#.3g}".removesuffix(".")
    if 1e3 <= abs(float(text)) < 1e6:
        text = f"{float(text):+,.0f}"
    return text.replace("-", "−", 1) if influence < 0 else text


def fitted(name: str, pixels: float, size: float, weight: str, pattern: str = "{}") -> str:
    """`pattern` with the name in it, which is shortened until the text is at most so many canvas pixels wide."""
    font, points = FontProperties(size=size, weight=weight), pixels / PIXELS_PER_INCH * 72
    for limit in range(max(min(len(name), 60), 1), 0, -1):
        text = pattern.format(shortened(name, limit))
        if text_to_path.get_text_width_height_descent(text, font, False)[0] <= points:
            break
    return text


class Layout:
    """Where things are on the canvas, in pixels."""

    def __init__(self, chosen: Influential, tile_height: int, any_planted: bool):
        self.columns, self.tile_height = chosen.images, tile_height
        self.texts = _LEFT + SIDE + 14
        self.block = max(self.columns, _LEAST_COLUMNS) * _COLUMN
        self.lefts = {True: self.texts + _TEXT, False: self.texts + _TEXT + self.block + _BETWEEN_SIGNS}
        self.width = self.lefts[False] + self.block + 5
        around = _ABOVE_CAPTION + _BELOW_CAPTION
        self.step = max(tile_height + around + (2 + any_planted) * _LINE, _LEAST_STEP)
        self.overall_step = tile_height + around + (3 + any_planted) * _LINE
        self.second = self.row(len(chosen.queries)) + 4
        most = max(len(table) for table in chosen.overall.values())
        self.height = self.second + HEADING + max(ceil(most / self.columns), 1) * self.overall_step

    def row(self, place: int) -> int:
        """Top of the images of a query."""
        return HEADING + place * self.step

    def blocks(self) -> list[tuple[float, float]]:
        """Left and right edge of the queries and of the two blocks of training images."""
        margin = (_COLUMN - SIDE) / 2
        blocks = [(left + margin, left + self.block - margin) for left in self.lefts.values()]
        return [(_LEFT, self.lefts[True] - margin), *blocks]

    def middle(self, helpful: bool, position: int) -> int:
        """Of a training image at this position of its row, from left to right."""
        return self.lefts[helpful] + position * _COLUMN + _COLUMN // 2


class Sheet:
    """A canvas with images and what is written on it."""

    def __init__(self, layout: Layout, labels: pd.DataFrame, tiles: np.ndarray, class_names: Mapping[int, str]):
        self._layout, self._class_names = layout, class_names
        self._labels = {row.Index: row for row in labels.itertuples()}
        self._tiles = dict(zip(labels.index, tiles, strict=True))
        self._canvas = blank_canvas(layout.height, layout.width)
        self._texts, self._rules = [], []

    def add_heading(self, top: int, left_heading: str, headings: Mapping[bool, str]) -> None:
        """A rule; below it a heading at the left and one of each block of training images."""
        self._rules.append(top + 6)
        style = {"size": 8.5, "weight": "bold", "va": "center"}
        self._write(_LEFT, top + 27, left_heading, **style)
        for helpful, heading in headings.items():
            self._write(self._layout.middle(helpful, 0) - SIDE / 2, top + 27, heading, **style)

    def explain(self, text: str, top: int) -> None:
        """A text in place of a query."""
        self._write(_LEFT, top, text, size=_QUERY_SIZE, color=FAINT_INK, va="top", linespacing=1.25)

    def add_query(self, query, top: int, remarks: Sequence[str]) -> None:
        """A row of QUERIES: its image, its label, what is predicted if that is wrong, and the remarks."""
        self._paint(query.example_id, _LEFT + SIDE // 2, top, [])
        lines = [(self._name(query.label), "label: {}", INK, "bold")]
        if not pd.isna(query.predicted) and query.predicted != query.label:
            lines.append((self._name(query.predicted), "predicted: {}", WRONG_TEXT, "normal"))
        lines += [(remark, "{}", FAINT_INK, "normal") for remark in remarks]
        first = top + max(self._layout.tile_height - len(lines) * _QUERY_LINE, 0) / 2 + _QUERY_LINE / 2
        for number, (name, pattern, color, weight) in enumerate(lines):
            text = fitted(name, _TEXT - 6, _QUERY_SIZE, weight, pattern)
            style = {"size": _QUERY_SIZE, "color": color, "weight": weight, "va": "center", "gid": "query"}
            self._write(self._layout.texts, first + number * _QUERY_LINE, text, **style)

    def add_tops(self, table: pd.DataFrame, top: int, helpful: bool, label: int) -> None:
        """Rows of INFLUENTIAL of one query and sign; label: the query's."""
        for position, row in enumerate(table.itertuples()):
            middle = self._layout.middle(helpful, position)
            self._add_training(row.example_id, middle, top, [signed(row.influence)], label, row.is_duplicate)
        if not len(table):
            self._say_none(top, helpful)

    def add_overall(self, table: pd.DataFrame, top: int, helpful: bool) -> None:
        """Rows of OVERALL_INFLUENCE of one sign, in as many lines as they need."""
        for position, row in enumerate(table.itertuples()):
            line, column = divmod(position, self._layout.columns)
            numbers = [signed(row.influence), f"top of {getattr(row, f'top_{SIGNS[helpful]}'):,}"]
            middle = self._layout.middle(helpful, column)
            self._add_training(row.example_id, middle, top + line * self._layout.overall_step, numbers)
        if not len(table):
            self._say_none(top, helpful)

    def drawn(self, title: str, notes: Sequence[str]) -> Figure:
        """The figure of all that was added."""
        figure, axes, _ = canvas_figure(self._canvas, title, notes)
        for left, right in self._layout.blocks():
            axes.hlines(self._rules, left, right, color=FAINT_INK, linewidth=0.6)
        for x, y, text, style in self._texts:
            axes.text(x, y, text, **style)
        return figure

    def _add_training(
        self, example_id: int, middle: int, top: int, numbers: list[str], label: int | None = None, duplicate=False
    ) -> None:
        """A training image in its frames, below it the numbers and its labels, the given one bold if it is `label`."""
        given = self._labels[example_id]
        framed = {DUPLICATE: duplicate, CORRUPT: given.is_corrupt}
        self._paint(example_id, middle, top, [color for color, applies in framed.items() if applies])
        lines = [(number, "{}", FAINT_INK, "normal") for number in numbers]
        lines.append((self._name(given.label), "{}", INK, "bold" if given.label == label else "normal"))
        if given.is_corrupt:
            lines.append((self._name(given.clean_label), "({})", INK, "normal"))
        for number, (name, pattern, color, weight) in enumerate(lines):
            text = fitted(name, _COLUMN - 4, _SIZE, weight, pattern)
            y = top + self._layout.tile_height + _ABOVE_CAPTION + number * _LINE
            style = {"size": _SIZE, "color": color, "weight": weight, "ha": "center", "va": "top", "gid": "training"}
            self._write(middle, y, text, **style)

    def _paint(self, example_id: int, middle: int, top: int, frames: Sequence[str]) -> None:
        """An image, with frames from the innermost to the outermost."""
        tile = self._tiles[example_id]
        left = middle - tile.shape[1] // 2
        for ring, color in reversed(list(enumerate(frames))):
            inner = ring * FRAME  # of the frames that are painted over it later
            framed = np.pad(tile, ((inner, inner), (inner, inner), (0, 0)))
            paint(self._canvas, framed, top - inner, left - inner, color)
        paint(self._canvas, tile, top, left)

    def _say_none(self, top: int, helpful: bool) -> None:
        left = self._layout.middle(helpful, 0) - SIDE / 2
        style = {"size": _QUERY_SIZE, "color": FAINT_INK, "va": "center"}
        self._write(left, top + self._layout.tile_height / 2, "none", **style)

    def _write(self, x: float, y: float, text: str, **style) -> None:
        self._texts.append((x, y, text, {"color": INK, **style}))

    def _name(self, label: float) -> str:
        return str(self._class_names.get(int(label), int(label)))
