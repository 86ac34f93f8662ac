"""Does variance of gradients grow towards the boundary, whatever weights a network starts from?"""

from argparse import Namespace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from difficulty.analysis.vog_toy import VOG_TOY_SUMMARY
from difficulty.figures.inputs import ONE
from difficulty.figures.style.appearance import DOTTED, add_legend, new_figure, styled
from difficulty.figures.style.palette import FAINT_INK, INK, ROLE_COLORS
from difficulty.figures.style.text import counted, shortened
from difficulty.figures.vog_toy.marks import VARIANT_NAMES
from difficulty.tables import read_table

INPUTS = {"summary": ONE}

_ROW = 0.3


def draw(inputs: Namespace, settings: dict) -> Figure:
    """Reads the correlations of every network."""
    published = ", as published" if settings["reference"] else ""
    title = f"Is variance of gradients higher near the boundary{published}?"
    return correlation_figure(read_table(inputs.summary, VOG_TOY_SUMMARY), title)


@styled()
def correlation_figure(summary: pd.DataFrame, title: str) -> Figure:
    """Spearman's correlation with the distance: a panel per score, a row per stage, a point per network and split.

    summary: columns of VOG_TOY_SUMMARY. A single network has its bootstrap interval instead of other networks.
    """
    stages, seeds = list(summary["stage"].drop_duplicates()), summary["seed"].nunique()
    splits = list(summary["split"].drop_duplicates())
    several = f"one dot for each of {counted(seeds, 'network')}, bars at their medians"
    notes = [
        "Spearman's rank correlation of each score with the distance to the decision boundary: "
        f"{several if seeds > 1 else 'one network, with the 95 % bootstrap interval over points'}. "
        "−1: the nearer to the boundary, the higher the score; 0: unrelated. mean |gradient|: of the last epoch of the "
        "stage, to compare VoG with."
    ]
    figure, below = new_figure(8.4, _ROW * len(stages) * 2 + 1.2, title, notes)
    style = {"linestyle": "", "marker": "o", "markersize": 4}
    add_legend(figure, below, [Line2D([], [], color=ROLE_COLORS[split], label=split, **style) for split in splits])
    grid = figure.subplots(1, len(VARIANT_NAMES), sharey=True)
    for axes, (variant, name) in zip(grid, VARIANT_NAMES.items(), strict=True):
        axes.axvline(0, color=FAINT_INK, linestyle=DOTTED, linewidth=1)
        for row, stage in enumerate(stages):
            for index, split in enumerate(splits):
                rows = (summary["variant"] == variant) & (summary["stage"] == stage) & (summary["split"] == split)
                offset = 0.19 * (2 * index - 1) if len(splits) > 1 else 0
                _draw(axes, summary[rows & summary["spearman"].notna()], row + offset, ROLE_COLORS[split])
        axes.set(xlim=(-1.05, 1.05), ylim=(len(stages) - 0.5, -0.5), xticks=(-1, 0, 1))
        axes.set_title(name)
        axes.tick_params(axis="y", length=0)
    grid[0].set_yticks(range(len(stages)), [shortened(stage, 16) for stage in stages])
    figure.supxlabel("Spearman's correlation with the distance", size=8)
    return figure


def _draw(axes: Axes, found: pd.DataFrame, height: float, color: str) -> None:
    values = found["spearman"].to_numpy()
    axes.plot(values, np.full(len(values), height), "o", color=color, markersize=4, markeredgewidth=0, alpha=0.5)
    if len(values) == 1:
        axes.hlines(height, found["low"], found["high"], color=color, linewidth=1.6)
    elif len(values):
        axes.plot([np.median(values)] * 2, [height - 0.15, height + 0.15], color=INK, linewidth=1.6)
