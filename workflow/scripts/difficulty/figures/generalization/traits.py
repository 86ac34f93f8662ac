"""Which scores the parts of a data set have: how far each score of a part lies from that of all examples."""

from argparse import Namespace
from math import ceil

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from difficulty.analysis.traits import SCORE, TRAITS
from difficulty.figures.inputs import ONE
from difficulty.figures.style.appearance import DOTTED, add_legend, line_styles, new_figure, styled
from difficulty.figures.style.axes import empty_figure
from difficulty.figures.style.palette import FAINT_INK, STRIPE
from difficulty.figures.style.text import abbreviated
from difficulty.tables import read_table

INPUTS = {"traits": ONE}

_MOST_ROWS = 30
_WIDTH = 7.2
_LEAST_REACH = 0.15  # of the axis to either side of 0.5
_LONGEST_NAME, _LONGEST_TRAIT = 30, 34
_LEGEND_CHARACTERS, _KEY_CHARACTERS = 105, 6  # of a line of the legend, and of a key with the space around it
_ARROWS = {1: "↑", -1: "↓"}


def draw(inputs: Namespace, settings: dict) -> Figure:
    """Reads the traits of a study's parts."""
    title = f"{inputs.traits.stem.removesuffix('-traits')}: in which scores do the parts differ?"
    return traits_figure(read_table(inputs.traits, TRAITS), title)


@styled()
def traits_figure(table: pd.DataFrame, title: str) -> Figure:
    """A row per score, statistic or truth, a colour per part: the effect size, 0.5 where the part is like all examples.

    table: columns of TRAITS. Rows are sorted by how much the first two parts differ, at most 30; rings mark the score
    that a part was chosen by.
    """
    table = table[table["effect"].notna()]
    experiments = list(table["experiment"].drop_duplicates())
    effects = table.pivot_table(index=["kind", "trait"], columns="experiment", values="effect", sort=False)
    if effects.empty:
        return empty_figure(title, "no score of these examples is defined", width=_WIDTH)
    order = _by_difference(effects, experiments)
    shown = effects.loc[order[:_MOST_ROWS], experiments]
    short = [abbreviated(name, _LONGEST_NAME) for name in experiments]
    sizes = table.groupby("experiment")["examples"].max()
    names = [f"{name} ({sizes[each]:,} images)" for name, each in zip(short, experiments, strict=True)]
    lines = ceil(sum(len(name) + _KEY_CHARACTERS for name in names) / _LEGEND_CHARACTERS)
    row_height = 0.2 + 0.018 * len(experiments)
    height = 0.62 + 0.23 * lines + row_height * len(shown)
    figure, below = new_figure(_WIDTH, height, title, _notes(table, short, len(shown), len(order)))
    axes = figure.add_subplot()
    _draw_lines(axes, len(shown))
    chosen = table.pivot_table(index=["kind", "trait"], columns="experiment", values="chosen_by", aggfunc="any")
    rings, keys = chosen.loc[shown.index], []
    offsets = np.linspace(-0.28, 0.28, len(experiments)) if len(experiments) > 1 else [0.0]
    colors = [color for color, _ in line_styles(len(experiments))]
    for experiment, name, offset, color in zip(experiments, names, offsets, colors, strict=True):
        place = np.arange(len(shown)) + offset
        style = {"linestyle": "none", "marker": "o", "color": color, "markersize": 4.2}
        _draw_part(axes, shown[experiment], place, rings[experiment].to_numpy(bool), style)
        keys.append(Line2D([], [], label=name, **style))
    add_legend(figure, below, keys, lines)
    axes.set_yticks(range(len(shown)), _row_names(table, shown.index))
    axes.tick_params(axis="y", length=0)
    reach = min(max((shown - 0.5).abs().max(axis=None) + 0.03, _LEAST_REACH), 0.52)
    axes.set(ylim=(len(shown) - 0.4, -0.6), xlim=(0.5 - reach, 0.5 + reach))
    axes.set_xlabel("probability that an image of the part is harder than one of all training images")
    return figure


def _by_difference(effects: pd.DataFrame, experiments: list[str]) -> pd.MultiIndex:
    """The rows of `effects`, those in which the first two parts differ most first."""
    difference = (effects[experiments[0]] - effects[experiments[min(1, len(experiments) - 1)]]).abs()
    return difference.sort_values(ascending=False, kind="stable", na_position="last").index


def _draw_lines(axes: Axes, rows: int) -> None:
    """Stripes behind every other row, and the line of parts that are like all examples."""
    for row in range(1, rows, 2):
        axes.axhspan(row - 0.5, row + 0.5, color=STRIPE, linewidth=0, zorder=0)
    axes.grid(False, axis="y")
    axes.axvline(0.5, color=FAINT_INK, linestyle=DOTTED, linewidth=1, gid="like all")


def _draw_part(axes: Axes, effects: pd.Series, place: np.ndarray, rings: np.ndarray, style: dict) -> None:
    """The effect sizes of one part; rings: bool, where it was chosen by the score."""
    axes.plot(effects[~rings], place[~rings], gid=f"effect {effects.name}", **style)
    ring = style | {"markerfacecolor": "white", "markeredgewidth": 1.6, "gid": f"chosen {effects.name}"}
    axes.plot(effects[rings], place[rings], **ring)


def _row_names(table: pd.DataFrame, rows: pd.MultiIndex) -> list[str]:
    """The trait with an arrow that says in which direction its values are harder, or what it is if it is no score."""
    directions = table.drop_duplicates(["kind", "trait"]).set_index(["kind", "trait"])["direction"]
    marks = [_ARROWS[int(directions[row])] if row[0] == SCORE else f"({row[0]})" for row in rows]
    return [f"{abbreviated(trait, _LONGEST_TRAIT)} {mark}" for (_, trait), mark in zip(rows, marks, strict=True)]


def _notes(table: pd.DataFrame, names: list[str], shown: int, rows: int) -> list[str]:
    notes = [
        "0.5 (dotted): like all. Scores are turned, so that harder images lie to the right (↑: high values are hard, "
        "↓: low ones); statistics and truths are not, higher values lie to the right."
    ]
    if table["chosen_by"].any():
        notes.append("Rings: the score that the part was chosen by, which says nothing new of it.")
    differ = f"{names[0]} and {names[min(1, len(names) - 1)]} differ"
    if shown < rows:
        notes.append(f"{shown} of {rows} rows: those in which {differ} most.")
    elif shown > 1:
        notes.append(f"Rows are sorted by how much {differ}.")
    return notes
