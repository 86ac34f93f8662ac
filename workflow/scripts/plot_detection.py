"""Draws how well each score finds the examples that are really hard."""

from pathlib import Path

from difficulty.analysis.detection import DETECTION, DETECTION_CURVES, DETECTION_DIFFERENCES
from difficulty.figures.detection.curves import detection_figure
from difficulty.figures.style.command import figure_arguments, write_figure
from difficulty.stage import run_stage
from difficulty.tables import read_table


def main(args):
    table, curves = read_table(args.detection, DETECTION), read_table(args.curves, DETECTION_CURVES)
    differences = read_table(args.differences, DETECTION_DIFFERENCES)
    truths = ", ".join(sorted(set(table["truth"])))
    planted = truths == "is_corrupt"
    question = "finds the planted wrong labels" if planted else f"finds what is hard by {truths}"
    held_out = " in held-out images" if set(table["role"]) == {"validation"} else ""
    title = f"{args.detection.stem}: which score {question}{held_out}?"
    write_figure(detection_figure(table, curves, title, differences=differences), args)


if __name__ == "__main__":
    parser = figure_arguments(__doc__)
    parser.add_argument("--detection", type=Path, required=True)
    parser.add_argument("--curves", type=Path, required=True)
    parser.add_argument("--differences", type=Path, required=True)
    run_stage(main, parser)
