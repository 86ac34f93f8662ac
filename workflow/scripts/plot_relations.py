"""Draws how far the scores of an experiment rise with statistics of its images."""

from pathlib import Path

from difficulty.analysis.relations import RELATIONS
from difficulty.figures.images.relations import relations_figure
from difficulty.figures.style.command import figure_arguments, write_figure
from difficulty.stage import run_stage
from difficulty.tables import read_table


def main(args):
    title = f"{args.relations.parent.name}: do images that look a certain way get learned late?"
    write_figure(relations_figure(read_table(args.relations, RELATIONS), title, args.settings["drawn"]), args)


if __name__ == "__main__":
    parser = figure_arguments(__doc__)
    parser.add_argument("--relations", type=Path, required=True)
    run_stage(main, parser)
