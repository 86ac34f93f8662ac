"""Agreement of networks over the epochs, between its bounds and next to what chance alone would give."""

from argparse import Namespace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from difficulty.analysis.agreement import AGREEMENT
from difficulty.analysis.agreement_groups import CLEAN
from difficulty.figures.inputs import ONE
from difficulty.figures.style.appearance import DASHED, DOTTED, add_legend, new_figure, roles_in, styled
from difficulty.figures.style.axes import epoch_marker, integer_ticks, percent_ticks, say_empty
from difficulty.figures.style.palette import FAINT_INK, INK, ROLE_COLORS
from difficulty.figures.style.text import counted
from difficulty.tables import read_table

INPUTS = {"agreement": ONE}

JUDGED_BY_CLEAN = "Right is what the clean label says, as the given labels of the experiments differ."
_BOUNDS = "#dcdcdc"
_INDEPENDENT = ("#6a6a6a", DASHED)
_WITHIN_CLASS = ("#6a6a6a", DOTTED)
_ROLE_NAMES = {"train": "training", "validation": "validation", "test": "test"}


def draw(inputs: Namespace, settings: dict) -> Figure:
    """Reads the agreement of a group of runs."""
    title = f"{inputs.agreement.stem}: do networks get the same images right?"
    return agreement_figure(read_table(inputs.agreement, AGREEMENT), title)


@styled()
def agreement_figure(table: pd.DataFrame, title: str) -> Figure:
    """Per role: agreement, its bounds and baselines, mean accuracy; below, agreement corrected for chance.

    table: columns of AGREEMENT, one row per role and epoch.
    """
    roles = roles_in(table)
    width = 7.6 if len(roles) > 1 else 4.6
    figure, below = new_figure(width, 4.9, title, _notes(table))
    if not roles:
        say_empty(figure.add_subplot(), "no group of runs to compare")
        return figure
    add_legend(figure, below, _legend(ROLE_COLORS[roles[0]]), 1 if len(roles) > 1 else 2)
    grid = figure.subplots(2, len(roles), squeeze=False, sharex="col", sharey="row", height_ratios=(2.3, 1))
    for role, (upper, lower) in zip(roles, grid.T, strict=True):
        rows = table[table["role"] == role].sort_values("epoch")
        _draw_agreement(upper, rows, ROLE_COLORS[role])
        upper.set_title(
            f"{_ROLE_NAMES[role]}: {counted(int(rows['examples'].iloc[0]), 'image')}", color=ROLE_COLORS[role]
        )
        _draw_corrected(lower, rows)
    grid[0, 0].set_ylabel("share of images")
    grid[1, 0].set_ylabel("chance-corrected\nagreement")
    return figure


def _draw_agreement(axes: Axes, rows: pd.DataFrame, color: str) -> None:
    epoch, mean, std = rows["epoch"], rows["mean_accuracy"], rows["std_accuracy"]
    marker = epoch_marker(len(rows))
    axes.fill_between(epoch, rows["lower_bound"], rows["upper_bound"], color=_BOUNDS, linewidth=0)
    if len(rows) == 1:
        axes.vlines(epoch, rows["lower_bound"], rows["upper_bound"], color=_BOUNDS, linewidth=8, zorder=1)
    axes.fill_between(epoch, mean - std, mean + std, color=color, alpha=0.25, linewidth=0)
    axes.plot(epoch, mean, color=color, linewidth=1.2, marker=marker, markersize=1.8, gid="mean_accuracy")
    for column, (shade, style) in (("independent", _INDEPENDENT), ("independent_within_class", _WITHIN_CLASS)):
        axes.plot(epoch, rows[column].astype(float), color=shade, linestyle=style, linewidth=1.1, gid=column)
    axes.plot(epoch, rows["agreement"], color=INK, linewidth=2, marker=marker, markersize=2.6, gid="agreement")
    axes.set_ylim(-0.02, 1.02)
    percent_ticks(axes.yaxis)


def _draw_corrected(axes: Axes, rows: pd.DataFrame) -> None:
    corrected = rows["chance_corrected"].astype(float)
    axes.axhline(0, color=_INDEPENDENT[0], linestyle=_INDEPENDENT[1], linewidth=0.9)
    axes.axhline(1, color="#b5b5b5", linewidth=0.9)
    if np.isfinite(corrected).any():
        marker = epoch_marker(len(rows))
        axes.plot(
            rows["epoch"], corrected, color=INK, linewidth=1.6, marker=marker, markersize=2.2, gid="chance_corrected"
        )
    else:
        axes.text(
            0.5,
            0.5,
            "undefined: no room above chance",
            transform=axes.transAxes,
            ha="center",
            va="center",
            color=FAINT_INK,
        )
    low = np.nanmin(corrected) if np.isfinite(corrected).any() else 0
    axes.set(xlabel="epoch", ylim=(min(-0.08, 1.1 * low), 1.08), yticks=(0, 0.5, 1))
    integer_ticks(axes.xaxis)


def _notes(table: pd.DataFrame) -> list[str]:
    if table.empty:
        return []
    fewest, most = int(table["runs"].min()), int(table["runs"].max())
    networks = counted(most, "network") if fewest == most else f"{fewest} to {most} networks"
    notes = [f"{networks}. Agreement: images that all of them get right, over images that any gets right."]
    if (table["judged_by"] == CLEAN).any():
        notes.append(JUDGED_BY_CLEAN)
    if (table["seeds"] < table["runs"]).any():
        seeds = counted(int(table["seeds"].max()), "seed")
        notes.append(
            f"They have {seeds}: networks of one seed see the images in the same order and, if of one architecture, "
            "start from the same weights, so they are not independent."
        )
    return notes


def _legend(mean_color: str) -> list:
    return [
        Line2D([], [], color=INK, linewidth=2, label="agreement"),
        Patch(color=_BOUNDS, label="its bounds"),
        Line2D([], [], color=_INDEPENDENT[0], linestyle=_INDEPENDENT[1], linewidth=1.1, label="if independent"),
        Line2D([], [], color=_WITHIN_CLASS[0], linestyle=_WITHIN_CLASS[1], linewidth=1.1, label="if so within classes"),
        Line2D([], [], color=mean_color, linewidth=1.2, label="mean accuracy ± std"),
    ]
