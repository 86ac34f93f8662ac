"""Draws the test accuracy of every experiment on every data set that it is evaluated on."""

from pathlib import Path

from difficulty.figures.experiments.evaluations import evaluations_figure
from difficulty.figures.style.command import figure_arguments, write_figure
from difficulty.stage import run_stage
from difficulty.tables import read_table
from difficulty.training.run_tables import EVALUATIONS


def main(args):
    write_figure(evaluations_figure(read_table(args.evaluations, EVALUATIONS), "Test accuracy of all runs"), args)


if __name__ == "__main__":
    parser = figure_arguments(__doc__)
    parser.add_argument("--evaluations", type=Path, required=True)
    run_stage(main, parser)
