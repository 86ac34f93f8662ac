"""Some examples of one run, shallow to deep: what their neighbours vote at each probe, what the network said when.

Prediction depth of Baldock, Maennel, Neyshabur 2021 (arXiv 2106.09647). Shapes: N examples, L probes, E epochs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from difficulty.figures.prediction_depth.probe_axis import probe_name
from difficulty.figures.style.appearance import CORRUPT, INK, new_figure, styled
from difficulty.figures.style.axes import say_empty
from difficulty.figures.style.mosaic import PIXELS_PER_INCH, blank_canvas, paint, show_canvas, spread_out, thumbnails
from difficulty.figures.style.text import counted, shortened
from difficulty.scores.votes import prediction_depth

EXAMPLES = 12
# Paul Tol's light palette, on which dark text can be read.
PREDICTED, GIVEN, NEITHER = "#77AADD", "#FFAABB", "#DDDDDD"

_SIDE = 64
_ROW = 80
_LEFT = 20
_TEXT = 190
_BETWEEN = 60
_LEGEND = 44
_TICK = 14
_CELL = {"probes": 68, "epochs": 44}
_NARROWEST, _WIDEST = 420, 700
_BAND = 0.62
_NAME_CHARACTERS = 18
_LABEL_CHARACTERS = 14
_PIXELS_PER_CHARACTER = 1.17  # times the font size
_CLASS_SIZE = 5.5
_LEAST_BESIDE = 30
_FEWEST_CHARACTERS = 4
_MOST_NAMES = 42
_MOST_APART = 60


@dataclass(frozen=True)
class Votes:
    """What one run makes of N examples with one role.

    vote, tied: (N, L), of the neighbours at each probe; predicted: (N,), by the network at the probed checkpoint;
    by_epoch: (E, N), by the network after each epoch.
    """

    vote: np.ndarray
    tied: np.ndarray
    predicted: np.ndarray
    by_epoch: np.ndarray


def choose_rows(depth: np.ndarray, limit: int = EXAMPLES) -> np.ndarray:
    """Rows of at most `limit` examples, from shallow to deep, those of undefined depth (NaN) last.

    They are evenly spread over the ranking by depth, equals in the order of the rows; but where a depth that occurs
    would have no row, the depth with the most rows gives one up to it. If there are more depths than `limit` this
    holds for the deepest and for an undefined one alone.
    """
    ranks, level = np.unique(depth, return_inverse=True)
    order = np.argsort(level, kind="stable")
    chosen = np.bincount(level[order[spread_out(len(depth), limit)]], minlength=len(ranks))
    wanted = range(len(ranks)) if len(ranks) <= limit else np.flatnonzero(np.append(np.isnan(ranks[1:]), True))
    for missing in wanted:
        if not chosen[missing]:
            most = np.flatnonzero(chosen == chosen.max())
            shallower = most[most < missing]
            chosen[shallower[-1] if len(shallower) else most[0]] -= 1
            chosen[missing] = 1
    members = np.split(order, np.cumsum(np.bincount(level))[:-1])
    return np.concatenate(
        [rows[spread_out(len(rows), count)] for rows, count in zip(members, chosen, strict=True) if count]
    )


def colors_of(classes: np.ndarray, predicted: np.ndarray, given: np.ndarray) -> np.ndarray:
    """RGB (N, L, 3) of the classes (N, L): as predicted (N,), else as given (N,), else neither."""
    colors = np.full((*classes.shape, 3), to_rgb(NEITHER))
    colors[classes == given[:, None]] = to_rgb(GIVEN)
    colors[classes == predicted[:, None]] = to_rgb(PREDICTED)
    return colors


@styled()
def depth_votes_figure(
    votes: Votes,
    table: pd.DataFrame,
    images,
    class_names: Mapping[int, str],
    probes: Sequence[str],
    title: str,
    neighbors: int = 30,
) -> Figure:
    """One row per chosen example: image and labels, a strip of votes with its depth, a strip of predictions.

    table: label, clean_label, is_corrupt, one row per example, as in `votes`; images: uint8 (N, H, W, C), or what gives
    such when rows are asked for, in the same order. neighbors: how many vote.
    """
    if not len(table):
        figure, _ = new_figure(7.6, 1.2, title)
        say_empty(figure.add_subplot(), "no training example has votes and records")
        return figure
    depth, _ = prediction_depth(votes.vote, votes.predicted)
    rows = choose_rows(depth)
    shown = table.iloc[rows]
    layout = _Layout(len(rows), probes, len(votes.by_epoch))
    canvas = blank_canvas(layout.height, layout.width)
    corrupt = shown["is_corrupt"].to_numpy(bool)
    for place, tile in enumerate(thumbnails(images[rows], _SIDE)):
        top = layout.top + place * _ROW + (_ROW - tile.shape[0]) // 2
        paint(canvas, tile, top, _LEFT + (_SIDE - tile.shape[1]) // 2, CORRUPT if corrupt[place] else None)
    figure, below = new_figure(
        layout.width / PIXELS_PER_INCH,
        layout.height / PIXELS_PER_INCH,
        title,
        _notes(len(rows), len(table), int(np.isnan(depth).sum()), neighbors),
        layout=None,
    )
    axes = show_canvas(figure, canvas, below)
    predicted = votes.predicted[rows]
    for place, row in enumerate(rows):
        lines = _labels(shown.iloc[place], predicted[place], depth[row], class_names, probes)
        style = {"size": 6, "va": "center", "linespacing": 1.25, "gid": "labels"}
        axes.text(layout.texts, layout.top + (place + 0.5) * _ROW, "\n".join(lines), **style)
    given = shown["label"].to_numpy()
    strips = {"probes": votes.vote[rows], "epochs": votes.by_epoch[:, rows].T}
    for name, classes in strips.items():
        strip = figure.add_axes(layout.strip(name, below), gid=name)
        _draw_strip(strip, classes, colors_of(classes, predicted, given))
        _write_classes(strip, classes, layout.cells[name], class_names)
    first, second = figure.axes[-2:]
    _name_probes(first, probes, layout)
    _mark_depths(first, depth[rows], votes.tied[rows], layout.cells["probes"])
    _name_epochs(second, len(votes.by_epoch))
    _write_heading(axes, layout, "probes", f"vote of {neighbors} neighbours at each probe")
    _write_heading(axes, layout, "epochs", "prediction after each epoch")
    style = {"loc": "center left", "ncols": 6, "handlelength": 1.6, "columnspacing": 1.2}
    anchor = (0, below * (1 - _LEGEND / 2 / layout.height))
    figure.legend(handles=_legend(votes.tied[rows].any(), corrupt.any()), bbox_to_anchor=anchor, **style)
    return figure


class _Layout:
    """Where things are on the canvas, in pixels."""

    def __init__(self, rows: int, probes: Sequence[str], epochs: int):
        counts = {"probes": len(probes), "epochs": epochs}
        self.widths = {name: min(max(count * _CELL[name], _NARROWEST), _WIDEST) for name, count in counts.items()}
        self.cells = {name: self.widths[name] / count for name, count in counts.items()}
        self.name_size = 6.5 if len(probes) <= 20 else 5.5
        characters = max(len(probe_name(name, _NAME_CHARACTERS)) for name in probes)
        longest = characters * self.name_size * _PIXELS_PER_CHARACTER
        self.upright = longest > self.cells["probes"]
        self.name_rooms = {"probes": longest if self.upright else _TICK, "epochs": _TICK}
        self.top = _LEGEND + 38 + round(self.name_rooms["probes"])
        self.bottom = self.top + rows * _ROW
        self.texts = _LEFT + _SIDE + 12
        self.lefts = {"probes": self.texts + _TEXT}
        self.lefts["epochs"] = self.lefts["probes"] + self.widths["probes"] + _BETWEEN
        self.width = self.lefts["epochs"] + self.widths["epochs"] + 24
        self.height = self.bottom + 12

    def strip(self, name: str, below: float) -> tuple[float, float, float, float]:
        """Place of a strip's axes in shares of the figure, of which the canvas takes the lower `below`."""
        height = (self.bottom - self.top) / self.height
        bottom = 1 - self.bottom / self.height
        return self.lefts[name] / self.width, below * bottom, self.widths[name] / self.width, below * height


