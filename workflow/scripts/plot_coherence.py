"""Draws how far the gradients of groups of training examples point the same way."""

from pathlib import Path

from difficulty.figures.coherence.groups import coherence_figure
from difficulty.figures.style.command import figure_arguments, write_figure
from difficulty.scores.coherence_tables import COHERENCE
from difficulty.scores.runs import experiment_of
from difficulty.stage import run_stage
from difficulty.tables import read_table


def main(args):
    tables = [read_table(path, COHERENCE) for path in args.coherence]
    title = f"{experiment_of(args.coherence[0])}: whose gradients point the same way?"
    write_figure(coherence_figure(tables, title), args)


if __name__ == "__main__":
    parser = figure_arguments(__doc__)
    parser.add_argument("--coherence", type=Path, nargs="+", required=True, help="coherence.parquet of every run")
    run_stage(main, parser)
