"""How far runs order the examples alike: every pair of runs, and pairs within and between experiments."""

from argparse import Namespace
from math import ceil, floor

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from difficulty.analysis.order_stability import BETWEEN, ORDER, PAIRED, WITHIN
from difficulty.figures.inputs import ONE
from difficulty.figures.style.appearance import SEQUENTIAL, add_legend, new_figure, roles_in, styled
from difficulty.figures.style.axes import empty_figure
from difficulty.figures.style.palette import FAINT_INK, INK, ROLE_COLORS
from difficulty.figures.style.text import abbreviated, counted, short_number, shortened
from difficulty.tables import read_table

INPUTS = {"order": ONE}

# Inches.
_MATRIX, _SMALLEST, _LARGEST = 3.9, 0.125, 0.5
_NAMES, _BAR, _DOTS, _BELOW, _SCORE = 1.9, 0.6, 3.0, 1.2, 0.3
_LONGEST_NAME = 20
_MOST_WITH_NUMBERS = 12
_SAME = "#e8e8e8"
_NOTES = [
    "Left: Spearman's correlation of a score between every two runs, an experiment's in the order of their seeds. "
    "Right: mean over pairs of runs; lines: lowest to highest pair. 1: the same order of the images."
]
_PAIRED_NOTE = (
    "Framed: two experiments with the same seed, which see the images in the same order and, with one architecture, "
    "start from the same weights. They are not independent: compare different seeds."
)
_NAMES_OF_KINDS = {
    WITHIN: "same experiment, different seeds",
    BETWEEN: "different experiments and seeds",
    PAIRED: "different experiments, same seed",
}
_MARKERS = {
    WITHIN: {"marker": "o", "markersize": 5},
    BETWEEN: {"marker": "D", "markersize": 4.5, "mfc": "white"},
    PAIRED: {"marker": "x", "markersize": 4.5},
}
_LANES = {WITHIN: -0.2, BETWEEN: 0.0, PAIRED: 0.2}


def draw(inputs: Namespace, settings: dict) -> Figure:
    """Reads how far the runs of a group order the examples alike."""
    title = f"{inputs.order.stem.removesuffix('-order')}: do networks find the same images hard?"
    return order_stability_figure(read_table(inputs.order, ORDER), title)


@styled()
def order_stability_figure(table: pd.DataFrame, title: str) -> Figure:
    """For each role: a matrix of its first score's correlation between runs; next to it, means for every score.

    table: columns of ORDER (role, score, run_a, run_b, kind, examples, spearman), runs called experiment/seed.
    """
    roles = roles_in(table)
    if not roles:
        return empty_figure(title, "at least two runs with the same examples are needed to compare their order")
    parts = {role: table[table["role"] == role] for role in roles}
    scores = {role: list(dict.fromkeys(rows["score"])) for role, rows in parts.items()}
    matrices = {role: _matrix(rows[rows["score"] == scores[role][0]]) for role, rows in parts.items()}
    pairs = table[(table["run_a"] < table["run_b"]) & table["spearman"].notna()]
    kinds = [kind for kind in _NAMES_OF_KINDS if (table["kind"] == kind).any()]
    limits = _limits([matrix for _, matrix in matrices.values()])
    side, height = _size(max(len(runs) for runs, _ in matrices.values()), max(map(len, scores.values())))
    left_width = _NAMES + side + _BAR
    notes = [*_NOTES, _PAIRED_NOTE] if PAIRED in kinds else _NOTES
    figure, below = new_figure(left_width + _DOTS, len(roles) * (height + _BELOW), title, notes)
    add_legend(figure, below, _legend(kinds))
    grid = figure.subplots(len(roles), 2, squeeze=False, width_ratios=(left_width, _DOTS))
    for role, (left, right) in zip(roles, grid, strict=True):
        runs, matrix = matrices[role]
        image = _draw_matrix(left, runs, matrix, limits)
        _frame_pairs(left, runs, parts[role])
        images = counted(int(parts[role]["examples"].max()), "image")
        left.set_title(f"{role}: {images}\n{scores[role][0]}", color=ROLE_COLORS[role])
        bar = figure.colorbar(image, ax=left, shrink=0.7, aspect=18, pad=0.02)
        bar.outline.set_visible(False)
        bar.ax.tick_params(length=2)
        bar.ax.grid(False)
        _draw_pairs(right, pairs[pairs["role"] == role], scores[role], ROLE_COLORS[role])
        right.set_xlim(min(0.0, float(pairs["spearman"].min()) - 0.02), 1.02)
    return figure


