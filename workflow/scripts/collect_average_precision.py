"""Average precision of each class over the runs of an experiment."""

import logging
from pathlib import Path

from difficulty.analysis.average_precision import AVERAGE_PRECISION, AVERAGE_PRECISION_SUMMARY, precision_summary
from difficulty.stage import arguments, provenance, run_stage
from difficulty.tables import read_table, write_table

logger = logging.getLogger("difficulty")


def main(args):
    summary = precision_summary([read_table(path, AVERAGE_PRECISION) for path in args.runs])
    write_table(summary, args.output, AVERAGE_PRECISION_SUMMARY, provenance(args))
    logger.info("%d runs", len(args.runs))


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--runs", nargs="+", type=Path, required=True, help="average_precision.parquet of every run")
    parser.add_argument("--output", type=Path, required=True)
    run_stage(main, parser)
