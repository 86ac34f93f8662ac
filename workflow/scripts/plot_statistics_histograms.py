"""Draws how statistics of the images are distributed over the easiest, the hardest and all training images."""

from pathlib import Path

import numpy as np
import pandas as pd

from difficulty.analysis.known_numbers import known_numbers
from difficulty.datasets.example_tables import EXAMPLES
from difficulty.figures.images.histograms import statistics_histograms_figure
from difficulty.figures.style.command import figure_arguments, write_figure
from difficulty.scores.collect import EXAMPLE_SCORES, SCORES, ranking_column
from difficulty.stage import run_stage
from difficulty.tables import read_schema, read_table


def main(args):
    score, columns = args.settings["score"], read_schema(args.scores).columns
    scores = read_table(args.scores, SCORES).set_index("example_id")
    scores = scores[scores["runs_train"] > 0]
    statistics = [read_table(path, EXAMPLE_SCORES) for path in args.statistics]
    known = known_numbers(read_table(args.examples, EXAMPLES), statistics).loc[scores.index]
    hardness = pd.Series(np.nan, scores.index)
    if column := ranking_column(columns, score, "train"):
        hardness = scores[column].astype(float) * columns[column].direction
    title = f"{args.scores.parent.name}: do easy and hard images look different?"
    write_figure(statistics_histograms_figure(known, hardness, score, title), args)


if __name__ == "__main__":
    parser = figure_arguments(__doc__)
    parser.add_argument("--scores", type=Path, required=True)
    parser.add_argument("--examples", type=Path, required=True)
    parser.add_argument("--statistics", nargs="*", type=Path, default=[], help="of the images, where they are computed")
    run_stage(main, parser)
