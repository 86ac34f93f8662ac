"""How far learning scores rise with statistics of the images: overall, within classes, and beyond brightness."""

from argparse import Namespace
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from difficulty.analysis.relations import OVERALL, PARTIAL, RELATIONS, WITHIN_CLASS
from difficulty.figures.images.statistic_names import drawn_once, short_name
from difficulty.figures.inputs import ONE
from difficulty.figures.style.appearance import add_legend, new_figure, roles_in, styled
from difficulty.figures.style.axes import empty_figure
from difficulty.figures.style.palette import FAINT_INK, INK, ROLE_COLORS, STRIPE
from difficulty.figures.style.text import counted, shortened
from difficulty.tables import read_table

INPUTS = {"relations": ONE}

# Inches.
_NAMES, _PANEL, _ROW, _AROUND = 1.9, 2.25, 0.27, 0.62
_LEAST_ROWS = 2  # below which titles and labels would leave a panel no room
_SIGNIFICANT = 0.05
_LEAST_REACH = 0.1  # of the axis to either side of 0
# Of each kind: its label, marker, colour and where it lies in its row.
_KINDS = {
    OVERALL: ("overall", "o", "#8c8c8c", -0.25),
    WITHIN_CLASS: ("within classes", "s", "#009E73", 0.0),
    PARTIAL: ("partial: given class and brightness", "D", INK, 0.25),
}
_NOTES = [
    "Rank correlation of each statistic of the images with each score, turned so that higher means harder: to the "
    "right, images with large values are hard. Lines: 95 % intervals.",
    "Filled: p < 0.05 after Holm's correction for all statistics and scores of that kind; hollow: not.",
]


def draw(inputs: Namespace, settings: dict) -> Figure:
    """Reads the relations between scores and statistics of images."""
    title = f"{inputs.relations.parent.name}: do images that look a certain way get learned late?"
    return relations_figure(read_table(inputs.relations, RELATIONS), title, settings["drawn"])


@styled()
def relations_figure(table: pd.DataFrame, title: str, scores: Sequence[str]) -> Figure:
    """A row of panels for each role, a column for each of `scores`, a row in a panel for each statistic.

    table: columns of RELATIONS.
    """
    table = table[table["score"].isin(scores)]
    roles = roles_in(table)
    if not roles:
        return empty_figure(title, "no statistic is known of as many as ten images that have one of the scores")
    scores = [score for score in scores if (table["score"] == score).any()]
    statistics = {role: list(dict.fromkeys(table.loc[table["role"] == role, "statistic"])) for role in roles}
    heights = [_ROW * max(len(statistics[role]), _LEAST_ROWS) + _AROUND for role in roles]
    same = drawn_once(table)
    notes = [*_NOTES, *([f"In the same order, so once: {same}."] if same else [])]
    figure, below = new_figure(_NAMES + max(_PANEL * len(scores), 4.2), sum(heights), title, notes)
    add_legend(figure, below, _legend())
    grid = figure.subplots(len(roles), len(scores), squeeze=False, sharex=True, height_ratios=heights)
    reach = _reach(table)
    for role, line in zip(roles, grid, strict=True):
        for score, axes in zip(scores, line, strict=True):
            cells = table[(table["role"] == role) & (table["score"] == score)]
            _draw(axes, cells, statistics[role], reach)
            axes.set_title(_panel_title(role, score, cells, axes is line[0]), color=ROLE_COLORS[role])
            if axes is not line[0]:
                axes.set_yticklabels([])
    for axes in grid[-1]:
        axes.set_xlabel("rank correlation")
    return figure


def _panel_title(role: str, score: str, cells: pd.DataFrame, is_first: bool) -> str:
    images = counted(int(cells["examples"].max()), "image") if len(cells) else "no image"
    return f"{role}: {images}\n{shortened(score, 28)}" if is_first else f"\n{shortened(score, 28)}"


def _reach(table: pd.DataFrame) -> float:
    """How far the axis reaches to either side of 0: to the ends of all intervals."""
    ends = table[["low", "high"]].to_numpy(float, na_value=np.nan)
    return min(max(float(np.nanmax(np.abs(ends), initial=0)) * 1.05, _LEAST_REACH), 1.02)


def _draw(axes: Axes, cells: pd.DataFrame, statistics: list[str], reach: float) -> None:
    for row in range(1, len(statistics), 2):
        axes.axhspan(row - 0.5, row + 0.5, color=STRIPE, linewidth=0, zorder=0)
    axes.axvline(0, color=FAINT_INK, linewidth=0.8, zorder=1)
    for kind, (_, marker, color, offset) in _KINDS.items():
        found = cells[cells["kind"] == kind].set_index("statistic")
        found = found[["correlation", "low", "high", "p_holm"]].reindex(statistics).astype(float)
        place = np.arange(len(statistics)) + offset
        axes.hlines(place, found["low"], found["high"], color=color, linewidth=1, zorder=2)
        is_filled = (found["p_holm"] < _SIGNIFICANT).to_numpy()
        for chosen, face, name in ((is_filled, color, "significant"), (~is_filled, "white", "not significant")):
            style = {"marker": marker, "markersize": 3.8, "markeredgewidth": 0.9, "linestyle": "", "color": color}
            values = found["correlation"].to_numpy()[chosen]
            axes.plot(values, place[chosen], mfc=face, zorder=3, gid=f"{kind} {name}", **style)
    axes.set_yticks(range(len(statistics)), [short_name(name) for name in statistics])
    axes.tick_params(axis="y", length=0)
    axes.grid(False, axis="y")
    axes.set(ylim=(len(statistics) - 0.45, -0.55), xlim=(-reach, reach))


def _legend() -> list[Line2D]:
    style = {"linewidth": 1, "markersize": 4.2}
    return [
        Line2D([], [], color=color, marker=marker, label=label, **style) for label, marker, color, _ in _KINDS.values()
    ]
