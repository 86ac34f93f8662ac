"""Statistics of the images of one experiment, computed and joined ones, from those of all images of its data set.

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
    chosen, columns = read_table(args.examples, EXAMPLES, columns=["example_id"]), {}
    for path in args.statistics:
        table = read_table(path, EXAMPLE_SCORES)
        if missing := len(set(chosen["example_id"]) - set(table["example_id"])):
            raise TableError(path, f"has no row for {missing} images")
        chosen = chosen.merge(table, on="example_id")
        columns |= {name: replace(column, direction=None) for name, column in read_schema(path).columns.items()}
    write_table(chosen, args.output, EXAMPLE_SCORES.extended(columns), provenance(args))
    logger.info("%d images, %d statistics", len(chosen), len(chosen.columns) - 1)


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--statistics", type=Path, nargs="+", required=True, help="tables of the data set's images")
    parser.add_argument("--examples", type=Path, required=True, help="of the experiment's own data set")
    parser.add_argument("--output", type=Path, required=True)
    run_stage(main, parser)
