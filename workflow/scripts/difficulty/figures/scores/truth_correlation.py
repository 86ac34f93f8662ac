"""Which scores rise with what is known to make images hard: Spearman's correlation with each truth column."""

from argparse import Namespace

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from difficulty.analysis.truth_correlation import ALL_CLASSES, TRUTH_CORRELATION
from difficulty.figures.inputs import ONE
from difficulty.figures.style.appearance import DIVERGING, new_figure, roles_in, styled
from difficulty.figures.style.axes import empty_figure
from difficulty.figures.style.palette import FAINT_INK, INK, ROLE_COLORS
from difficulty.figures.style.text import short_number, shortened
from difficulty.tables import read_table

INPUTS = {"correlation": ONE}

_WIDTH, _HEIGHT = 0.72, 0.36


def draw(inputs: Namespace, settings: dict) -> Figure:
    """Reads the correlations of an experiment's scores with truth columns."""
    title = f"{inputs.correlation.parent.name}: do scores rise with what makes images hard?"
    table = read_table(inputs.correlation, TRUTH_CORRELATION)
    return truth_correlation_figure(table, title, next(iter(roles_in(table)), "train"))


@styled()
def truth_correlation_figure(table: pd.DataFrame, title: str, role: str = "train") -> Figure:
    """Scores x truth columns over all examples of one role, numbers with intervals; below, each class by itself.

    table: columns of TRUTH_CORRELATION.
    """
    table = table[table["role"] == role]
    groups = list(table["class_name"].drop_duplicates())
    if table.empty:
        return empty_figure(title, "no truth column with numbers")
    scores = list(table["score"].drop_duplicates())
    truths = list(table["truth"].drop_duplicates())
    notes = [
        "Spearman's correlation of each score, turned so that higher means harder, with what is known of the images. "
        "Small numbers: 95 % bootstrap interval (examples resampled). A dash: not defined there."
    ]
    columns = min(len(groups), 3)
    lines = -(-len(groups) // columns)
    size = (columns * (_WIDTH * len(truths) + 0.3) + 1.6, lines * (_HEIGHT * len(scores) + 1.3))
    figure, _ = new_figure(*size, title, notes)
    grid = figure.subplots(lines, columns, squeeze=False)
    for axes, group in zip(grid.flat, groups, strict=False):
        _draw(axes, table[table["class_name"] == group], scores, truths)
        name = "all classes" if group == ALL_CLASSES else shortened(group, 24)
        axes.set_title(name, color=ROLE_COLORS[role])
        if not axes.get_subplotspec().is_first_col():
            axes.set_yticklabels([])
    for axes in list(grid.flat)[len(groups) :]:
        axes.remove()
    return figure


def _draw(axes, part: pd.DataFrame, scores: list[str], truths: list[str]) -> None:
    cells = part.set_index(["score", "truth"])[["spearman", "low", "high"]]
    cells = cells.reindex(pd.MultiIndex.from_product([scores, truths])).to_numpy(float, na_value=np.nan)
    values, low, high = cells.T.reshape(3, len(scores), len(truths))
    axes.imshow(np.ma.masked_invalid(values), cmap=DIVERGING, vmin=-1, vmax=1, aspect="auto")
    axes.set_xticks(range(len(truths)), [shortened(name, 16) for name in truths], rotation=45, ha="right")
    axes.set_yticks(range(len(scores)), scores)
    axes.tick_params(length=0)
    axes.grid(False)
    axes.spines[:].set_visible(False)
    for row, column in np.ndindex(values.shape):
        value = values[row, column]
        style = {"ha": "center", "va": "center", "in_layout": False}
        if np.isnan(value):
            axes.text(column, row, "–", color=FAINT_INK, **style)
            continue
        style["color"] = "white" if abs(value) > 0.62 else INK
        axes.text(column, row - 0.16, short_number(value), size=7.5, **style)
        interval = f"{short_number(low[row, column])}, {short_number(high[row, column])}"
        axes.text(column, row + 0.24, interval, size=4.8, **style)
