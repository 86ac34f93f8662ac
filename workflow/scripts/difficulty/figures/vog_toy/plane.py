"""The toy experiment of variance of gradients: the points in the plane, and their scores by distance."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from difficulty.figures.style.appearance import FAINT_INK, INK, SEQUENTIAL, add_legend, new_figure, styled
from difficulty.figures.style.axes import plain_ticks
from difficulty.figures.style.text import counted, percent, shortened

VARIANT_NAMES = {
    "vog": "VoG",
    "vog_normalized": "z-score within class",
    "vog_absolute": "|z-score|",
    "gradient": "mean |gradient|",
}
_DRAWN = ("vog", "vog_normalized", "vog_absolute")
_CLASSES = {0: ("o", "#CC79A7", "class 0 (one blob)"), 1: ("^", "#7F6A00", "class 1 (two blobs)")}
_LINES = {"network": (INK, "-", "decision boundary"), "published": (FAINT_INK, (0, (4, 1.5)), "published line")}
_COLUMN, _ROOM = 1.95, 0.6


@styled()
def boundary_figure(scores: pd.DataFrame, boundary: pd.DataFrame, summary: pd.DataFrame, title: str) -> Figure:
    """The points of one network, a row per split and a column per stage, coloured by VoG, with the boundary.

    scores, boundary, summary: columns of VOG_TOY, BOUNDARY and VOG_TOY_SUMMARY, of one seed.
    """
    splits, stages = list(scores["split"].drop_duplicates()), list(scores["stage"].drop_duplicates())
    low, high = scores[["x0", "x1"]].min().to_numpy(), scores[["x0", "x1"]].max().to_numpy()
    low, high = low - 0.04 * (high - low), high + 0.04 * (high - low)
    lines = [line for line in _LINES if (boundary["line"] == line).any()]
    notes = [
        "Points of the plane, coloured by the variance of their gradients over the epochs of a stage, not normalised; "
        f"the highest {percent(0.01)} share one colour. Accuracy: after the last epoch of the stage; boundary: after "
        "the last epoch of all."
    ]
    # As high as equal units on both axes make them: the share of each column that its labels take is left out.
    height = (_COLUMN - 0.25) * (high - low)[1] / (high - low)[0]
    figure, below = new_figure(_ROOM + _COLUMN * len(stages), len(splits) * (height + 0.3) + 1.1, title, notes)
    marks = [_marker(label, FAINT_INK) for label in _CLASSES]
    marks += [Line2D([], [], color=_LINES[line][0], linestyle=_LINES[line][1], label=_LINES[line][2]) for line in lines]
    add_legend(figure, below, marks)
    grid = figure.subplots(len(splits), len(stages), sharex=True, sharey=True, squeeze=False)
    for column, stage in enumerate(stages):
        of_stage = scores[scores["stage"] == stage]
        for axes, split in zip(grid[:, column], splits, strict=True):
            part, facts = of_stage[of_stage["split"] == split], _facts(summary, split, stage)
            scale = {"vmin": of_stage["vog"].min(), "vmax": of_stage["vog"].quantile(0.99), "cmap": SEQUENTIAL}
            for label, (marker, *_) in _CLASSES.items():
                rows = part[part["label"] == label]
                style = {"s": 11, "linewidths": 0.25, "edgecolors": "#777777", "gid": f"{split} {stage} {label}"}
                points = axes.scatter(rows["x0"], rows["x1"], c=rows["vog"], marker=marker, **scale, **style)
            for line in lines:
                _draw_line(axes, boundary[boundary["line"] == line], line)
            heading = f"{_stage_name(facts)}\n" if split == splits[0] else ""
            axes.set_title(f"{heading}{split}: {percent(facts['accuracy'], 1)} right", size=7.5)
            axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal")
        grid[-1, column].set_xlabel("first coordinate")
        figure.colorbar(points, ax=grid[:, column], location="bottom", label="VoG", aspect=18, pad=0.02)
    for axes in grid[:, 0]:
        axes.set_ylabel("second coordinate")
    return figure


@styled()
def distance_figure(scores: pd.DataFrame, summary: pd.DataFrame, seed: int, line: str, title: str) -> Figure:
    """Scores of one split against the distance to the boundary: a row per variant, a column per stage.

    scores, summary: columns of VOG_TOY and VOG_TOY_SUMMARY, of one split. seed: the network whose points are drawn; of
    the others only correlations are told. line: what the distance is measured from.
    """
    shown = scores[scores["seed"] == seed]
    stages, seeds = list(shown["stage"].drop_duplicates()), list(summary["seed"].drop_duplicates())
    notes = [
        f"{counted(len(shown) // len(stages), 'point')} of the {shown['split'].iloc[0]} split. "
        + _explanation(seeds, line)
    ]
    figure, below = new_figure(_ROOM + _COLUMN * len(stages), 1.65 * len(_DRAWN) + 0.8, title, notes)
    add_legend(figure, below, [_marker(label, color) for label, (_, color, _) in _CLASSES.items()])
    grid = figure.subplots(len(_DRAWN), len(stages), sharex=True, squeeze=False)
    for (row, column), axes in np.ndenumerate(grid):
        stage, variant = stages[column], _DRAWN[row]
        part = shown[shown["stage"] == stage]
        for label, (marker, color, _) in _CLASSES.items():
            rows = part[part["label"] == label]
            style = {"s": 9, "alpha": 0.6, "linewidths": 0, "rasterized": True, "gid": f"{variant} {stage} {label}"}
            axes.scatter(rows["distance"], rows[variant], color=color, marker=marker, **style)
        found = summary[(summary["stage"] == stage) & (summary["variant"] == variant)]
        heading = f"{_stage_name(found.iloc[0])}\n" if not row else ""
        axes.set_title(heading + _correlations(found, seed), size=7.5)
        plain_ticks(axes.yaxis)
        axes.set_xlim(left=0)
        if not column:
            axes.set_ylabel(VARIANT_NAMES[variant])
        if row == len(_DRAWN) - 1:
            axes.set_xlabel(f"distance to the {line}")
    return figure


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


def _stage_name(facts: pd.Series) -> str:
    return f"{shortened(facts['stage'], 14)}, epochs {facts['first_epoch']}–{facts['last_epoch']}"


def _facts(summary: pd.DataFrame, split: str, stage: str) -> pd.Series:
    return summary[(summary["split"] == split) & (summary["stage"] == stage)].iloc[0]


def _marker(label: int, color: str) -> Line2D:
    marker, _, name = _CLASSES[label]
    return Line2D([], [], color=color, marker=marker, linestyle="", markersize=4, label=name)


def _draw_line(axes: Axes, rows: pd.DataFrame, line: str) -> None:
    color, style, _ = _LINES[line]
    segments = rows[["x0", "x1", "x0_end", "x1_end"]].to_numpy().reshape(-1, 2, 2)
    axes.add_collection(
        LineCollection(segments, colors=color, linestyles=[style], linewidths=1.2, capstyle="round", gid=line)
    )
