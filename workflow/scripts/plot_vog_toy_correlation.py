"""Draws how far variance of gradients in the toy experiment rises towards the decision boundary, for every network."""

from pathlib import Path

from difficulty.analysis.vog_toy import VOG_TOY_SUMMARY
from difficulty.figures.style.command import figure_arguments, write_figure
from difficulty.figures.vog_toy.correlation import correlation_figure
from difficulty.stage import run_stage
from difficulty.tables import read_table


def main(args):
    published = ", as published" if args.settings["reference"] else ""
    title = f"Is variance of gradients higher near the boundary{published}?"
    write_figure(correlation_figure(read_table(args.summary, VOG_TOY_SUMMARY), title), args)


if __name__ == "__main__":
    parser = figure_arguments(__doc__)
    parser.add_argument("--summary", type=Path, required=True)
    run_stage(main, parser)
