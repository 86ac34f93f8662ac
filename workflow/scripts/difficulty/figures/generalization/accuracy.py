"""Networks trained on parts of a data set: training against test accuracy, and every part against every other."""

from argparse import Namespace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from difficulty.analysis.generalization import GENERALIZATION, ORIGINAL, OWN
from difficulty.figures.inputs import ONE
from difficulty.figures.style.appearance import SEQUENTIAL, add_legend, new_figure, styled
from difficulty.figures.style.axes import percent_ticks
from difficulty.figures.style.palette import INK, ROLE_COLORS
from difficulty.figures.style.text import abbreviated, counted
from difficulty.tables import read_table

INPUTS = {"table": ONE}

# What a test split is to a network -> what it is called, colour.
_TESTS = {
    OWN: ("held-out images of the same part", ROLE_COLORS["validation"]),
    ORIGINAL: ("test images of the original", ROLE_COLORS["test"]),
}
_LANE = 0.18  # rows, from the middle of a row to the line of either test
_ROW, _CELL, _LEFT = 0.52, 0.62, 5.6  # inches
_LEAST_MATRIX = 1.5  # inches, so that its title fits
_LONGEST_NAME, _LONGEST_COLUMN = 24, 18
_SEEN = "†"


def draw(inputs: Namespace, settings: dict) -> Figure:
    """Reads the accuracies of a study's networks."""
    table = read_table(inputs.table, GENERALIZATION)
    original = table.loc[table["relation"] == ORIGINAL, "tested_on"].iloc[0]
    title = f"{inputs.table.stem}: how well do networks trained on a part of {original} generalise?"
    return generalization_figure(table, title)


@styled()
def generalization_figure(table: pd.DataFrame, title: str) -> Figure:
    """Left a row per experiment: runs as dots, means as bars, lines from training to test accuracy and the gap as a
    number. Right, in the same rows, the mean accuracy on every test split, own ones framed.

    table: columns of GENERALIZATION, experiments and test splits in order. Without a held-out part of its own an
    experiment has one line, to the original test split.
    """
    experiments, tests = (list(table[column].drop_duplicates()) for column in ("experiment", "tested_on"))
    height = 0.85 + _ROW * len(experiments)
    matrix_width = max(_CELL * len(tests), _LEAST_MATRIX)
    figure, below = new_figure(_LEFT + matrix_width, height, title, _notes(table))
    shown = [name for name in _TESTS if (table["relation"] == name).any()]
    keys = {"training images": ROLE_COLORS["train"]} | dict(_TESTS[name] for name in shown)
    style = {"linestyle": "none", "marker": "o", "markersize": 4}
    add_legend(figure, below, [Line2D([], [], color=color, label=name, **style) for name, color in keys.items()])
    lines, matrix = figure.subplots(1, 2, width_ratios=(3.2, matrix_width))
    lanes = dict(zip(shown, (-_LANE, _LANE) if len(shown) > 1 else (0.0,), strict=True))
    for row, experiment in enumerate(experiments):
        _draw_gaps(lines, row, table[table["experiment"] == experiment], lanes)
    _finish_gaps(lines, table, experiments)
    _draw_matrix(matrix, table, experiments, tests)
    for axes in (lines, matrix):
        axes.set_ylim(len(experiments) - 0.5, -0.5)
        axes.tick_params(axis="y", length=0)
    return figure


