"""Draws the prediction depths of each class, and the classes of the examples at each depth."""

from pathlib import Path

from difficulty.figures.prediction_depth.classes import depth_classes_figure
from difficulty.figures.style.command import figure_arguments, write_figure
from difficulty.scores.collect import RUN_SCORES, SCORES
from difficulty.scores.runs import ROLE_SUFFIXES
from difficulty.stage import run_stage
from difficulty.tables import read_provenance, read_table


def main(args):
    scores = read_table(args.scores, SCORES, ["example_id", "label", "class_name"]).set_index("example_id")
    depths = read_table(args.family, RUN_SCORES, ["example_id", "role", "prediction_depth"])
    rows = depths.join(scores["label"], on="example_id")
    figure = depth_classes_figure(
        {role: rows[rows["role"] == role] for role in ROLE_SUFFIXES},
        dict(zip(scores["label"], scores["class_name"], strict=True)),
        read_provenance(args.family)["probes"],
        f"{args.scores.parent.name}: prediction depth and classes",
    )
    write_figure(figure, args)


if __name__ == "__main__":
    parser = figure_arguments(__doc__)
    parser.add_argument("--scores", type=Path, required=True)
    parser.add_argument("--family", type=Path, required=True)
    run_stage(main, parser)
