"""Draws how far the scores of an experiment depend on the seeds."""

from pathlib import Path

from difficulty.analysis.correlation import STABILITY
from difficulty.figures.scores.stability import stability_figure
from difficulty.figures.style.command import figure_arguments, write_figure
from difficulty.stage import run_stage
from difficulty.tables import read_table


def main(args):
    title = f"{args.stability.parent.name}: do other seeds give the same order?"
    write_figure(stability_figure(read_table(args.stability, STABILITY), title), args)


if __name__ == "__main__":
    parser = figure_arguments(__doc__)
    parser.add_argument("--stability", type=Path, required=True)
    run_stage(main, parser)
