"""Joins the detection tables of all truths into one."""

import logging
from pathlib import Path

import pandas as pd

from difficulty.analysis.detection import DETECTION
from difficulty.stage import arguments, provenance, run_stage
from difficulty.tables import read_table, write_table

logger = logging.getLogger("difficulty")


def main(args):
    tables = [read_table(path, DETECTION) for path in args.detections]
    write_table(pd.concat(tables, ignore_index=True), args.output, DETECTION, provenance(args))
    logger.info("%d detections", len(tables))


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--detections", nargs="+", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    run_stage(main, parser)
