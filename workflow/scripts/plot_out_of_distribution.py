"""Draws how well each score tells images of another data set from an experiment's own test images."""

from pathlib import Path

from difficulty.analysis.detection import DETECTION, DETECTION_CURVES
from difficulty.figures.detection.curves import detection_figure
from difficulty.figures.style.command import figure_arguments, write_figure
from difficulty.stage import run_stage
from difficulty.tables import read_table


def main(args):
    table, curves = read_table(args.comparison, DETECTION), read_table(args.curves, DETECTION_CURVES)
    title = f"{table['experiment'].iloc[0]}: which score tells images of {args.comparison.stem} from its own?"
    write_figure(detection_figure(table, curves, title, wanted="foreign"), args)


if __name__ == "__main__":
    parser = figure_arguments(__doc__)
    parser.add_argument("--comparison", type=Path, required=True)
    parser.add_argument("--curves", type=Path, required=True)
    run_stage(main, parser)