def _notes(shown: int, total: int, undefined: int, neighbors: int) -> list[str]:
    which = counted(total, "training example")
    if shown < total:
        which = (
            f"{shown} of {which}, evenly spread over their ranking, but with each depth that occurs if there is room"
        )
    text = (
        f"From shallow (top) to deep: {which}. Left: the class that most of the {neighbors} nearest training examples "
        "have at each probe; the depth is the first probe from which on it is the network's prediction at this "
        "checkpoint"
    )
    if undefined:
        text += f", undefined ({undefined:,} in all) where it is not at the last"
    return [f"{text}. Right: what the network predicted after each epoch, in the same colours."]


def _labels(example: pd.Series, predicted: int, depth: float, class_names: Mapping[int, str], probes) -> list[str]:
    def name(label):
        return shortened(class_names.get(label, label), _LABEL_CHARACTERS)

    lines = [f"given: {name(example['label'])}"]
    if example["is_corrupt"]:
        lines.append(f"clean: {name(example['clean_label'])}")
    lines.append(f"predicted: {name(predicted)}")
    reached = "undefined" if np.isnan(depth) else probe_name(probes[int(depth)], _NAME_CHARACTERS)
    return [*lines, f"depth: {reached}"]


def _write_heading(axes: Axes, layout: _Layout, name: str, text: str) -> None:
    top = layout.top - layout.name_rooms[name] - 22
    axes.text(layout.lefts[name], top, text, size=8.5, weight="bold", color=INK, va="center")


