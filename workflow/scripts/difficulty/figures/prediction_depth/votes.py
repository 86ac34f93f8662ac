"""Some examples of one run, shallow to deep: what their neighbours vote at each probe, what the network said when.

Prediction depth of Baldock, Maennel, Neyshabur 2021 (arXiv 2106.09647). Shapes: N examples, L probes, E epochs.
"""

from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from difficulty.figures.inputs import ONE
from difficulty.figures.prediction_depth.probe_axis import LONGEST_PROBE, probe_name
from difficulty.figures.prediction_depth.strips import (
    ROW,
    draw_strip,
    longest_name,
    mark_depths,
    name_epochs,
    name_probes,
    write_classes,
)
from difficulty.figures.reading import images_of, names_of_classes
from difficulty.figures.style.appearance import styled
from difficulty.figures.style.axes import empty_figure
from difficulty.figures.style.mosaic import blank_canvas, canvas_figure, paint, spread_out, thumbnails
from difficulty.figures.style.palette import CORRUPT, INK
from difficulty.figures.style.text import counted, shortened
from difficulty.scores.collect import SCORES
from difficulty.scores.depth.tables import VOTES, vote_matrix
from difficulty.scores.depth.votes import prediction_depth
from difficulty.scores.record_file import RecordFile
from difficulty.scores.runs import experiment_of, run_of
from difficulty.tables import read_provenance, read_table

INPUTS = {"votes": ONE, "records": ONE, "scores": ONE, "examples": ONE, "pixels": ONE}

EXAMPLES = 12
# Paul Tol's light palette, on which dark text can be read.
PREDICTED, GIVEN, NEITHER = "#77AADD", "#FFAABB", "#DDDDDD"

_ROLE = "train"
# Pixels of the canvas.
_SIDE = 64
_LEFT = 20
_TEXT = 190
_BETWEEN = 60
_LEGEND = 44
_TICK = 14
_CELL = {"probes": 68, "epochs": 44}
_NARROWEST, _WIDEST = 420, 700
_LABEL_CHARACTERS = 14


def draw(inputs: Namespace, settings: dict) -> Figure:
    """Reads the votes of one checkpoint, the run's records, and the examples that are in both."""
    example_ids, votes = _read_votes(inputs.votes, inputs.records)
    scores = read_table(inputs.scores, SCORES, ["example_id", "label", "clean_label", "is_corrupt"])
    facts, run, epoch = read_provenance(inputs.votes), inputs.votes.parent, inputs.votes.stem.replace("-", " ")
    return depth_votes_figure(
        votes,
        scores.set_index("example_id").loc[example_ids],
        images_of(inputs.pixels, example_ids),
        names_of_classes(inputs.examples),
        facts["probes"],
        f"{experiment_of(run)}: how do neighbours vote from probe to probe? ({run_of(run)}, {epoch})",
        facts["settings"]["k"],
    )


@dataclass(frozen=True)
class Votes:
    """What one run makes of N examples with one role.

    vote, tied: (N, L), of the neighbours at each probe; predicted: (N,), by the network at the probed checkpoint;
    by_epoch: (E, N), by the network after each epoch, or what is indexed like it.
    """

    vote: np.ndarray
    tied: np.ndarray
    predicted: np.ndarray
    by_epoch: "np.ndarray | StoredPredictions"

    def of(self, rows: np.ndarray) -> "Votes":
        """Those of some examples."""
        return Votes(self.vote[rows], self.tied[rows], self.predicted[rows], self.by_epoch[:, rows])


def _read_votes(votes: Path, records: Path) -> tuple[np.ndarray, Votes]:
    """(ids of the examples that have votes and records, ascending (N,), their votes)."""
    voted, vote, tied, predicted = vote_matrix(read_table(votes, VOTES))
    file = RecordFile(records)
    example_ids = np.intersect1d(voted, file.of_epoch(1, ["role"]).of_role(_ROLE).example_id)
    rows = pd.Index(voted).get_indexer(example_ids)
    return example_ids, Votes(vote[rows], tied[rows], predicted[rows], StoredPredictions(file, example_ids))


