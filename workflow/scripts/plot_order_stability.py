"""Draws how far the runs of a group of experiments order the examples alike."""

from pathlib import Path

from difficulty.analysis.order_stability import ORDER
from difficulty.figures.agreement.order_stability import order_stability_figure
from difficulty.figures.style.command import figure_arguments, write_figure
from difficulty.stage import run_stage
from difficulty.tables import read_table


def main(args):
    title = f"{args.order.stem.removesuffix('-order')}: do networks find the same images hard?"
    write_figure(order_stability_figure(read_table(args.order, ORDER), title), args)


if __name__ == "__main__":
    parser = figure_arguments(__doc__)
    parser.add_argument("--order", type=Path, required=True)
    run_stage(main, parser)
