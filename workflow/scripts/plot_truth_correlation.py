"""Draws how far the scores of an experiment rise with the truth columns of its data set."""

from pathlib import Path

from difficulty.analysis.truth_correlation import TRUTH_CORRELATION
from difficulty.figures.scores.truth_correlation import truth_correlation_figure
from difficulty.figures.style.command import figure_arguments, write_figure
from difficulty.stage import run_stage
from difficulty.tables import read_table


def main(args):
    title = f"{args.correlation.parent.name}: do scores rise with what makes images hard?"
    write_figure(truth_correlation_figure(read_table(args.correlation, TRUTH_CORRELATION), title), args)


if __name__ == "__main__":
    parser = figure_arguments(__doc__)
    parser.add_argument("--correlation", type=Path, required=True)
    run_stage(main, parser)