def _draw_strip(axes: Axes, classes: np.ndarray, colors: np.ndarray) -> None:
    rows, columns = classes.shape
    axes.imshow(colors, aspect="auto", interpolation="nearest")
    points = _ROW / PIXELS_PER_INCH * 72
    axes.hlines(np.arange(rows + 1) - 0.5, -0.5, columns - 0.5, color="white", linewidth=(1 - _BAND) * points)
    if columns <= _MOST_APART:
        axes.vlines(np.arange(columns + 1) - 0.5, -0.5, rows - 0.5, color="white", linewidth=1.2)
    axes.grid(False)
    axes.spines[:].set_visible(False)
    axes.set_yticks([])
    axes.xaxis.tick_top()
    axes.tick_params(length=0, pad=1, labelsize=6.5)


def _write_classes(axes: Axes, classes: np.ndarray, cell: float, class_names: Mapping[int, str]) -> None:
    """Names in the cells, where the names of all, or enough of their letters to tell them, find room."""
    names = {label: str(class_names.get(label, label)) for label in np.unique(classes)}
    room = int((cell - 4) / (1.1 * _CLASS_SIZE * _PIXELS_PER_CHARACTER))
    if max(map(len, names.values())) > room and room < _FEWEST_CHARACTERS:
        return
    style = {"ha": "center", "va": "center", "size": _CLASS_SIZE, "color": INK, "gid": "class"}
    for (row, column), label in np.ndenumerate(classes):
        axes.text(column, row, shortened(names[label], room), **style)


def _name_probes(axes: Axes, probes: Sequence[str], layout: _Layout) -> None:
    shown = spread_out(len(probes), _MOST_NAMES)
    names = [probe_name(probes[position], _NAME_CHARACTERS) for position in shown]
    axes.set_xticks(shown, names, rotation=90 if layout.upright else 0, size=layout.name_size)


def _name_epochs(axes: Axes, epochs: int) -> None:
    shown = np.arange(1, epochs + 1)
    if epochs > 15:
        ticks = MaxNLocator(10, integer=True).tick_values(1, epochs).astype(int)
        shown = np.unique([1, *ticks[(ticks >= 1) & (ticks <= epochs)]])
    axes.set_xticks(shown - 1, [str(epoch) for epoch in shown])


def _mark_depths(axes: Axes, depth: np.ndarray, tied: np.ndarray, cell: float) -> None:
    defined = np.flatnonzero(~np.isnan(depth))
    at = depth[defined] - 0.5
    half = _BAND / 2 + 0.1
    axes.vlines(at, defined - half, defined + half, color=INK, linewidth=2.4, clip_on=False, gid="depth")
    row, column = np.nonzero(tied)
    style = {"color": INK, "s": 5, "linewidths": 0, "gid": "tie"}
    axes.scatter(column + (0.36 if cell >= _LEAST_BESIDE else 0), row - _BAND / 2 + 0.1, **style)


def _legend(any_tied: bool, any_corrupt: bool) -> list:
    handles = [
        Patch(color=PREDICTED, label="the network's prediction"),
        Patch(color=GIVEN, label="the given label, not predicted"),
        Patch(color=NEITHER, label="another class"),
        Line2D([], [], color=INK, linewidth=2.4, label="depth"),
    ]
    if any_tied:
        tie = {"marker": "o", "markersize": 2.3, "color": INK, "linestyle": "none"}
        handles.append(Line2D([], [], label="tied vote", **tie))
    if any_corrupt:
        handles.append(Patch(facecolor="white", edgecolor=CORRUPT, linewidth=1.6, label="planted wrong label"))
    return handles
