"""Do easy and hard images look different? The distribution of each statistic over all, the easiest and the hardest."""

from argparse import Namespace
from math import ceil

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from difficulty.analysis.extremes import extreme_weights
from difficulty.analysis.known_numbers import known_numbers
from difficulty.analysis.ties import repeated_columns, repetitions
from difficulty.datasets.example_tables import EXAMPLES
from difficulty.figures.images.statistic_names import name_and_unit
from difficulty.figures.inputs import ANY, ONE
from difficulty.figures.style.appearance import add_legend, new_figure, styled
from difficulty.figures.style.axes import empty_figure, plain_ticks
from difficulty.figures.style.text import counted, percent
from difficulty.scores.collect import EXAMPLE_SCORES, SCORES, ranking_column
from difficulty.tables import read_schema, read_table

INPUTS = {"scores": ONE, "examples": ONE, "statistics": ANY}

FRACTION = 0.1
_EASY, _HARD, _ALL = "#56B4E9", "#000000", "#d2d2d2"
_BINS = 24
_MOST_STEPS = 1000
_COLUMNS = 4
_WIDTH, _HEIGHT = 2.05, 1.6  # inches
_LEAST_WIDTH = 5.8  # of a legend with the name of a score


def draw(inputs: Namespace, settings: dict) -> Figure:
    """Reads what is known of the training images, and how hard they are by the score."""
    score, columns = settings["drawn"][0], read_schema(inputs.scores).columns
    scores = read_table(inputs.scores, SCORES).set_index("example_id")
    role = "train" if (scores["runs_train"] > 0).any() else "validation"
    scores = scores[scores[f"runs_{role}"] > 0]
    statistics = [read_table(path, EXAMPLE_SCORES) for path in inputs.statistics]
    known = known_numbers(read_table(inputs.examples, EXAMPLES), statistics).loc[scores.index]
    hardness = pd.Series(np.nan, scores.index)
    if column := ranking_column(columns, score, role):
        hardness = scores[column].astype(float) * columns[column].direction
    title = f"{inputs.scores.parent.name}: do easy and hard images look different?"
    return statistics_histograms_figure(known, hardness, score, title)


@styled()
def statistics_histograms_figure(statistics: pd.DataFrame, hardness: pd.Series, score: str, title: str) -> Figure:
    """A histogram for each statistic that is known of some image: all in grey, the easiest and the hardest tenth.

    statistics: N examples x statistics. hardness: (N,), `score` turned so that higher is harder. NaN where unknown.
    """
    repeated = repeated_columns(statistics)
    statistics = statistics.drop(columns=list(repeated))
    shown = [name for name, column in statistics.items() if (column.notna() & hardness.notna()).any()]
    if not shown:
        return empty_figure(title, f"no statistic is known of an image that has {score}")
    columns = min(len(shown), _COLUMNS)
    lines = ceil(len(shown) / columns)
    figure, below = new_figure(max(columns * _WIDTH, _LEAST_WIDTH), lines * _HEIGHT, title, _notes(hardness, repeated))
    add_legend(figure, below, _legend(score))
    grid = figure.subplots(lines, columns, squeeze=False)
    for name, axes in zip(shown, grid.flat, strict=False):
        known = statistics[name].notna() & hardness.notna()
        _draw(axes, statistics.loc[known, name].to_numpy(float), hardness[known].to_numpy(float))
        axes.set_xlabel(name_and_unit(name))
        if axes.get_subplotspec().is_first_col():
            axes.set_ylabel("density")
    for axes in list(grid.flat)[len(shown) :]:
        axes.remove()
    return figure


def bin_edges(values: np.ndarray) -> np.ndarray:
    """Edges of at most 24 bins, which all hold as many possible values where these are multiples of some step.

    Counts and shares of pixels are such: bins of another width would hold now more, now fewer of them, like a comb.
    """
    distinct = np.unique(values)
    low, high = distinct[0], distinct[-1]
    step = np.diff(distinct).min() if len(distinct) > 1 else 1.0
    steps = (distinct - low) / step
    if steps[-1] > _MOST_STEPS or not np.allclose(steps, np.round(steps), rtol=0, atol=0.01):
        return np.linspace(low, high, _BINS + 1)
    bins = ceil((round(steps[-1]) + 1) / (per_bin := ceil((round(steps[-1]) + 1) / _BINS)))
    return low + step * (np.arange(bins + 1) * per_bin - 0.5)


def _draw(axes: Axes, values: np.ndarray, hardness: np.ndarray) -> None:
    edges = bin_edges(values)
    axes.hist(values, edges, density=True, color=_ALL, gid="all")
    for weights, color, name in zip(
        extreme_weights(hardness, FRACTION), (_EASY, _HARD), ("easiest", "hardest"), strict=True
    ):
        density, _ = np.histogram(values, edges, weights=weights, density=True)
        axes.stairs(density, edges, color=color, linewidth=1.2, gid=name)
    axes.set_yticks([])
    axes.grid(False)
    axes.xaxis.get_major_locator().set_params(nbins=4)
    plain_ticks(axes.xaxis)


def _notes(hardness: pd.Series, repeated: dict[str, str]) -> list[str]:
    images = counted(int(hardness.notna().sum()), "training image")
    notes = [f"{images}. Those that tie across the border of a tenth count in part."]
    return notes + ([f"In the same order, so drawn once: {', '.join(repetitions(repeated))}."] if repeated else [])


def _legend(score: str) -> list:
    return [
        Patch(color=_ALL, label="all"),
        Line2D([], [], color=_EASY, linewidth=1.2, label=f"easiest {percent(FRACTION)} by {score}"),
        Line2D([], [], color=_HARD, linewidth=1.2, label=f"hardest {percent(FRACTION)} by {score}"),
    ]
