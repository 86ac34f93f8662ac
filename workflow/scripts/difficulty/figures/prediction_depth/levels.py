"""What the examples of each prediction depth have in common: accuracy, agreement of the networks, their number."""

from argparse import Namespace
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from difficulty.analysis.depth_levels import DEPTH_LEVELS
from difficulty.figures.inputs import ONE
from difficulty.figures.prediction_depth.probe_axis import (
    NUMBER_STEP,
    label_height,
    panel_title,
    panel_width,
    probe_axis,
    say_none,
    set_apart,
    step_between,
    undefined_place,
)
from difficulty.figures.style.appearance import DASHED, add_legend, new_figure, roles_in, styled
from difficulty.figures.style.axes import empty_figure, percent_ticks, plain_ticks
from difficulty.figures.style.palette import FAINT_INK, INK, ROLE_COLORS
from difficulty.tables import read_table

INPUTS = {"levels": ONE}

_WIDEST = 10.4
_LEAST_NUMBER_STEP = 0.09
_HEIGHTS = {"accuracy": 1.9, "consistency": 1.5, "examples": 1.2}
_LABELS = {"accuracy": "accuracy", "consistency": "consensus\nconsistency", "examples": "examples\nper run"}
_FEW = 10
_OVERALL = {"color": FAINT_INK, "linestyle": DASHED, "linewidth": 1.0}
_POINT = {"linestyle": "", "marker": "o", "markersize": 4}


def draw(inputs: Namespace, settings: dict) -> Figure:
    """Reads accuracy and consistency at each prediction depth."""
    title = f"{inputs.levels.parent.name}: does accuracy fall with depth?"
    return depth_levels_figure(read_table(inputs.levels, DEPTH_LEVELS), title)


@styled()
def depth_levels_figure(table: pd.DataFrame, title: str) -> Figure:
    """A column per role: accuracy at each prediction depth, consensus consistency if there is any, number of examples.

    table: columns of DEPTH_LEVELS.
    """
    roles = roles_in(table)
    if not roles:
        return empty_figure(title, "no example has been probed")
    names = list(table[(table["role"] == roles[0]) & table["depth"].notna()].sort_values("depth")["name"])
    table = table.assign(place=table["depth"].astype(float).fillna(undefined_place(names)))
    rows = [name for name in _HEIGHTS if table[name].notna().any()]
    width = panel_width(_WIDEST / len(roles), len(names), 3.0 if len(roles) > 1 else 5.2)
    heights = [_HEIGHTS[name] for name in rows]
    height = sum(heights) + label_height(names, width)
    figure, below = new_figure(len(roles) * width, height, title, [_note(rows)])
    add_legend(figure, below, _legend(), 1 if len(roles) * width > 6 else 2)
    grid = figure.subplots(len(rows), len(roles), squeeze=False, sharex="col", sharey="row", height_ratios=heights)
    for role, column in zip(roles, grid.T, strict=True):
        part = table[(table["role"] == role) & (table["examples"] > 0)].sort_values("place")
        for name, axes in zip(rows, column, strict=True):
            if part[name].isna().all():
                say_none(axes, "no consensus: fewer than three seeds held these examples out")
                continue
            set_apart(axes, names)
            if name == "examples":
                _draw_examples(axes, part, ROLE_COLORS[role], step_between(len(names), width))
            else:
                _draw_level(axes, part, name, ROLE_COLORS[role])
        total = part["examples"].sum()
        panel_title(column[0], role, f"{_short(total)} {'example' if total == 1 else 'examples'} per run", width)
        probe_axis(column[-1], names, width, "prediction depth", undefined=True)
    for axes, name in zip(grid[:, 0], rows, strict=True):
        axes.set_ylabel(_LABELS[name])
        _scale(axes, name, table)
    return figure


def _draw_level(axes: Axes, part: pd.DataFrame, name: str, color: str) -> None:
    rows = part[part[name].notna()]
    if name == "accuracy":
        axes.axhline(np.average(rows[name], weights=rows["examples"]), gid="overall", **_OVERALL)
    probes = rows[rows["depth"].notna()]
    axes.plot(probes["place"], probes[name], color=color, linewidth=0.8, alpha=0.5)
    for shade, kind in ((color, probes), (FAINT_INK, rows[rows["depth"].isna()])):
        ends = (kind[f"{name}_low"], kind[f"{name}_high"])
        axes.vlines(kind["place"], *ends, color=shade, linewidth=1, gid=f"{name} intervals")
        for number, face in (("few", "white"), ("many", shade)):
            points = kind[(kind["examples"] < _FEW) == (number == "few")]
            style = {"color": shade, "markerfacecolor": face, "zorder": 3, **_POINT}
            axes.plot(points["place"], points[name], gid=f"{name} {number}", **style)
    axes.grid(False, axis="x")


def _draw_examples(axes: Axes, part: pd.DataFrame, color: str, step: float) -> None:
    colors = np.where(part["depth"].isna(), FAINT_INK, color)
    axes.bar(part["place"], part["examples"], width=0.78, color=colors, alpha=0.5, linewidth=0, gid="examples")
    axes.grid(False, axis="x")
    if step < _LEAST_NUMBER_STEP:
        return
    style = {"size": 6, "rotation": 90 if step < NUMBER_STEP else 0, "ha": "center", "va": "bottom", "color": INK}
    for place, number in zip(part["place"], part["examples"], strict=True):
        axes.annotate(_short(number), (place, number), (0, 2), textcoords="offset points", **style)


def _scale(axes: Axes, name: str, table: pd.DataFrame) -> None:
    """The scale of a row of panels, which share their vertical axes."""
    if name == "examples":
        numbers = table.loc[table["examples"] > 0, "examples"]
        axes.set(yscale="log", ylim=(numbers.min() / 2, numbers.max() * 8))
        axes.minorticks_off()
        plain_ticks(axes.yaxis)
    else:
        low = min(table[f"{name}_low"].min(), table[name].min(), 0.9)
        axes.set_ylim(low - 0.06 * (1 - low), 1 + 0.06 * (1 - low))
        percent_ticks(axes.yaxis)


def _short(number: float) -> str:
    """`1,263`, `61`, `7.3`, `0.33`."""
    return f"{number:,.0f}" if number >= 9.95 or number == round(number) else f"{number:.2g}"


def _note(rows: Sequence[str]) -> str:
    text = "Accuracy: share of the examples of a depth whose given label the network predicts, over all runs."
    if "consistency" in rows:
        text += " Consensus consistency: the share of the runs which held an example out that predict the class most of"
        text += " them do, mean over the examples of the depth."
    return f"{text} Examples: mean number in a run, logarithmic; a depth without any has no point."


def _legend() -> list:
    return [
        Line2D([], [], color=INK, label="examples of one depth", **_POINT),
        Line2D([], [], color=INK, markerfacecolor="white", label=f"fewer than {_FEW} per run", **_POINT),
        Line2D([], [], color=INK, linewidth=1, label="95 % Wilson interval"),
        Line2D([], [], label="accuracy over all depths", **_OVERALL),
    ]