def _matrix(rows: pd.DataFrame) -> tuple[list[str], np.ndarray]:
    """Runs, experiments in the order of the table, and their correlations (K, K); NaN with themselves."""
    runs = list(dict.fromkeys(rows["run_a"]))
    cells = rows.set_index(["run_a", "run_b"])["spearman"].reindex(pd.MultiIndex.from_product([runs, runs]))
    matrix = cells.to_numpy(float, na_value=np.nan, copy=True).reshape(len(runs), len(runs))
    np.fill_diagonal(matrix, np.nan)
    return runs, matrix


def experiment_name(run: str) -> str:
    """`noisy` of `noisy/seed-0`."""
    return run.split("/")[0]


def _limits(matrices: list[np.ndarray]) -> tuple[float, float]:
    """The same tenths for all roles, below the lowest and above the highest correlation."""
    values = np.concatenate([matrix[np.isfinite(matrix)] for matrix in matrices])
    if not len(values):
        return 0.0, 1.0
    return floor(10 * values.min()) / 10, ceil(10 * values.max() + 1e-9) / 10


def _size(runs: int, scores: int) -> tuple[float, float]:
    side = runs * float(np.clip(_MATRIX / runs, _SMALLEST, _LARGEST))
    return side, max(side, _SCORE * scores + 0.3)


def _draw_matrix(axes: Axes, runs: list[str], matrix: np.ndarray, limits: tuple[float, float]) -> AxesImage:
    colors = colormaps[SEQUENTIAL].with_extremes(bad=_SAME)
    image = axes.imshow(np.ma.masked_invalid(matrix), cmap=colors, vmin=limits[0], vmax=limits[1])
    names = [experiment_name(run) for run in runs]
    starts = [index for index, name in enumerate(names) if index == 0 or name != names[index - 1]]
    ends = [*starts[1:], len(runs)]
    for line in (axes.axhline, axes.axvline):
        for start in starts[1:]:
            line(start - 0.5, color="white", linewidth=2.2 if len(starts) < len(runs) else 0.6, gid="border")
    places = [(start + end - 1) / 2 for start, end in zip(starts, ends, strict=True)]
    labels = [abbreviated(names[start], _LONGEST_NAME) for start in starts]
    crowded = len(starts) > _MOST_WITH_NUMBERS
    turned = {"rotation": 90} if crowded else {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}
    axes.set_yticks(places, labels, size=6 if crowded else 7.5)
    axes.set_xticks(places, labels, size=6 if crowded else 7.5, **turned)
    axes.grid(False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    if len(runs) <= _MOST_WITH_NUMBERS:
        _write_numbers(axes, matrix, limits)
    return image


def _write_numbers(axes: Axes, matrix: np.ndarray, limits: tuple[float, float]) -> None:
    style = {"size": 7, "ha": "center", "va": "center", "in_layout": False}
    for row, column in zip(*np.nonzero(~np.eye(len(matrix), dtype=bool)), strict=True):
        if np.isnan(value := matrix[row, column]):
            axes.text(column, row, "–", color=FAINT_INK, **style)
        else:
            axes.text(column, row, short_number(value), color="white" if value < sum(limits) / 2 else INK, **style)


def _frame_pairs(axes: Axes, runs: list[str], rows: pd.DataFrame) -> None:
    """A frame around the cells of different experiments with the same seed."""
    paired = rows[rows["kind"] == PAIRED].drop_duplicates(["run_a", "run_b"])
    places = zip(paired["run_b"].map(runs.index), paired["run_a"].map(runs.index), strict=True)
    frames = [Rectangle((column - 0.46, row - 0.46), 0.92, 0.92) for column, row in places]
    axes.add_collection(PatchCollection(frames, facecolor="none", edgecolor=INK, linewidth=0.8, gid="paired"))


def _draw_pairs(axes: Axes, pairs: pd.DataFrame, scores: list[str], color: str) -> None:
    """A row for each score: mean over the pairs of a kind, with a line from the lowest to the highest."""
    for kind, shift in _LANES.items():
        found = pairs[pairs["kind"] == kind].groupby("score")["spearman"].agg(["mean", "min", "max"]).reindex(scores)
        place = np.arange(len(scores)) + shift
        axes.hlines(place, found["min"], found["max"], color=color, linewidth=0.9, zorder=2)
        axes.plot(found["mean"], place, color=color, linestyle="", zorder=3, gid=f"mean {kind}", **_MARKERS[kind])
    axes.axvline(1, color=FAINT_INK, linewidth=0.7, zorder=1)
    axes.set_yticks(range(len(scores)), [shortened(score, _LONGEST_NAME) for score in scores])
    axes.set(ylim=(len(scores) - 0.4, -0.6), xlabel="Spearman's correlation between two runs")
    axes.tick_params(axis="y", length=0)


def _legend(kinds: list[str]) -> list[Line2D]:
    return [Line2D([], [], color=INK, linestyle="", label=_NAMES_OF_KINDS[kind], **_MARKERS[kind]) for kind in kinds]
