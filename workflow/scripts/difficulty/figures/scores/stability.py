"""How far a score depends on the seeds: agreement in order between scores from disjoint sets of runs."""

from argparse import Namespace
from math import ceil

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from difficulty.analysis.correlation import STABILITY
from difficulty.figures.inputs import ONE
from difficulty.figures.style.appearance import DOTTED, add_legend, new_figure, roles_in, styled
from difficulty.figures.style.axes import empty_figure, integer_ticks
from difficulty.figures.style.palette import FAINT_INK, ROLE_COLORS
from difficulty.figures.style.text import counted, shortened
from difficulty.tables import read_table

INPUTS = {"stability": ONE}

_ROW = 0.24
_COLUMNS = 4


def draw(inputs: Namespace, settings: dict) -> Figure:
    """Reads the stability of an experiment's scores over seeds."""
    title = f"{inputs.stability.parent.name}: do other seeds give the same order?"
    return stability_figure(read_table(inputs.stability, STABILITY), title)


@styled()
def stability_figure(table: pd.DataFrame, title: str) -> Figure:
    """Spearman's correlation between the means of a score over two disjoint halves of the seeds.

    table: role, score, seeds_per_half, splits, spearman_mean, spearman_std, spearman_min, spearman_max, examples.
    With halves of several sizes one small plot per score, correlation against seeds per half; with one size a row per
    score, the most stable at the top.
    """
    table = table[table["spearman_mean"].notna()]
    if table.empty:
        return empty_figure(title, "at least two seeds are needed to see how far scores depend on the seed")
    roles = roles_in(table)
    scores = list(_mean_stability(table).index)
    sizes = np.sort(table["seeds_per_half"].unique())
    if len(sizes) > 1:
        return _curves(table, scores, roles, title)
    return _rows(table, scores, roles, int(sizes[0]), title)


def _mean_stability(table: pd.DataFrame) -> pd.Series:
    """Mean over the roles at the largest halves, the most stable score first."""
    largest = table[table["seeds_per_half"] == table["seeds_per_half"].max()]
    return largest.groupby("score")["spearman_mean"].mean().sort_values(ascending=False, kind="stable")


def _rows(table: pd.DataFrame, scores: list[str], roles: list[str], size: int, title: str) -> Figure:
    splits = counted(int(table["splits"].max()), "pair")
    notes = [
        f"Each score's mean over {counted(size, 'seed')} against its mean over as many others ({splits}): "
        "dot and thick line: mean ± standard deviation, thin line: smallest to largest. 1: the order does not depend "
        f"on the seed. {_images(table, roles)}"
    ]
    figure, below = new_figure(6, 0.9 + _ROW * len(scores), title, notes)
    add_legend(figure, below, _legend(roles))
    axes = figure.add_subplot()
    for number, role in enumerate(roles):
        rows = table[table["role"] == role].set_index("score").reindex(scores)
        place = np.arange(len(scores)) + (number - (len(roles) - 1) / 2) * 0.24
        mean, std = rows["spearman_mean"].to_numpy(float), rows["spearman_std"].to_numpy(float, na_value=np.nan)
        style = {"color": ROLE_COLORS[role], "zorder": 3}
        axes.hlines(
            place, rows["spearman_min"].to_numpy(float), rows["spearman_max"].to_numpy(float), linewidth=0.7, **style
        )
        axes.hlines(place, mean - std, np.minimum(mean + std, 1), linewidth=2, **style)
        axes.plot(mean, place, "o", markersize=4, gid=f"mean {role}", **style)
    _mark_limits(axes.axvline, table)
    axes.set_yticks(range(len(scores)), [shortened(score, 28) for score in scores])
    axes.set(ylim=(len(scores) - 0.4, -0.6), xlabel="Spearman's correlation between the halves")
    axes.set_xlim(min(0.0, float(table["spearman_min"].min()) - 0.02), 1.02)
    axes.tick_params(axis="y", length=0)
    return figure


def _images(table: pd.DataFrame, roles: list[str]) -> str:
    """How many images each correlation is over."""
    largest = table.groupby("role")["examples"].max()
    return f"Images: {', '.join(f'{role} {largest[role]:,}' for role in roles)}."


def _curves(table: pd.DataFrame, scores: list[str], roles: list[str], title: str) -> Figure:
    notes = [
        "Correlation between a score's means over two disjoint sets of seeds, against the number of seeds in each: "
        "mean (dots) ± standard deviation (band) over the pairs of sets. Grey: the other scores. 1: the order does not "
        f"depend on the seeds. {_images(table, roles)}"
    ]
    columns = min(_COLUMNS, len(scores))
    lines = ceil(len(scores) / columns)
    figure, below = new_figure(max(1.85 * columns, 5.0), 0.45 + 1.45 * lines, title, notes)
    add_legend(figure, below, _legend(roles))
    grid = figure.subplots(lines, columns, squeeze=False, sharex=True, sharey=True).ravel()
    lowest = float(np.nanmin(table["spearman_mean"] - table["spearman_std"].fillna(0).astype(float)))
    others = {
        role: table[table["role"] == role].pivot_table(index="seeds_per_half", columns="score", values="spearman_mean")
        for role in roles
    }
    for axes, score in zip(grid, scores, strict=False):
        axes.plot(others[roles[0]].index, others[roles[0]], color="#dddddd", linewidth=0.6, zorder=1)
        for role in roles:
            rows = table[(table["role"] == role) & (table["score"] == score)].sort_values("seeds_per_half")
            _draw_curve(axes, rows, ROLE_COLORS[role], f"mean {role}")
        _mark_limits(axes.axhline, table)
        axes.set_title(shortened(score, 22), size=7.5)
        axes.set_ylim(min(0, lowest - 0.02), 1.04)
        integer_ticks(axes.xaxis, 4)
    for axes in grid[len(scores) :]:
        axes.set_axis_off()
    for axes in grid[max(len(scores) - columns, 0) : len(scores)]:
        axes.xaxis.set_tick_params(labelbottom=True)
    figure.supxlabel("seeds in each half", size=8)
    for axes in grid[::columns]:
        axes.set_ylabel("Spearman's\ncorrelation", size=7.5)
    return figure


def _draw_curve(axes: Axes, rows: pd.DataFrame, color: str, gid: str) -> None:
    mean, std = rows["spearman_mean"].astype(float), rows["spearman_std"].astype(float).fillna(0)
    axes.fill_between(
        rows["seeds_per_half"], mean - std, np.minimum(mean + std, 1), color=color, alpha=0.22, linewidth=0
    )
    axes.plot(rows["seeds_per_half"], mean, color=color, linewidth=1.4, marker="o", markersize=2.6, gid=gid)


def _mark_limits(draw_line, table: pd.DataFrame) -> None:
    draw_line(1, color=FAINT_INK, linewidth=0.7, zorder=1)
    draw_line(0, color=FAINT_INK, linewidth=0.7, linestyle=DOTTED, zorder=1)


def _legend(roles: list[str]) -> list[Line2D]:
    style = {"marker": "o", "markersize": 4}
    return [Line2D([], [], color=ROLE_COLORS[role], label=f"{role} images", **style) for role in roles]
