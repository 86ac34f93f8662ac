"""Draws how networks trained on parts of a data set do on their training images, their held-out ones and the others."""

from pathlib import Path

from difficulty.analysis.generalization import GENERALIZATION, ORIGINAL
from difficulty.figures.generalization.accuracy import generalization_figure
from difficulty.figures.style.command import figure_arguments, write_figure
from difficulty.stage import run_stage
from difficulty.tables import read_table


def main(args):
    table = read_table(args.table, GENERALIZATION)
    original = table.loc[table["relation"] == ORIGINAL, "tested_on"].iloc[0]
    title = f"{args.table.stem}: how well do networks trained on a part of {original} generalise?"
    write_figure(generalization_figure(table, title), args)


if __name__ == "__main__":
    parser = figure_arguments(__doc__)
    parser.add_argument("--table", type=Path, required=True)
    run_stage(main, parser)
