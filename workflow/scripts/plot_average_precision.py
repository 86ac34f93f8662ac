"""Draws the average precision of each class, on training and on test images, over all runs of an experiment."""

from pathlib import Path

from difficulty.analysis.average_precision import AVERAGE_PRECISION_SUMMARY
from difficulty.figures.scores.average_precision import average_precision_figure
from difficulty.figures.style.command import figure_arguments, write_figure
from difficulty.stage import run_stage
from difficulty.tables import read_table


def main(args):
    table = read_table(args.average_precision, AVERAGE_PRECISION_SUMMARY)
    title = f"{args.average_precision.parent.name}: average precision of each class"
    write_figure(average_precision_figure(table, title), args)


if __name__ == "__main__":
    parser = figure_arguments(__doc__)
    parser.add_argument("--average-precision", type=Path, required=True)
    run_stage(main, parser)
