"""Draws one measure of several experiments over the epochs, over all their runs."""

from pathlib import Path

import pandas as pd

from difficulty.figures.experiments.comparison import comparison_figure
from difficulty.figures.experiments.measure_names import accuracy_name
from difficulty.figures.style.command import figure_arguments, write_figure
from difficulty.scores.runs import experiment_of, run_of
from difficulty.stage import run_stage
from difficulty.tables import read_table
from difficulty.training.run_tables import HISTORY


def main(args):
    tables = [
        read_table(path, HISTORY).assign(experiment=experiment_of(path), run=run_of(path)) for path in args.histories
    ]
    measure = args.settings["measure"]
    history = pd.concat(tables)
    called = "loss" if measure == "loss" else accuracy_name(history)
    title = f"{args.png.parent.name}: {called} of experiments compared"
    write_figure(comparison_figure(history, measure, title), args)


if __name__ == "__main__":
    parser = figure_arguments(__doc__)
    parser.add_argument(
        "--histories", nargs="+", type=Path, required=True, help="of all runs, one experiment after another"
    )
    run_stage(main, parser)
