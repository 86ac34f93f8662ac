"""Scores of the toy experiment against the distance to the decision boundary."""

from argparse import Namespace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from difficulty.analysis.vog_toy import VOG_TOY_SUMMARY
from difficulty.figures.inputs import ONE
from difficulty.figures.style.appearance import add_legend, new_figure, styled
from difficulty.figures.style.axes import plain_ticks
from difficulty.figures.style.text import counted
from difficulty.figures.vog_toy.marks import CLASSES, COLUMN, ROOM, VARIANT_NAMES, class_marker, stage_name
from difficulty.scores.vog.toy import VOG_TOY
from difficulty.tables import read_table

INPUTS = {"scores": ONE, "summary": ONE}

_DRAWN = ("vog", "vog_normalized", "vog_absolute")


def draw(inputs: Namespace, settings: dict) -> Figure:
    """Reads the scores and the summary of one split."""
    split, published = settings["split"], settings["reference"]
    scores, summary = read_table(inputs.scores, VOG_TOY), read_table(inputs.summary, VOG_TOY_SUMMARY)
    seed = scores["seed"].iloc[0]
    line, network = ("published line", "the published network") if published else ("boundary", f"network {seed}")
    title = f"Does variance of gradients fall with the distance to the {line}? ({split}, {network})"
    scores, summary = (table[table["split"] == split] for table in (scores, summary))
    return distance_figure(scores, summary, seed, line, title)


@styled()
def distance_figure(scores: pd.DataFrame, summary: pd.DataFrame, seed: int, line: str, title: str) -> Figure:
    """Scores of one split against the distance to the boundary: a row per variant, a column per stage.

    scores, summary: columns of VOG_TOY and VOG_TOY_SUMMARY, of one split. seed: the network whose points are drawn; of
    the others only correlations are given. line: what the distance is measured from.
    """
    shown = scores[scores["seed"] == seed]
    stages, seeds = list(shown["stage"].drop_duplicates()), list(summary["seed"].drop_duplicates())
    notes = [
        f"{counted(len(shown) // len(stages), 'point')} of the {shown['split'].iloc[0]} split. "
        + _explanation(seeds, line)
    ]
    figure, below = new_figure(ROOM + COLUMN * len(stages), 1.65 * len(_DRAWN) + 0.8, title, notes)
    add_legend(figure, below, [class_marker(label, color) for label, (_, color, _) in CLASSES.items()])
    grid = figure.subplots(len(_DRAWN), len(stages), sharex=True, squeeze=False)
    for (row, column), axes in np.ndenumerate(grid):
        stage, variant = stages[column], _DRAWN[row]
        _draw_points(axes, shown[shown["stage"] == stage], variant, f"{variant} {stage}")
        found = summary[(summary["stage"] == stage) & (summary["variant"] == variant)]
        heading = f"{stage_name(found.iloc[0])}\n" if not row else ""
        axes.set_title(heading + _correlations(found, seed), size=7.5)
        plain_ticks(axes.yaxis)
        axes.set_xlim(left=0)
        if not column:
            axes.set_ylabel(VARIANT_NAMES[variant])
        if row == len(_DRAWN) - 1:
            axes.set_xlabel(f"distance to the {line}")
    return figure


def _draw_points(axes: Axes, rows: pd.DataFrame, variant: str, gid: str) -> None:
    for label, (marker, color, _) in CLASSES.items():
        own = rows[rows["label"] == label]
        style = {"s": 9, "alpha": 0.6, "linewidths": 0, "rasterized": True, "gid": f"{gid} {label}"}
        axes.scatter(own["distance"], own[variant], color=color, marker=marker, **style)


def _explanation(seeds: list[int], line: str) -> str:
    text = f"ρ: Spearman's rank correlation of score and distance; negative: nearer to the {line} is harder"
    return (
        f"{text}; in brackets: smallest and largest ρ of {counted(len(seeds), 'network')}." if seeds[1:] else f"{text}."
    )


def _correlations(found: pd.DataFrame, seed: int) -> str:
    """`ρ = −0.98`, with the range over several networks."""
    values = found["spearman"].dropna()
    own = found.loc[found["seed"] == seed, "spearman"].iloc[0]
    text = f"ρ = {_signed(own)}"
    return f"{text} ({_signed(values.min())} to {_signed(values.max())})" if len(found) > 1 and len(values) else text


def _signed(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.2f}".replace("-", "−")