class StoredPredictions:
    """What a run predicts for N examples after each of E epochs, indexed like an array (E, N), read when asked for."""

    def __init__(self, records: RecordFile, example_ids: np.ndarray):
        """example_ids: (N,), all of them in the records."""
        self._records, self._example_ids = records, example_ids

    def __len__(self) -> int:
        return self._records.epochs

    def __getitem__(self, place: tuple[slice, np.ndarray]) -> np.ndarray:
        epochs, rows = place
        wanted = self._example_ids[rows]
        blocks = self._records.blocks(["role", "predicted"])
        found = [block.select(np.isin(block.example_id, wanted)) for block in blocks]
        order = pd.Index(np.concatenate([block.example_id for block in found])).get_indexer(wanted)
        return np.concatenate([block["predicted"] for block in found], axis=1)[epochs, order]


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
        return empty_figure(title, "no training example has votes and records", width=7.6)
    depth, _ = prediction_depth(votes.vote, votes.predicted)
    rows = choose_rows(depth)
    shown, chosen, depths = table.iloc[rows], votes.of(rows), depth[rows]
    corrupt = shown["is_corrupt"].to_numpy(bool)
    layout = _Layout(len(rows), probes, len(votes.by_epoch))
    canvas = _painted(layout, thumbnails(images[rows], _SIDE), corrupt)
    notes = _notes(len(rows), len(table), int(np.isnan(depth).sum()), neighbors)
    figure, axes, below = canvas_figure(canvas, title, notes)
    for place, (_, example) in enumerate(shown.iterrows()):
        lines = _labels(example, chosen.predicted[place], depths[place], class_names, probes)
        style = {"size": 6, "va": "center", "linespacing": 1.25, "gid": "labels"}
        axes.text(layout.texts, layout.top + (place + 0.5) * ROW, "\n".join(lines), **style)
    headings = {"probes": f"vote of {neighbors} neighbours at each probe", "epochs": "prediction after each epoch"}
    strips = {name: figure.add_axes(layout.strip(name, below), gid=name) for name in headings}
    for name, classes in (("probes", chosen.vote), ("epochs", chosen.by_epoch.T)):
        draw_strip(strips[name], classes, colors_of(classes, chosen.predicted, shown["label"].to_numpy()))
        write_classes(strips[name], classes, layout.cells[name], class_names)
        _write_heading(axes, layout, name, headings[name])
    name_probes(strips["probes"], probes, layout.name_size, layout.upright)
    mark_depths(strips["probes"], depths, chosen.tied, layout.cells["probes"])
    name_epochs(strips["epochs"], len(votes.by_epoch))
    _add_legend(figure, below * (1 - _LEGEND / 2 / layout.height), chosen.tied.any(), corrupt.any())
    return figure


class _Layout:
    """Where things are on the canvas, in pixels."""

    def __init__(self, rows: int, probes: Sequence[str], epochs: int):
        counts = {"probes": len(probes), "epochs": epochs}
        self.widths = {name: min(max(count * _CELL[name], _NARROWEST), _WIDEST) for name, count in counts.items()}
        self.cells = {name: self.widths[name] / count for name, count in counts.items()}
        self.name_size = 6.5 if len(probes) <= 20 else 5.5
        longest = longest_name(probes, self.name_size)
        self.upright = longest > self.cells["probes"]
        self.name_rooms = {"probes": longest if self.upright else _TICK, "epochs": _TICK}
        self.top = _LEGEND + 38 + round(self.name_rooms["probes"])
        self.bottom = self.top + rows * ROW
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


def _painted(layout: _Layout, tiles: np.ndarray, is_corrupt: np.ndarray) -> np.ndarray:
    """The canvas with an image at the left of each row, framed where its label was planted wrong."""
    canvas = blank_canvas(layout.height, layout.width)
    for place, tile in enumerate(tiles):
        top = layout.top + place * ROW + (ROW - tile.shape[0]) // 2
        left = _LEFT + (_SIDE - tile.shape[1]) // 2
        paint(canvas, tile, top, left, CORRUPT if is_corrupt[place] else None)
    return canvas


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
    reached = "undefined" if np.isnan(depth) else probe_name(probes[int(depth)], LONGEST_PROBE)
    return [*lines, f"depth: {reached}"]


def _write_heading(axes: Axes, layout: _Layout, name: str, text: str) -> None:
    top = layout.top - layout.name_rooms[name] - 22
    axes.text(layout.lefts[name], top, text, size=8.5, weight="bold", color=INK, va="center")


def _add_legend(figure: Figure, middle: float, any_tied: bool, any_corrupt: bool) -> None:
    """middle: height of its middle, as a share of the figure."""
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
    style = {"loc": "center left", "ncols": 6, "handlelength": 1.6, "columnspacing": 1.2}
    figure.legend(handles=handles, bbox_to_anchor=(0, middle), **style)
