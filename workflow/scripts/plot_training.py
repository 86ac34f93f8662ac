"""Draws the training curves of an experiment, over all its runs."""

from pathlib import Path

import pandas as pd

from difficulty.figures.experiments.convergence import convergence, convergence_sentences
from difficulty.figures.experiments.training import training_figure
from difficulty.figures.style.command import figure_arguments, write_figure
from difficulty.scores.runs import experiment_of, run_of
from difficulty.stage import run_stage, warn
from difficulty.tables import read_table
from difficulty.training.run_tables import HISTORY, STEPS


def main(args):
    history = pd.concat([read_table(path, HISTORY).assign(run=run_of(path)) for path in args.history])
    steps = [read_table(path, STEPS).assign(run=run_of(path)) for path in args.steps]
    steps = pd.concat(steps) if steps else pd.DataFrame(columns=["run", *STEPS.columns])
    experiment = experiment_of(args.history[0])
    for sentence in convergence_sentences(convergence(history)):
        warn(f"{experiment}: {sentence}")
    write_figure(training_figure(history, steps, f"{experiment}: training curves"), args)


if __name__ == "__main__":
    parser = figure_arguments(__doc__)
    parser.add_argument("--history", nargs="+", type=Path, required=True)
    parser.add_argument("--steps", nargs="*", type=Path, default=[], help="none for records of other runs")
    run_stage(main, parser)
