"""Draws how prediction depth is spread over the examples of an experiment."""

from pathlib import Path

from difficulty.figures.prediction_depth.histogram import depth_histogram_figure
from difficulty.figures.style.command import figure_arguments, write_figure
from difficulty.scores.collect import RUN_SCORES
from difficulty.scores.probe_tables import depth_columns
from difficulty.stage import run_stage
from difficulty.tables import read_provenance, read_table


def main(args):
    names = read_provenance(args.family)["probes"]
    scores = read_table(args.family, RUN_SCORES.extended(depth_columns(len(names))))
    title = f"{args.family.parents[1].name}: from which probe on do neighbours vote as the network predicts?"
    write_figure(depth_histogram_figure(scores, names, title), args)


if __name__ == "__main__":
    parser = figure_arguments(__doc__)
    parser.add_argument("--family", type=Path, required=True, help="prediction depth of every run")
    run_stage(main, parser)
