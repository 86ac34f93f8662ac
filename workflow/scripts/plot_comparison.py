"""Draws one measure of several experiments over the epochs, over all their runs."""

from pathlib import Path

import pandas as pd

from difficulty.figures.command import figure_arguments, write_figure
from difficulty.figures.comparison import comparison_figure
from difficulty.scores.runs import experiment_of, run_of
from difficulty.stage import run_stage
from difficulty.tables import read_table
from difficulty.training.run_tables import HISTORY

_MEASURES = {"loss": "loss", "top1": "top-1 accuracy"}


def main(args):
    tables = [
        read_table(path, HISTORY).assign(experiment=experiment_of(path), run=run_of(path)) for path in args.histories
    ]
    measure = args.settings["measure"]
    title = f"{args.png.parent.name}: {_MEASURES[measure]} of experiments compared"
    write_figure(comparison_figure(pd.concat(tables), measure, title), args)


if __name__ == "__main__":
    parser = figure_arguments(__doc__)
    parser.add_argument(
        "--histories", nargs="+", type=Path, required=True, help="of all runs, one experiment after another"
    )
    run_stage(main, parser)
