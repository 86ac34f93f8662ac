"""How well nearest neighbours tell the class at every probe of a network, and how often they say what it says."""

from argparse import Namespace
from collections.abc import Sequence
from math import ceil

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from difficulty.analysis.probe_accuracy import PROBE_ACCURACY
from difficulty.figures.inputs import ONE
from difficulty.figures.prediction_depth.probe_axis import label_height, panel_grid, panel_title, probe_axis
from difficulty.figures.style.appearance import DASHED, DOTTED, SEQUENTIAL, add_legend, new_figure, roles_in, styled
from difficulty.figures.style.axes import empty_figure, percent_ticks
from difficulty.figures.style.palette import FAINT_INK, INK, ROLE_COLORS
from difficulty.figures.style.text import counted
from difficulty.tables import read_table

INPUTS = {"accuracy": ONE}

_HEIGHT = 2.0
_NETWORK = {"color": FAINT_INK, "linestyle": DASHED, "linewidth": 1.2}
_AGREEMENT = {"color": INK, "linestyle": DOTTED, "linewidth": 1.3}
_INCHES_PER_HANDLE = 1.65


def draw(inputs: Namespace, settings: dict) -> Figure:
    """Reads the accuracy of the probes."""
    title = f"{inputs.accuracy.parent.name}: at which probes do neighbours tell the class?"
    return probe_accuracy_figure(read_table(inputs.accuracy, PROBE_ACCURACY), title)


@styled()
def probe_accuracy_figure(table: pd.DataFrame, title: str) -> Figure:
    """One panel per role: accuracy and agreement of the neighbours' vote at every probe, and the network's accuracy.

    table: columns of PROBE_ACCURACY. Of several epochs each has its line of accuracy; all else is of the last one.
    """
    roles = roles_in(table)
    if not roles:
        return empty_figure(title, "no network has been probed")
    names = list(table.drop_duplicates("probe").sort_values("probe")["name"])
    epochs = sorted(table["epoch"].unique())
    lines, columns, width = panel_grid(len(roles), len(names))
    handles = _legend(epochs, ROLE_COLORS[roles[0]] if len(roles) == 1 else INK, table["run"].nunique())
    of_legend = ceil(len(handles) / int(columns * width / _INCHES_PER_HANDLE))
    height = lines * (_HEIGHT + label_height(names, width)) + 0.2 * of_legend
    figure, below = new_figure(columns * width, height, title, [_note(epochs)])
    add_legend(figure, below, handles, of_legend)
    grid = figure.subplots(lines, columns, squeeze=False, sharey=True).ravel()
    for axes, role in zip(grid, roles, strict=True):
        part = table[table["role"] == role].sort_values("probe")
        _draw(axes, part, _epoch_colors(epochs, ROLE_COLORS[role]))
        panel_title(axes, role, f"{_examples(part)}, {counted(part['run'].nunique(), 'run')}", width)
        probe_axis(axes, names, width, "probe")
    for axes in grid[::columns]:
        axes.set_ylabel("share of the examples")
        percent_ticks(axes.yaxis)
    return figure


def _epoch_colors(epochs: Sequence[int], only: str) -> dict[int, object]:
    """Light to dark in the order of the epochs; `only` where there is one."""
    if len(epochs) == 1:
        return {epochs[0]: only}
    shades = matplotlib.colormaps[SEQUENTIAL](np.linspace(0.9, 0, len(epochs)))
    return dict(zip(epochs, shades, strict=True))


def _draw(axes: Axes, part: pd.DataFrame, colors: dict[int, object]) -> None:
    marker = {"marker": "o", "markersize": 3.2} if len(colors) == 1 else {}
    for epoch, color in colors.items():
        mean = part[part["epoch"] == epoch].groupby("probe")["accuracy"].mean()
        axes.plot(mean.index, mean, color=color, linewidth=1.5, gid=f"accuracy {epoch}", **marker)
    last = part[part["epoch"] == max(colors)]
    if len(last["run"].unique()) > 1:
        style = {"ls": "", "marker": "o", "ms": 3, "mew": 0, "alpha": 0.4, "color": colors[max(colors)]}
        axes.plot(last["probe"], last["accuracy"], gid="runs", **style)
    agreement = last.groupby("probe")["agreement"].mean()
    axes.plot(agreement.index, agreement, gid="agreement", **_AGREEMENT)
    axes.axhline(last.groupby("run")["network"].first().mean(), gid="network", **_NETWORK)


def _examples(part: pd.DataFrame) -> str:
    few, many = int(part["examples"].min()), int(part["examples"].max())
    return counted(many, "example") if few == many else f"{few:,} to {many:,} examples"


def _note(epochs: Sequence[int]) -> str:
    text = (
        "Vote: the class that most of the nearest training examples have, by their activations at the probe. "
        "Accuracy: the vote is the given label; agreement: it is the class that the network predicts. "
    )
    if len(epochs) == 1:
        return f"{text}Checkpoint of epoch {epochs[0]}; lines are means over the runs."
    return f"{text}Lines are means over the runs; all but the lines of accuracy are of epoch {epochs[-1]}."


def _legend(epochs: Sequence[int], only: str, runs: int) -> list:
    if len(epochs) == 1:
        handles = [Line2D([], [], color=only, marker="o", markersize=3.2, label="accuracy of the vote")]
    else:
        colors = _epoch_colors(epochs, only).items()
        handles = [Line2D([], [], color=color, label=f"accuracy, epoch {epoch}") for epoch, color in colors]
    if runs > 1:
        color = handles[-1].get_color()
        handles.append(Line2D([], [], ls="", marker="o", ms=3, mew=0, alpha=0.4, color=color, label="single runs"))
    handles.append(Line2D([], [], label="agreement with the network", **_AGREEMENT))
    return [*handles, Line2D([], [], label="accuracy of the network", **_NETWORK)]
