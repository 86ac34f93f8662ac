"""Networks with and without some of the training examples: their test accuracy, and what it gains on the control."""

from argparse import Namespace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from difficulty.analysis.removal import CONTROL, MEASURES, NOTHING, REMOVAL, REMOVAL_SUMMARY, mean_interval
from difficulty.figures.inputs import ONE
from difficulty.figures.removal.notes import notes
from difficulty.figures.style.appearance import new_figure, styled
from difficulty.figures.style.axes import percent_ticks
from difficulty.figures.style.palette import INK
from difficulty.figures.style.text import abbreviated, counted, percent
from difficulty.tables import read_table

INPUTS = {"table": ONE, "summary": ONE}

_MEASURE = MEASURES[0]
_ROW, _WIDTH = 0.56, 9.4  # inches
_LONGEST_NAME = 28
_COLOR, _CONTROL_COLOR = "#0072B2", "#767676"


def draw(inputs: Namespace, settings: dict) -> Figure:
    """Reads the accuracies of the networks and the differences within seeds."""
    table, summary = read_table(inputs.table, REMOVAL), read_table(inputs.summary, REMOVAL_SUMMARY)
    return rules_figure(table, summary, f"{inputs.table.stem}: does leaving examples out, or relabelling them, help?")


@styled()
def rules_figure(table: pd.DataFrame, summary: pd.DataFrame, title: str) -> Figure:
    """A row per experiment: left its runs, their mean and interval; right the differences from the control in each
    seed, or from the experiment on all examples where there is no control.

    table, summary: columns of REMOVAL, REMOVAL_SUMMARY.
    """
    experiments = list(table["experiment"].drop_duplicates())
    wanted = CONTROL if (summary["compared_with"] == CONTROL).any() else NOTHING
    compared = summary[(summary["compared_with"] == wanted) & (summary["measure"] == _MEASURE)].set_index("experiment")
    compared = compared[compared.index != compared["against"]]
    said = "Dots: seeds; bars: their mean and its 95 % interval. Differences are within seeds: networks of one seed "
    lines = notes(table, said + "start from the same weights, and see other images in another order.")
    if wanted == CONTROL and NOTHING in set(table.set_index("experiment").loc[compared["against"], "rule"]):
        lines.append("Where no example is left out, the control is the experiment on all examples.")
    figure, _ = new_figure(_WIDTH, 0.8 + _ROW * len(experiments), title, lines)
    left, right = figure.subplots(1, 2, width_ratios=(1, 1))
    by_seed = table.groupby(["experiment", "seed"])[_MEASURE].mean()
    controls = {*compared["against"]}
    for row, experiment in enumerate(experiments):
        color = _CONTROL_COLOR if experiment in controls else _COLOR
        _draw_values(left, row, by_seed[experiment].to_numpy(), color, f"accuracy {experiment}", (0, 1))
        if experiment in compared.index:
            pairs = (by_seed[experiment] - by_seed[compared.loc[experiment, "against"]]).dropna().to_numpy()
            _draw_values(right, row, pairs, color, f"difference {experiment}", (-1, 1))
            _write_difference(right, row, compared.loc[experiment])
    for experiment in controls:
        left.axvline(by_seed[experiment].mean(), color=_CONTROL_COLOR, linewidth=0.8, linestyle=(0, (4, 2)))
    _finish(left, right, table.drop_duplicates("experiment"), wanted)
    return figure


def _draw_values(axes: Axes, row: int, values: np.ndarray, color: str, gid: str, within: tuple) -> None:
    """A dot per seed, and the mean with its interval. within: the values that there can be."""
    mean, *ends = mean_interval(values)
    low, high = np.clip(ends, *within)
    axes.plot(values, np.full(len(values), row + 0.16), "o", color=color, alpha=0.5, ms=4, mew=0, gid=f"seeds {gid}")
    axes.plot([low, high], [row - 0.08] * 2, color=color, linewidth=1.4, gid=f"interval {gid}")
    axes.plot([mean] * 2, [row - 0.2, row + 0.04], color=color, linewidth=2.2, gid=f"mean {gid}")


def _write_difference(axes: Axes, row: int, compared: pd.Series) -> None:
    """The difference as a number, in percentage points, right of its row."""
    low, high = compared["low"], compared["high"]
    text = _points(compared["difference"]) + (f"  [{_points(low)}, {_points(high)}]" if np.isfinite(low) else "")
    place = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points", "va": "center"}
    axes.annotate(text, (1, row), (6, 0), size=7.5, color=INK, gid=f"number {compared.name}", **place)


def _points(difference: float) -> str:
    return f"{100 * difference:+.1f}".replace("-", "−")


def _finish(left: Axes, right: Axes, first: pd.DataFrame, wanted: str) -> None:
    """Titles, ticks and names. first: a row of REMOVAL of each experiment, in order."""
    left.set_yticks(range(len(first)), [_name(row) for row in first.to_dict("records")])
    right.set_yticks([])
    right.axvline(0, color=_CONTROL_COLOR, linewidth=0.8, linestyle=(0, (4, 2)))
    left.set_title("test accuracy")
    right.set_title(f"difference from {'the control' if wanted == CONTROL else 'all examples'}, in the same seed")
    for axes in (left, right):
        axes.set_ylim(len(first) - 0.5, -0.5)
        axes.tick_params(axis="y", length=0)
        axes.locator_params(axis="x", nbins=5)
        axes.margins(x=0.06)
        percent_ticks(axes.xaxis)


def _name(row: dict) -> str:
    """What is done, and to how many examples."""
    rule = "all examples" if row["rule"] == NOTHING else row["rule"]
    lines = [
        f"{row[what]:,} {what}{_of_them(row[f'{what}_wrong'], 0)}" for what in ("dropped", "relabelled") if row[what]
    ]
    lines.append(f"{counted(row['left'], 'image')}{' left' if lines else ''}{_of_them(row['wrong_left'], 1)}")
    return "\n".join([abbreviated(rule, _LONGEST_NAME), *lines])


def _of_them(wrong: float, digits: int) -> str:
    return f", {percent(wrong, digits)} of them wrong" if np.isfinite(wrong) else ""
