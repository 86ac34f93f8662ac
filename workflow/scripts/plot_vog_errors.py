"""Draws where the networks of an experiment err, by variance of gradients, in every stage."""

from pathlib import Path

from difficulty.analysis.vog_errors import VOG_ERRORS
from difficulty.figures.style.command import figure_arguments, write_figure
from difficulty.figures.vog.errors import vog_errors_figure
from difficulty.stage import run_stage
from difficulty.tables import read_table


def main(args):
    table = read_table(args.errors, VOG_ERRORS)
    title = f"{args.errors.parent.name}: do networks err where variance of gradients is high?"
    write_figure(vog_errors_figure(table, dict(args.settings["stages"]), title), args)


if __name__ == "__main__":
    parser = figure_arguments(__doc__)
    parser.add_argument("--errors", type=Path, required=True)
    run_stage(main, parser)
