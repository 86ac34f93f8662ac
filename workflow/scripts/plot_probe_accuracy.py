"""Draws how often the neighbours at each probe vote the given label, and what the network predicts."""

from pathlib import Path

from difficulty.analysis.probe_accuracy import PROBE_ACCURACY
from difficulty.figures.prediction_depth.probe_accuracy import probe_accuracy_figure
from difficulty.figures.style.command import figure_arguments, write_figure
from difficulty.stage import run_stage
from difficulty.tables import read_table


def main(args):
    title = f"{args.accuracy.parent.name}: at which probes do neighbours tell the class?"
    write_figure(probe_accuracy_figure(read_table(args.accuracy, PROBE_ACCURACY), title), args)


if __name__ == "__main__":
    parser = figure_arguments(__doc__)
    parser.add_argument("--accuracy", type=Path, required=True, help="accuracy of the probes")
    run_stage(main, parser)
