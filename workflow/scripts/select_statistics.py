"""Statistics of the images of one experiment, from those of all images of its data set.

They become scores without a direction. What the literature supposes of them is kept in the data set's table; but they
know neither the label nor the network, so that nothing ranks an experiment's examples by them, or tests whether they
find wrong labels.
"""

import logging
from dataclasses import replace
from pathlib import Path

from difficulty.datasets.example_tables import EXAMPLES
from difficulty.scores.collect import EXAMPLE_SCORES
from difficulty.stage import arguments, provenance, run_stage
from difficulty.tables import TableError, read_schema, read_table, write_table

logger = logging.getLogger("difficulty")


def main(args):
    example_ids = read_table(args.examples, EXAMPLES, columns=["example_id"])["example_id"]
    table = read_table(args.statistics, EXAMPLE_SCORES)
    chosen = table[table["example_id"].isin(example_ids)]
    if len(chosen) < len(example_ids):
        raise TableError(args.statistics, f"has no statistics of {len(example_ids) - len(chosen)} images")
    columns = {name: replace(column, direction=None) for name, column in read_schema(args.statistics).columns.items()}
    write_table(chosen, args.output, EXAMPLE_SCORES.extended(columns), provenance(args))
    logger.info("%d of %d images", len(chosen), len(table))


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--statistics", type=Path, required=True, help="of the data set, or what it is a subset of")
    parser.add_argument("--examples", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    run_stage(main, parser)
