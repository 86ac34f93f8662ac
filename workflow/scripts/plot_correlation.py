"""Draws the rank correlations between the scores of an experiment."""

from pathlib import Path

from difficulty.analysis.correlation import CORRELATION
from difficulty.figures.scores.correlation import correlation_figure
from difficulty.figures.style.command import figure_arguments, write_figure
from difficulty.stage import run_stage
from difficulty.tables import read_table


def main(args):
    title = f"{args.correlation.parent.name}: do scores order the images alike?"
    table = read_table(args.correlation, CORRELATION)
    # A role in which nothing is known of the others may have one score, and no matrix.
    table = table[table.groupby("role")["score_a"].transform("nunique") > 1]
    write_figure(correlation_figure(table, title), args)


if __name__ == "__main__":
    parser = figure_arguments(__doc__)
    parser.add_argument("--correlation", type=Path, required=True)
    run_stage(main, parser)
