"""Average precision of each class, on training and on test images."""

from argparse import Namespace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from difficulty.analysis.average_precision import ALL_CLASSES, AVERAGE_PRECISION_SUMMARY
from difficulty.figures.inputs import ONE
from difficulty.figures.style.appearance import DASHED, add_legend, new_figure, styled
from difficulty.figures.style.axes import empty_figure, percent_ticks
from difficulty.figures.style.palette import FAINT_INK, ROLE_COLORS
from difficulty.figures.style.text import counted, percent, shortened
from difficulty.tables import read_table

INPUTS = {"average_precision": ONE}

_ROW = 0.24
_NAME_CHARACTERS = 24
_MARKERS = {"train": "o", "test": "D"}


def draw(inputs: Namespace, settings: dict) -> Figure:
    """Reads the average precision of every class over all runs."""
    title = f"{inputs.average_precision.parent.name}: which classes do networks find in the images?"
    return average_precision_figure(read_table(inputs.average_precision, AVERAGE_PRECISION_SUMMARY), title)


@styled()
def average_precision_figure(table: pd.DataFrame, title: str) -> Figure:
    """A row per class, those that are found best in the test at the top; dashed lines are the means over classes.

    table: columns of AVERAGE_PRECISION_SUMMARY; the last epoch counts. Dots are means over the runs, bars reach one
    standard deviation to either side, the tick of each row is what a random order would give.
    """
    table = table[table["epoch"] == table["epoch"].max()]
    of_classes = table[(table["class_name"] != ALL_CLASSES) & table["average_precision"].notna()]
    if of_classes.empty:
        return empty_figure(title, "no image has a class", width=6.4)
    roles = [role for role in _MARKERS if (of_classes["role"] == role).any()]
    by_class = of_classes.pivot_table(index="class_name", columns="role", values="average_precision")
    order = by_class.sort_values(roles[-1], ascending=False, kind="stable", na_position="last").index
    figure, below = new_figure(6.4, 0.75 + _ROW * len(order), title, [_note(table, roles)])
    axes = figure.add_subplot()
    axes.grid(False, axis="y")
    handles = []
    offsets = np.linspace(-0.16, 0.16, len(roles)) if len(roles) > 1 else [0.0]
    for role, offset in zip(roles, offsets, strict=True):
        rows = of_classes[of_classes["role"] == role].set_index("class_name").reindex(order)
        _draw_role(axes, rows, np.arange(len(order)) + offset, role)
        mean = table.loc[(table["role"] == role) & (table["class_name"] == ALL_CLASSES), "average_precision"].item()
        axes.axvline(mean, color=ROLE_COLORS[role], linestyle=DASHED, linewidth=1, gid=f"mean {role}")
        style = {"color": ROLE_COLORS[role], "marker": _MARKERS[role], "markersize": 4.5}
        handles.append(Line2D([], [], linestyle=DASHED, label=f"{role}: mAP {percent(mean, 1)}", **style))
    handles.append(Line2D([], [], color=FAINT_INK, linestyle="none", marker="|", markersize=7, label="random order"))
    add_legend(figure, below, handles)
    axes.set_yticks(range(len(order)), [_row_name(name, of_classes, roles) for name in order])
    axes.tick_params(axis="y", length=0)
    axes.set(xlim=(0, 1.01), ylim=(len(order) - 0.4, -0.6), xlabel="average precision")
    percent_ticks(axes.xaxis)
    return figure


def _draw_role(axes: Axes, rows: pd.DataFrame, places: np.ndarray, role: str) -> None:
    color, mean, spread = ROLE_COLORS[role], rows["average_precision"], rows["average_precision_std"].fillna(0)
    axes.hlines(places, mean - spread, (mean + spread).clip(upper=1), color=color, linewidth=1.2)
    axes.plot(rows["positives"] / rows["examples"], places, "|", color=FAINT_INK, markersize=5, gid=f"random {role}")
    axes.plot(mean, places, _MARKERS[role], color=color, markersize=4.5, gid=f"classes {role}")


def _row_name(name: str, of_classes: pd.DataFrame, roles: list[str]) -> str:
    """The class with the number of images that have it, by role."""
    own = of_classes[of_classes["class_name"] == name].set_index("role")["positives"]
    numbers = " / ".join(f"{own.get(role, 0):,}" for role in roles)
    return f"{shortened(name, _NAME_CHARACTERS)} ({numbers})"


def _note(table: pd.DataFrame, roles: list[str]) -> str:
    runs = int(table["runs"].max())
    spread = "; bars: one standard deviation to either side" if runs > 1 else ""
    return (
        f"How well the logit of a class tells images that have it from the others, after epoch {table['epoch'].max()}. "
        f"Dots: mean over {counted(runs, 'run')}{spread}. In brackets: images that have the class, "
        f"{' / '.join(roles)}. mAP (dashed): mean over the classes that any image has."
    )