def _draw_gaps(axes: Axes, row: int, part: pd.DataFrame, lanes: dict[str, float]) -> None:
    """One experiment: its training accuracy, and a line from there to each test accuracy."""
    experiment = part["experiment"].iloc[0]
    train = part.drop_duplicates("run")["train_top1"].to_numpy()
    for name, lane in lanes.items():
        tested = part[part["relation"] == name]
        if tested.empty:
            continue
        color, values, place = _TESTS[name][1], tested["top1"].to_numpy(), row + lane
        ends = (train.mean(), values.mean())
        axes.plot(ends, (place, place), color=color, linewidth=1.2, alpha=0.6, gid=f"gap {name} {experiment}")
        _draw_runs(axes, values, place, color, 0.13, f"{name} {experiment}")
        axes.annotate(
            _points(tested.groupby("seed")["gap"].mean().to_numpy()),
            (1, place),
            (6, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            va="center",
            size=7.5,
            color=color,
            gid=f"number {name} {experiment}",
        )
    _draw_runs(axes, train, row, ROLE_COLORS["train"], 0.15 + max(lanes.values()), f"train {experiment}")


def _draw_runs(axes: Axes, values: np.ndarray, place: float, color: str, half: float, gid: str) -> None:
    """A dot per run, and a bar at their mean."""
    axes.plot(values, np.full(len(values), place), "o", color=color, alpha=0.55, ms=4, mew=0, gid=f"runs {gid}")
    axes.plot([values.mean()] * 2, [place - half, place + half], color=color, linewidth=1.8, gid=f"mean {gid}")


def _points(gaps: np.ndarray) -> str:
    """A gap in percentage points, with its deviation over seeds."""
    mean = f"{100 * gaps.mean():.1f}".replace("-", "−")
    return mean if len(gaps) == 1 else f"{mean} ± {100 * gaps.std(ddof=1):.1f}"


def _finish_gaps(axes: Axes, table: pd.DataFrame, experiments: list[str]) -> None:
    sizes = table.groupby("experiment")["train_examples"].max()
    names = [f"{abbreviated(name, _LONGEST_NAME)}\n{counted(int(sizes[name]), 'image')}" for name in experiments]
    axes.set_yticks(range(len(experiments)), names)
    axes.set_title("training against test images")
    axes.set_xlabel("top-1 accuracy")
    axes.annotate("gap", (1, 1), (6, 4), xycoords="axes fraction", textcoords="offset points", weight="bold", size=8)
    axes.margins(x=0.04)
    axes.locator_params(axis="x", nbins=5)
    percent_ticks(axes.xaxis)


def _draw_matrix(axes: Axes, table: pd.DataFrame, experiments: list[str], tests: list[str]) -> None:
    cells = table.groupby(["experiment", "tested_on"])
    first = cells[["relation", "seen"]].first()
    seeds = table.groupby(["experiment", "tested_on", "seed"])["top1"].mean()
    spread = (
        seeds.groupby(["experiment", "tested_on"])
        .agg(["mean", "std"])
        .loc[pd.MultiIndex.from_product([experiments, tests])]
    )
    means, deviations = spread.to_numpy().T.reshape(2, len(experiments), len(tests))
    axes.imshow(means, cmap=SEQUENTIAL, aspect="auto", gid="matrix")
    middle = (means.min() + means.max()) / 2
    for row, column in np.ndindex(means.shape):
        relation, seen = first.loc[(experiments[row], tests[column])]
        style = {"ha": "center", "va": "center", "in_layout": False}
        style["color"] = INK if means[row, column] > middle else "white"
        mean = f"{100 * means[row, column]:.1f}" + (_SEEN if seen else "")
        if np.isnan(deviations[row, column]):
            axes.text(column, row, mean, size=8, gid="cell", **style)
        else:
            axes.text(column, row - 0.13, mean, size=8, gid="cell", **style)
            axes.text(column, row + 0.22, f"± {100 * deviations[row, column]:.1f}", size=6, **style)
        if relation == OWN:
            frame = {"fill": False, "edgecolor": _TESTS[OWN][1], "linewidth": 2.2, "gid": "own"}
            axes.add_patch(Rectangle((column - 0.46, row - 0.46), 0.92, 0.92, **frame))
    axes.set_xticks(
        range(len(tests)), [abbreviated(name, _LONGEST_COLUMN) for name in tests], rotation=35, ha="right", va="top"
    )
    axes.set_yticks([])
    axes.tick_params(axis="x", length=0, pad=2)
    axes.grid(False)
    axes.spines[:].set_visible(False)
    axes.set_title("tested on, %")


def _notes(table: pd.DataFrame) -> list[str]:
    counts = table.groupby("experiment", sort=False)["run"].nunique()
    if counts.max() == 1:
        what = "Top-1 accuracy after the last epoch of the only run of each experiment: there is no spread to show."
    else:
        what = "Top-1 accuracy after the last epoch. Dots: runs; bars: their mean; ±: standard deviation over seeds."
    notes = [f"{what} Gap: training less test accuracy, in percentage points."]
    own = set(table.loc[table["relation"] == OWN, "experiment"])
    without = [name for name in counts.index if name not in own]
    if not own:
        notes.append("No part has held-out images of its own: all are tested on the test images of the original only.")
    elif without:
        names = ", ".join(abbreviated(name, _LONGEST_NAME) for name in without)
        notes.append(f"Without held-out images of its own: {names}.")
    repeated = table.loc[table["seed_chose"], "experiment"].drop_duplicates()
    if len(repeated):
        names = ", ".join(abbreviated(name, _LONGEST_NAME) for name in repeated)
        notes.append(f"Under seeds that also chose the images, so not independent of the choice: {names}.")
    seen = table[table["seen"] > 0]
    if len(seen):
        share = seen["seen"] / seen["test_examples"]
        low, high = f"{100 * share.min():.0f}", f"{100 * share.max():.0f}"
        among = f"{low} %" if low == high else f"{low} to {high} %"
        notes.append(
            f"{_SEEN} The parts overlap: {among} of these test images are among the training images of that row."
        )
    return notes
