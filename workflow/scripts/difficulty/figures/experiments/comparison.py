"""Experiments compared over the epochs: pristine against corrupt labels, train against test."""

from argparse import Namespace
from math import ceil

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter

from difficulty.figures.experiments.measure_names import accuracy_name, loss_name
from difficulty.figures.inputs import SEVERAL
from difficulty.figures.style.appearance import DASHED, add_legend, line_styles, new_figure, styled
from difficulty.figures.style.axes import epoch_marker, integer_ticks, percent_ticks, plain_ticks, say_empty
from difficulty.figures.style.palette import FAINT_INK
from difficulty.figures.style.text import counted, percent, shortened
from difficulty.training.histories import read_histories

INPUTS = {"histories": SEVERAL}

# Title of a panel; group, what it is called, line style.
_PANELS = (
    (
        "Training images: are wrong labels memorised?",
        (("pristine", "pristine labels", "-"), ("corrupt", "corrupt labels", DASHED)),
    ),
    (
        "All training images against test images",
        (("train", "train", "-"), ("test", "test", DASHED)),
    ),
)
_AXIS_LABELS = {"loss": loss_name, "top1": accuracy_name}
_SPAN_OF_LINEAR_AXIS = 100
_LEGEND_CHARACTERS, _KEY_CHARACTERS = 115, 8  # of a line of the legend, and of a key with the space around it
_LONGEST_NAME = 30
_HEIGHT = 3.3  # inches, below the header
_BETWEEN_NUMBERS = 0.046  # share of a panel's height


def draw(inputs: Namespace, settings: dict) -> Figure:
    """Reads the histories of all runs, one experiment after another."""
    history = read_histories(inputs.histories)
    measure = settings["measure"]
    called = "loss" if measure == "loss" else accuracy_name(history)
    return comparison_figure(
        history, measure, f"{settings['comparison']}: how does {called} differ between experiments?"
    )


@styled()
def comparison_figure(history: pd.DataFrame, measure: str, title: str) -> Figure:
    """Two panels with one vertical axis; a colour per experiment, its mean over runs as a line in a band from the
    smallest to the largest run, and the last means as numbers next to the panels.

    history: experiment, run, epoch, group, examples, loss (nats), top1, top5 of every run; measure: loss or top1.
    The axis of losses is logarithmic if they span more than two decades. An experiment without corrupt labels has
    all of its training examples among the pristine ones, as the notes say.
    """
    history = history[history["examples"] > 0]
    experiments = history["experiment"].unique()
    colors = {name: color for name, (color, _) in zip(experiments, line_styles(len(experiments)), strict=True)}
    names = [shortened(name, _LONGEST_NAME) for name in colors]
    lines = ceil(sum(len(name) + _KEY_CHARACTERS for name in names) / _LEGEND_CHARACTERS)
    warnings = _not_finite(history, measure)
    figure, below = new_figure(7.6, _HEIGHT + 0.2 * lines, title, _notes(history), warnings)
    if not colors:
        say_empty(figure.add_subplot(), "no history")
        return figure
    keys = [Line2D([], [], color=color, label=name) for color, name in zip(colors.values(), names, strict=True)]
    add_legend(figure, below, keys, lines)
    grid = figure.subplots(1, 2, sharey=True)
    panels = zip(grid, _panels(history), strict=True)
    drawn = [_draw_panel(axes, history, measure, *panel, colors) for axes, panel in panels]
    grid[0].set_ylabel(_AXIS_LABELS[measure](history))
    _scale(grid[0], measure)
    for axes, ends in zip(grid, drawn, strict=True):
        _write_ends(axes, ends, measure)
    return figure


def _panels(history: pd.DataFrame) -> tuple:
    """(title, groups) of both; where no label is wrong, nothing is asked about wrong labels."""
    (title, groups), whole = _PANELS
    return ((title if _has_corrupt(history) else title.partition(":")[0], groups), whole)


def _has_corrupt(history: pd.DataFrame) -> bool:
    return (history["group"] == "corrupt").any()


def _curves(history: pd.DataFrame, group: str, measure: str) -> pd.DataFrame:
    """Of one experiment, epochs x runs; null where not finite. Without corrupt labels all examples are pristine."""
    if group == "pristine" and not _has_corrupt(history):
        group = "train"
    if group == "train" and not (history["group"] == "train").any():
        group = "train_sample"
    values = history[history["group"] == group].pivot_table(index="epoch", columns="run", values=measure, dropna=False)
    return values.where(np.isfinite(values))


def _draw_panel(axes: Axes, history: pd.DataFrame, measure: str, title: str, groups: tuple, colors: dict) -> list:
    """Returns (last mean, colour, line style) of each line."""
    ends, shown = [], []
    last_epoch = history["epoch"].max()
    marker = epoch_marker(last_epoch)
    for group, called, style in groups:
        curves = {name: _curves(history[history["experiment"] == name], group, measure) for name in colors}
        curves = {name: values for name, values in curves.items() if values.notna().any(axis=None)}
        if curves:
            shown.append(Line2D([], [], color=FAINT_INK, linestyle=style, linewidth=1.3, label=called))
        for name, values in curves.items():
            mean = _draw_curve(axes, values, colors[name], style, marker, f"{name} {group}")
            ends.append((mean.iloc[-1], colors[name], style))
            if mean.index[-1] < last_epoch:
                axes.plot(mean.index[-1], mean.iloc[-1], "o", color=colors[name], markersize=3.2)
    axes.set_title(title, pad=19)
    axes.set_xlabel("epoch")
    integer_ticks(axes.xaxis, 5)
    if shown:
        style = {"handlelength": 2.6, "columnspacing": 1.4, "borderpad": 0, "borderaxespad": 0.4}
        axes.legend(handles=shown, loc="lower left", bbox_to_anchor=(0, 1), ncols=len(shown), **style)
    return ends


