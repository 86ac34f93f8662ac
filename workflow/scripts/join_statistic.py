"""A statistic that somebody else measured of images, joined to the images of a data set by index or name."""

import logging
from pathlib import Path

import pandas as pd

from difficulty.datasets.example_tables import EXAMPLES
from difficulty.scores.collect import EXAMPLE_SCORES
from difficulty.scores.images.joined_statistics import joined, joined_column, read_measured
from difficulty.stage import arguments, provenance, run_stage
from difficulty.tables import read_table, write_table

logger = logging.getLogger("difficulty")


def main(args):
    name = args.output.stem
    examples = read_table(args.examples, EXAMPLES, columns=["example_id", "split", "key", "original_index"])
    measured = read_measured(args.table, args.settings)
    values, unused = joined(examples, measured, args.settings)
    table = pd.DataFrame({"example_id": examples["example_id"], name: values})
    schema = EXAMPLE_SCORES.extended({name: joined_column(args.settings, args.table.name)})
    write_table(table, args.output, schema, provenance(args, ("numpy", "pandas", "pillow", "pyarrow", "scipy")))
    known = table.assign(split=examples["split"]).groupby("split")[name].count()
    counts = ", ".join(f"{count} of {split}" for split, count in known.items())
    logger.info("%d of %d images have a value (%s)", known.sum(), len(table), counts)
    logger.info("%d of %d rows of the table found no image", unused, len(measured.keys))


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--table", type=Path, required=True, help="CSV, Parquet or .npy file of what was measured")
    parser.add_argument("--examples", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True, help="its name is that of the column")
    run_stage(main, parser)
