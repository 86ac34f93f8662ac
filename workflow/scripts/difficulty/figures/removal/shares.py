"""Test accuracy over the share of the training examples that is left, by what they are chosen by."""

from argparse import Namespace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from difficulty.analysis.removal import MEASURES, NOTHING, REMOVAL, mean_interval
from difficulty.figures.inputs import ONE
from difficulty.figures.removal.notes import notes
from difficulty.figures.style.appearance import add_legend, line_styles, new_figure, styled
from difficulty.figures.style.axes import percent_ticks
from difficulty.figures.style.palette import FAINT_INK
from difficulty.figures.style.text import abbreviated
from difficulty.tables import read_table

INPUTS = {"table": ONE, "summary": ONE}

_MEASURE = MEASURES[0]
_LONGEST_NAME = 24
_SHIFT = 0.006  # share of the axis between rules, so that their intervals do not hide each other


def draw(inputs: Namespace, settings: dict) -> Figure:
    """Reads the accuracies of the networks."""
    table = read_table(inputs.table, REMOVAL)
    return shares_figure(table, f"{inputs.table.stem}: which part of the training examples is enough?")


@styled()
def shares_figure(table: pd.DataFrame, title: str) -> Figure:
    """A line per rule through the means of its experiments, with their intervals and a dot per seed; the experiment on
    all examples as a level line. table: columns of REMOVAL.
    """
    rules = [rule for rule in table["rule"].drop_duplicates() if rule != NOTHING]
    styles = dict(zip(rules, line_styles(len(rules)), strict=True))
    said = "Lines: means over seeds with their 95 % intervals; dots: seeds. Dashed: trained on all examples."
    figure, below = new_figure(6.4, 3.9, title, notes(table, said))
    handles = [
        Line2D([], [], color=color, linestyle=style, marker="o", markersize=3.5, label=abbreviated(rule, _LONGEST_NAME))
        for rule, (color, style) in styles.items()
    ]
    add_legend(figure, below, handles, lines=1 + (len(rules) > 4))
    axes = figure.subplots()
    for place, rule in enumerate(rules):
        shift = _SHIFT * (place - (len(rules) - 1) / 2)
        _draw_rule(axes, table[table["rule"] == rule], *styles[rule], shift, rule)
    _draw_all(axes, table[table["rule"] == NOTHING])
    axes.set_xlim(0, 1.02)
    axes.set_xlabel("share of the training examples that is left")
    axes.set_ylabel("test accuracy")
    percent_ticks(axes.xaxis)
    percent_ticks(axes.yaxis)
    return figure


def _draw_rule(axes: Axes, part: pd.DataFrame, color: str, style, shift: float, rule: str) -> None:
    by_seed = part.groupby(["left_share", "seed"])[_MEASURE].mean()
    shares = by_seed.index.get_level_values("left_share").unique().sort_values()
    found = np.array([mean_interval(by_seed[share].to_numpy()) for share in shares])
    found = np.clip(found, 0, 1)  # an interval may end beyond what an accuracy can be
    places = shares.to_numpy() + shift
    axes.plot(places, found[:, 0], color=color, linestyle=style, marker="o", markersize=3.5, gid=f"mean {rule}")
    axes.vlines(places, found[:, 1], found[:, 2], color=color, linewidth=0.9, gid=f"interval {rule}")
    seeds = by_seed.index.get_level_values("left_share") + shift
    axes.plot(seeds, by_seed, "o", color=color, alpha=0.35, ms=2.5, mew=0, gid=f"seeds {rule}")


def _draw_all(axes: Axes, part: pd.DataFrame) -> None:
    """The experiment on all examples: its mean, and a band for its interval."""
    mean, low, high = mean_interval(part.groupby("seed")[_MEASURE].mean().to_numpy())
    axes.axhline(mean, color=FAINT_INK, linewidth=0.9, linestyle=(0, (4, 2)), gid="mean all")
    if np.isfinite(low):
        axes.axhspan(max(low, 0), min(high, 1), color=FAINT_INK, alpha=0.12, linewidth=0, gid="interval all")
