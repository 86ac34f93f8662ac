"""Draws what is known of the images that all runs of a group classify correctly, over the epochs."""

from pathlib import Path

from difficulty.analysis.agreed_statistics import AGREED_STATISTICS
from difficulty.figures.images.agreed import agreed_statistics_figure
from difficulty.figures.style.command import figure_arguments, write_figure
from difficulty.stage import run_stage
from difficulty.tables import read_table


def main(args):
    title = f"{args.statistics.stem.removesuffix('-statistics')}: which images do networks learn first?"
    write_figure(agreed_statistics_figure(read_table(args.statistics, AGREED_STATISTICS), title), args)


if __name__ == "__main__":
    parser = figure_arguments(__doc__)
    parser.add_argument("--statistics", type=Path, required=True)
    run_stage(main, parser)
