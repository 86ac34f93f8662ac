"""The points of the toy experiment in the plane, coloured by variance of gradients, with the decision boundary."""

from argparse import Namespace

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from difficulty.analysis.vog_toy import VOG_TOY_SUMMARY
from difficulty.figures.inputs import ONE
from difficulty.figures.style.appearance import DASHED, SEQUENTIAL, add_legend, new_figure, styled
from difficulty.figures.style.palette import FAINT_INK, INK
from difficulty.figures.style.text import percent
from difficulty.figures.vog_toy.marks import CLASSES, COLUMN, ROOM, class_marker, stage_name
from difficulty.scores.vog.toy import BOUNDARY, VOG_TOY
from difficulty.tables import read_table

INPUTS = {"scores": ONE, "boundary": ONE, "summary": ONE}

# Line -> colour, line style, name.
_LINES = {"network": (INK, "-", "decision boundary"), "published": (FAINT_INK, DASHED, "published line")}
_NOTE = (
    "Points of the plane, coloured by the variance of their gradients over the epochs of a stage, not normalised; "
    f"the highest {percent(0.01)} share one colour. Accuracy: after the last epoch of the stage; boundary: after "
    "the last epoch of all."
)


def draw(inputs: Namespace, settings: dict) -> Figure:
    """Reads the scores, boundary and summary of the first network."""
    scores = read_table(inputs.scores, VOG_TOY)
    seed = scores["seed"].iloc[0]
    tables = (scores, read_table(inputs.boundary, BOUNDARY), read_table(inputs.summary, VOG_TOY_SUMMARY))
    network = "the published network" if settings["reference"] else f"network {seed}"
    title = f"Where in the plane do gradients vary? ({network})"
    return boundary_figure(*(table[table["seed"] == seed] for table in tables), title)


@styled()
def boundary_figure(scores: pd.DataFrame, boundary: pd.DataFrame, summary: pd.DataFrame, title: str) -> Figure:
    """The points of one network, a row per split and a column per stage, coloured by VoG, with the boundary.

    scores, boundary, summary: columns of VOG_TOY, BOUNDARY and VOG_TOY_SUMMARY, of one seed.
    """
    splits, stages = list(scores["split"].drop_duplicates()), list(scores["stage"].drop_duplicates())
    low, high = scores[["x0", "x1"]].min().to_numpy(), scores[["x0", "x1"]].max().to_numpy()
    low, high = low - 0.04 * (high - low), high + 0.04 * (high - low)
    # As high as equal units on both axes make them: the share of each column that its labels take is left out.
    height = (COLUMN - 0.25) * (high - low)[1] / (high - low)[0]
    figure, below = new_figure(ROOM + COLUMN * len(stages), len(splits) * (height + 0.3) + 1.1, title, [_NOTE])
    add_legend(figure, below, _legend(boundary))
    grid = figure.subplots(len(splits), len(stages), sharex=True, sharey=True, squeeze=False)
    for column, stage in enumerate(stages):
        of_stage = scores[scores["stage"] == stage]
        scale = {"vmin": of_stage["vog"].min(), "vmax": of_stage["vog"].quantile(0.99), "cmap": SEQUENTIAL}
        for axes, split in zip(grid[:, column], splits, strict=True):
            points = _draw_points(axes, of_stage[of_stage["split"] == split], scale, f"{split} {stage}")
            for line in _LINES:
                _draw_line(axes, boundary[boundary["line"] == line], line)
            facts = summary[(summary["split"] == split) & (summary["stage"] == stage)].iloc[0]
            heading = f"{stage_name(facts)}\n" if split == splits[0] else ""
            axes.set_title(f"{heading}{split}: {percent(facts['accuracy'], 1)} right", size=7.5)
            axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal")
        grid[-1, column].set_xlabel("first coordinate")
        figure.colorbar(points, ax=grid[:, column], location="bottom", label="VoG", aspect=18, pad=0.02)
    for axes in grid[:, 0]:
        axes.set_ylabel("second coordinate")
    return figure


def _draw_points(axes: Axes, rows: pd.DataFrame, scale: dict, gid: str) -> PathCollection:
    """Returns those of the last class, which stand for the colours of all."""
    for label, (marker, *_) in CLASSES.items():
        own = rows[rows["label"] == label]
        style = {"s": 11, "linewidths": 0.25, "edgecolors": "#777777", "gid": f"{gid} {label}"}
        points = axes.scatter(own["x0"], own["x1"], c=own["vog"], marker=marker, **scale, **style)
    return points


def _legend(boundary: pd.DataFrame) -> list:
    drawn = [_LINES[line] for line in _LINES if (boundary["line"] == line).any()]
    lines = [Line2D([], [], color=color, linestyle=style, label=name) for color, style, name in drawn]
    return [*(class_marker(label, FAINT_INK) for label in CLASSES), *lines]


def _draw_line(axes: Axes, rows: pd.DataFrame, line: str) -> None:
    color, style, _ = _LINES[line]
    segments = rows[["x0", "x1", "x0_end", "x1_end"]].to_numpy().reshape(-1, 2, 2)
    axes.add_collection(
        LineCollection(segments, colors=color, linestyles=[style], linewidths=1.2, capstyle="round", gid=line)
    )
