"""Joins the evaluations of all runs of all experiments into one table."""

import logging
from pathlib import Path

import pandas as pd

from difficulty.scores.runs import experiment_of, run_of
from difficulty.stage import arguments, provenance, run_stage
from difficulty.tables import read_table, write_table
from difficulty.training.run_tables import EVALUATION, EVALUATIONS

logger = logging.getLogger("difficulty")


def main(args):
    tables = [
        read_table(path, EVALUATION).assign(experiment=experiment_of(path), run=run_of(path))
        for path in args.evaluations
    ]
    write_table(pd.concat(tables, ignore_index=True), args.output, EVALUATIONS, provenance(args))
    logger.info("%d runs", len(tables))


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--evaluations", nargs="+", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    run_stage(main, parser)
