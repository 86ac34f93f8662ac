"""Draws variance of gradients in the toy experiment against the distance to the decision boundary, for one split."""

from pathlib import Path

from difficulty.analysis.vog_toy import VOG_TOY_SUMMARY
from difficulty.figures.style.command import figure_arguments, write_figure
from difficulty.figures.vog_toy.distance import distance_figure
from difficulty.scores.vog_toy import VOG_TOY
from difficulty.stage import run_stage
from difficulty.tables import read_table


def main(args):
    scores, summary = read_table(args.scores, VOG_TOY), read_table(args.summary, VOG_TOY_SUMMARY)
    seed = scores["seed"].iloc[0]
    of_split = (table[table["split"] == args.split] for table in (scores, summary))
    published = args.settings["reference"]
    line, network = ("published line", "the published network") if published else ("boundary", f"network {seed}")
    title = f"Variance of gradients by distance to the {line}, {args.split}: {network}"
    write_figure(distance_figure(*of_split, seed, line, title), args)


if __name__ == "__main__":
    parser = figure_arguments(__doc__)
    parser.add_argument("--split", choices=("train", "test"), required=True)
    for name in ("scores", "summary"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    run_stage(main, parser)
