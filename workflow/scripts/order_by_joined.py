"""What a subset is chosen by, where that is a joined statistic: how hard each training image is by it.

All of them must have a value: else the easiest or hardest share would be one of the images that somebody happened to
measure.
"""

import logging
from pathlib import Path

import pyarrow as pa

from difficulty.datasets.example_tables import EXAMPLES
from difficulty.errors import UserError
from difficulty.scores.collect import EXAMPLE_SCORES
from difficulty.stage import arguments, provenance, run_stage
from difficulty.tables import Column, read_schema, read_table, write_table

logger = logging.getLogger("difficulty")


def main(args):
    name, parent = args.joined.stem, args.examples.parent.name
    training = read_table(args.examples, EXAMPLES, ["example_id"], filters=[("split", "==", "train")])
    table = training.merge(read_table(args.joined, EXAMPLE_SCORES), on="example_id", how="left")
    if missing := table[name].isna().sum():
        raise UserError(
            f"datasets.{args.output.parent.name}.select: {missing:,} of the {len(table):,} training images of "
            f"{parent!r} have no {name}; choose from a subset of those that have one (by: list), or by another score"
        )
    direction = {"higher": 1, "lower": -1}[args.settings["harder"]]
    column = Column(pa.float32(), read_schema(args.joined).columns[name].description, direction=direction)
    write_table(table, args.output, EXAMPLE_SCORES.extended({name: column}), provenance(args))
    logger.info("%d training images of %s by %s", len(table), parent, name)


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--joined", type=Path, required=True, help="of the data set that all are subsets of")
    parser.add_argument("--examples", type=Path, required=True, help="of the data set that the subset is of")
    parser.add_argument("--output", type=Path, required=True)
    run_stage(main, parser)
