"""Test accuracy of experiments, on their own data sets and on others."""

from argparse import Namespace
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from difficulty.figures.experiments.measure_names import accuracy_name
from difficulty.figures.inputs import ONE
from difficulty.figures.style.appearance import new_figure, styled
from difficulty.figures.style.axes import empty_figure, percent_ticks
from difficulty.figures.style.palette import INK, ROLE_COLORS
from difficulty.figures.style.text import percent, shortened
from difficulty.tables import read_table
from difficulty.training.run_tables import EVALUATIONS

INPUTS = {"evaluations": ONE}

_ROW = 0.26


def draw(inputs: Namespace, settings: dict) -> Figure:
    """Reads the evaluations of all experiments."""
    table = read_table(inputs.evaluations, EVALUATIONS)
    return evaluations_figure(table, "How often are networks right on test images?", settings["shared_tests"])


@styled()
def evaluations_figure(table: pd.DataFrame, title: str, shared_tests: Mapping[str, str]) -> Figure:
    """One panel per test split, one row per experiment: a point per run, a bar and a number at their mean.

    table: columns of EVALUATIONS; of each run the last epoch counts. shared_tests: data set -> the data set whose test
    split it has as well; all that share one are one panel.
    """
    last = table.groupby(["experiment", "run", "dataset"])["epoch"].transform("max")
    table = table[(table["split"] == "test") & (table["epoch"] == last)]
    if table.empty:
        return empty_figure(title, "no data set has a test split")
    sharing = [name for name in table["dataset"].drop_duplicates() if name in shared_tests]
    table = table.assign(dataset=table["dataset"].map(lambda name: shared_tests.get(name, name)))
    table = table.drop_duplicates(["experiment", "run", "dataset"])
    datasets = list(table["dataset"].drop_duplicates())
    experiments = {name: list(part["experiment"].drop_duplicates()) for name, part in table.groupby("dataset")}
    heights = [len(experiments[name]) for name in datasets]
    measure = accuracy_name(table)
    what = f"{measure[0].upper()}{measure[1:]}"
    notes = [f"{what} on the test split after the last epoch: points are runs, bar and number their mean."]
    figure, _ = new_figure(6.4, sum(heights) * _ROW + 0.62 * len(datasets), title, notes)
    grid = figure.subplots(len(datasets), 1, sharex=True, squeeze=False, height_ratios=np.array(heights) + 0.6)[:, 0]
    for axes, dataset in zip(grid, datasets, strict=True):
        part = table[table["dataset"] == dataset]
        for row, experiment in enumerate(experiments[dataset]):
            values = part.loc[part["experiment"] == experiment, "top1"].to_numpy()
            axes.plot(values, np.full(len(values), row), "o", color=ROLE_COLORS["test"], alpha=0.55, ms=4, mew=0)
            axes.plot([values.mean()] * 2, [row - 0.33, row + 0.33], color=INK, lw=1.6)
            axes.annotate(percent(values.mean(), 1), (1.01, row), xycoords=("axes fraction", "data"), va="center")
        axes.set_yticks(range(len(experiments[dataset])), [shortened(name, 24) for name in experiments[dataset]])
        axes.set_ylim(len(experiments[dataset]) - 0.4, -0.6)
        others = ", ".join(name for name in sharing if shared_tests[name] == dataset)
        which = f"{dataset} (also that of {others})" if others else dataset
        axes.set_title(f"test split of {shortened(which, 64)}: {int(part['examples'].max()):,} images")
    percent_ticks(grid[-1].xaxis)
    grid[-1].set_xlabel(measure)
    return figure