def _draw_curve(axes: Axes, values: pd.DataFrame, color: str, style, marker: str | None, gid: str) -> pd.Series:
    """Returns the mean over runs, as far as there is one."""
    mean = values.mean(axis=1)
    low, high = values.min(axis=1), values.max(axis=1)
    if values.shape[1] > 1:
        axes.fill_between(mean.index, low, high, color=color, alpha=0.18, linewidth=0, gid=f"band {gid}")
    if values.shape[1] > 1 and len(mean) == 1:
        axes.vlines(mean.index, low, high, color=color, alpha=0.4, linewidth=3)
    axes.plot(
        mean.index, mean, color=color, linestyle=style, linewidth=1.4, marker=marker, markersize=2, gid=f"mean {gid}"
    )
    return mean.dropna()


def _scale(axes: Axes, measure: str) -> None:
    if measure == "top1":
        percent_ticks(axes.yaxis)
        return
    lines = [line.get_ydata() for each in axes.figure.axes for line in each.get_lines()]
    values = np.concatenate([np.asarray(line, float) for line in lines] or [np.empty(0)])
    values = values[np.isfinite(values)]
    if len(values) and values.min() > 0 and values.max() > _SPAN_OF_LINEAR_AXIS * values.min():
        axes.set_yscale("log")
        axes.yaxis.set_minor_formatter(NullFormatter())
    plain_ticks(axes.yaxis)


def _write_ends(axes: Axes, ends: list, measure: str) -> None:
    """The last means next to the panel, moved apart where they would overlap."""
    axes.set_ylim(axes.get_ylim())
    scale = axes.transScale + axes.transLimits
    ends = sorted(ends, key=lambda end: end[0])
    heights = [float(scale.transform((1, value))[1]) for value, _, _ in ends]
    for (value, color, style), height, place in zip(ends, heights, apart(heights, _BETWEEN_NUMBERS), strict=True):
        axes.annotate(
            percent(value, 1) if measure == "top1" else f"{value:#.3g}".rstrip("."),
            xy=(1.005, height),
            xytext=(1.075, place),
            xycoords="axes fraction",
            textcoords="axes fraction",
            va="center",
            size=6.5,
            color=color,
            gid="last",
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": color,
                "linewidth": 0.7,
                "linestyle": style,
                "relpos": (0, 0.5),
                "shrinkA": 1,
                "shrinkB": 0,
            },
        )


def apart(heights: list[float], distance: float) -> list[float]:
    """Heights in ascending order, moved as little as possible (least squares) until they are `distance` apart.

    Those between 0 and 1 stay there where there is room.
    """
    blocks = []  # pool adjacent violators: [mean of heights less what the distances add, number]
    for index, height in enumerate(heights):
        blocks.append([height - index * distance, 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (mean, count), (last, further) = blocks[-2:]
            blocks[-2:] = [[(mean * count + last * further) / (count + further), count + further]]
    moved = np.repeat([mean for mean, _ in blocks], [count for _, count in blocks])
    moved = np.clip(moved, 0, max(1 - (len(heights) - 1) * distance, 0))
    return list(moved + distance * np.arange(len(heights)))


def _notes(history: pd.DataFrame) -> list[str]:
    if history.empty:
        return []
    counts = history.groupby("experiment", sort=False)["run"].nunique()
    if counts.max() == 1:
        runs, last = "One run of each experiment: no spread to show", "values"
    else:
        fewest, most = counts.min(), counts.max()
        number = f"{counted(most, 'run')} each" if fewest == most else f"{fewest} to {most} runs"
        last = "means"
        runs = f"{number}: lines are their mean, bands reach from lowest to highest run"
    notes = [f"{runs}. Numbers: {last} after the last epoch."]
    parts = dict(list(history.groupby("experiment", sort=False)))
    held_out = [name for name, part in parts.items() if not part["group"].isin(["train", "train_sample"]).any()]
    untested = [name for name, part in parts.items() if not (part["group"] == "test").any()]
    clean = [name for name, part in parts.items() if name not in held_out and not _has_corrupt(part)]
    if clean:
        whole = "their whole training sets are" if len(clean) > 1 else "its whole training set is"
        notes.append(f"No corrupt labels: {_listed(clean)}; {whole} shown as pristine.")
    if held_out:
        notes.append(f"All training images are held out: {_listed(held_out)}.")
    if untested:
        notes.append(f"No test images: {_listed(untested)}.")
    return notes


def _not_finite(history: pd.DataFrame, measure: str) -> list[str]:
    lost = history[~np.isfinite(history[measure])]
    if lost.empty:
        return []
    names = [
        f"{name} ({', '.join(sorted(part['run'].unique()))})" for name, part in lost.groupby("experiment", sort=False)
    ]
    return [f"Training diverged, a loss is not finite: {'; '.join(names)}. Means leave such values out."]


def _listed(names: list[str]) -> str:
    return ", ".join(shortened(name, _LONGEST_NAME) for name in names)
