"""Draws the agreement of a group of runs over the epochs."""

from pathlib import Path

from difficulty.analysis.agreement import AGREEMENT
from difficulty.figures.agreement.over_epochs import agreement_figure
from difficulty.figures.style.command import figure_arguments, write_figure
from difficulty.stage import run_stage
from difficulty.tables import read_table


def main(args):
    title = f"{args.agreement.stem}: do networks get the same images right?"
    write_figure(agreement_figure(read_table(args.agreement, AGREEMENT), title), args)


if __name__ == "__main__":
    parser = figure_arguments(__doc__)
    parser.add_argument("--agreement", type=Path, required=True)
    run_stage(main, parser)
