"""Joins the evaluations of all runs of all experiments into one table."""

import logging
from pathlib import Path

from difficulty.stage import arguments, provenance, run_stage
from difficulty.tables import write_table
from difficulty.training.evaluations import read_evaluations
from difficulty.training.run_tables import EVALUATIONS

logger = logging.getLogger("difficulty")


def main(args):
    write_table(read_evaluations(args.evaluations), args.output, EVALUATIONS, provenance(args))
    logger.info("%d runs", len(args.evaluations))


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--evaluations", nargs="+", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    run_stage(main, parser)
