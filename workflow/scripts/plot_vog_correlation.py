"""Draws how far variance of gradients orders the examples of an experiment as other scores do."""

from pathlib import Path

from difficulty.analysis.vog_correlation import VOG_CORRELATION
from difficulty.figures.style.command import figure_arguments, write_figure
from difficulty.figures.vog.correlation import vog_correlation_figure
from difficulty.stage import run_stage
from difficulty.tables import read_table


def main(args):
    table = read_table(args.correlation, VOG_CORRELATION)
    title = f"{args.correlation.parent.name}: which scores say what variance of gradients says?"
    write_figure(vog_correlation_figure(table, args.settings["stages"], title), args)


if __name__ == "__main__":
    parser = figure_arguments(__doc__)
    parser.add_argument("--correlation", type=Path, required=True)
    run_stage(main, parser)
