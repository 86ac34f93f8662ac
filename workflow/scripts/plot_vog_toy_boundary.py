"""Draws the points of the toy experiment of variance of gradients, coloured by it, around the decision boundary."""

from pathlib import Path

from difficulty.analysis.vog_toy import VOG_TOY_SUMMARY
from difficulty.figures.style.command import figure_arguments, write_figure
from difficulty.figures.vog_toy.boundary import boundary_figure
from difficulty.scores.vog_toy import BOUNDARY, VOG_TOY
from difficulty.stage import run_stage
from difficulty.tables import read_table


def main(args):
    scores = read_table(args.scores, VOG_TOY)
    seed = scores["seed"].iloc[0]
    tables = (scores, read_table(args.boundary, BOUNDARY), read_table(args.summary, VOG_TOY_SUMMARY))
    network = "the published network" if args.settings["reference"] else f"network {seed}"
    title = f"Variance of gradients in the plane: {network}"
    write_figure(boundary_figure(*(table[table["seed"] == seed] for table in tables), title), args)


if __name__ == "__main__":
    parser = figure_arguments(__doc__)
    for name in ("scores", "boundary", "summary"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    run_stage(main, parser)
