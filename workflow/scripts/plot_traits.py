"""Draws how far the scores of parts of a data set lie from those of all of it."""

from pathlib import Path

from difficulty.analysis.traits import TRAITS
from difficulty.figures.generalization.traits import traits_figure
from difficulty.figures.style.command import figure_arguments, write_figure
from difficulty.stage import run_stage
from difficulty.tables import read_table


def main(args):
    title = f"{args.png.parent.name}: which scores the parts have"
    write_figure(traits_figure(read_table(args.traits, TRAITS), title), args)


if __name__ == "__main__":
    parser = figure_arguments(__doc__)
    parser.add_argument("--traits", type=Path, required=True)
    run_stage(main, parser)
