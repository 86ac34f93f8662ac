"""Draws accuracy and consensus consistency of the examples of each prediction depth."""

from pathlib import Path

from difficulty.analysis.depth_levels import DEPTH_LEVELS
from difficulty.figures.prediction_depth.levels import depth_levels_figure
from difficulty.figures.style.command import figure_arguments, write_figure
from difficulty.stage import run_stage
from difficulty.tables import read_table


def main(args):
    title = f"{args.levels.parent.name}: does accuracy fall with depth?"
    write_figure(depth_levels_figure(read_table(args.levels, DEPTH_LEVELS), title), args)


if __name__ == "__main__":
    parser = figure_arguments(__doc__)
    parser.add_argument("--levels", type=Path, required=True)
    run_stage(main, parser)
