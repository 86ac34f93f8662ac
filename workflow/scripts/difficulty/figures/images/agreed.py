"""What the images look like that all networks get right, over the epochs, below their agreement."""

from argparse import Namespace
from math import ceil

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from difficulty.analysis.agreed_statistics import AGREED_STATISTICS
from difficulty.analysis.agreement_groups import CLEAN
from difficulty.figures.agreement.over_epochs import JUDGED_BY_CLEAN
from difficulty.figures.images.statistic_names import drawn_once, name_and_unit
from difficulty.figures.inputs import ONE
from difficulty.figures.style.appearance import DASHED, DOTTED, add_legend, new_figure, roles_in, styled
from difficulty.figures.style.axes import empty_figure, epoch_marker, integer_ticks, percent_ticks, plain_ticks
from difficulty.figures.style.palette import FAINT_INK, INK, ROLE_COLORS
from difficulty.figures.style.text import percent
from difficulty.tables import read_table

INPUTS = {"statistics": ONE}

LEAST_AGREEMENT = 0.2  # Pliushch et al. 2022: where networks agree on fewer, the mean says little
_MOST_IN_A_COLUMN = 5
# Inches.
_WIDTH, _HEIGHT = 3.3, 1.15


def draw(inputs: Namespace, settings: dict) -> Figure:
    """Reads the statistics of the images that all runs of a group have right."""
    title = f"{inputs.statistics.stem.removesuffix('-statistics')}: which images do networks learn first?"
    return agreed_statistics_figure(read_table(inputs.statistics, AGREED_STATISTICS), title)


@styled()
def agreed_statistics_figure(table: pd.DataFrame, title: str) -> Figure:
    """Columns of panels with the same epochs: agreement on top, then a panel for each statistic.

    table: columns of AGREED_STATISTICS. Epochs with agreement below LEAST_AGREEMENT are left out.
    """
    table = table.sort_values("epoch", kind="stable")
    roles = roles_in(table)
    statistics = list(dict.fromkeys(table["statistic"]))
    if not roles:
        return empty_figure(title, "no group of runs to compare, or nothing is known of their images")
    columns = ceil(len(statistics) / _MOST_IN_A_COLUMN)
    lines = ceil(len(statistics) / columns) + 1
    figure, below = new_figure(max(columns * _WIDTH, 4.6), lines * _HEIGHT + 0.3, title, _notes(table))
    add_legend(figure, below, _legend(roles), 2)
    grid = figure.subplots(lines, columns, squeeze=False, sharex=True)
    for (top, *column), names in zip(grid.T, np.array_split(statistics, columns), strict=True):
        _draw_agreement(top, table, roles)
        for statistic, axes in zip(names, column, strict=False):
            _draw_statistic(axes, table[table["statistic"] == statistic], roles)
            axes.set_title(name_and_unit(statistic).replace("\n", " "))
        if len(names) == len(column):
            column[-1].set_xlabel("epoch")
        else:
            _draw_epochs_alone(column[-1])
    integer_ticks(grid[0, 0].xaxis)
    return figure


def _draw_agreement(axes: Axes, table: pd.DataFrame, roles: list[str]) -> None:
    rows = table.drop_duplicates(["role", "epoch"])
    for role in roles:
        own = rows[rows["role"] == role]
        marker = epoch_marker(len(own))
        style = {"color": ROLE_COLORS[role], "marker": marker, "markersize": 2}
        axes.plot(own["epoch"], own["agreement"], gid=f"agreement {role}", **style)
    axes.axhline(LEAST_AGREEMENT, color=FAINT_INK, linestyle=DOTTED, linewidth=0.9)
    axes.set(ylim=(-0.03, 1.03), yticks=(0, LEAST_AGREEMENT, 0.5, 1))
    axes.set_title("agreement")
    percent_ticks(axes.yaxis)


def _draw_statistic(axes: Axes, rows: pd.DataFrame, roles: list[str]) -> None:
    for role in roles:
        own, color = rows[rows["role"] == role], ROLE_COLORS[role]
        of_all = own["mean_all"].astype(float).dropna()
        if len(of_all):
            axes.axhline(of_all.iloc[0], color=color, linewidth=0.8, linestyle=DASHED, gid=f"all {role}")
        shown = own[(own["agreement"] >= LEAST_AGREEMENT) & own["mean"].notna()]
        mean, error = shown["mean"].astype(float), shown["standard_error"].astype(float)
        marker = epoch_marker(len(own))
        axes.fill_between(shown["epoch"], mean - error, mean + error, color=color, alpha=0.2, linewidth=0)
        style = {"color": color, "linewidth": 1.4, "marker": marker, "markersize": 2}
        axes.plot(shown["epoch"], mean, gid=f"mean {role}", **style)
    if not np.isfinite(rows["mean_all"].astype(float)).any():
        axes.text(0.5, 0.5, "not known", ha="center", va="center", color=FAINT_INK, transform=axes.transAxes)
    axes.margins(y=0.12)
    axes.yaxis.get_major_locator().set_params(nbins=4)
    plain_ticks(axes.yaxis)


def _draw_epochs_alone(axes: Axes) -> None:
    """In place of a panel, the axis of the one above it: inside, where it takes no room from the rows beside it."""
    axes.spines[:].set_visible(False)
    axes.grid(False)
    axes.tick_params(left=False, labelleft=False, bottom=False, labelbottom=False, labeltop=True, pad=-13)
    axes.text(0.5, 0.7, "epoch", ha="center", va="top", transform=axes.transAxes, gid="epoch")


def _notes(table: pd.DataFrame) -> list[str]:
    hidden = table.loc[table["agreement"] < LEAST_AGREEMENT].drop_duplicates(["role", "epoch"])
    text = (
        "Agreement: images that all networks get right, over images that any gets right. Below: mean of each statistic "
        "over the images that all get right."
    )
    if len(hidden):
        text += f" Where agreement is below {percent(LEAST_AGREEMENT)} (dotted), it is left out."
    if same := drawn_once(table):
        text += f" The same curve in another unit, so drawn once: {same}."
    return [text, JUDGED_BY_CLEAN] if (table["judged_by"] == CLEAN).any() else [text]


def _legend(roles: list[str]) -> list:
    style = {"linewidth": 1.4}
    keys = [Line2D([], [], color=ROLE_COLORS[role], label=f"{role}: all networks right", **style) for role in roles]
    keys.append(Patch(color=INK, alpha=0.2, linewidth=0, label="± standard error"))
    return [*keys, Line2D([], [], color=INK, linewidth=0.8, linestyle=DASHED, label="mean of all images")]
