"""Draws the data map of an experiment's training examples."""

from pathlib import Path

from difficulty.figures.scores.data_map import data_map_figure
from difficulty.figures.style.command import figure_arguments, write_figure
from difficulty.scores.collect import SCORES
from difficulty.stage import run_stage
from difficulty.tables import read_table

MAPPED = ["confidence", "variability", "correctness"]


def main(args):
    scores = read_table(args.scores, SCORES, [*MAPPED, "is_corrupt", "runs_train"])
    scores = scores[scores["runs_train"] > 0]
    values = [scores[name].to_numpy(float) for name in MAPPED]
    runs = int(scores["runs_train"].max()) if len(scores) else None
    title = f"{args.scores.parent.name}: data map of the training images"
    write_figure(data_map_figure(*values, title, scores["is_corrupt"].to_numpy(bool), runs), args)


if __name__ == "__main__":
    parser = figure_arguments(__doc__)
    parser.add_argument("--scores", type=Path, required=True)
    run_stage(main, parser)
