"""The class that the runs of an experiment agree on for each example, among runs that did not train on it."""

import logging
from pathlib import Path

import pandas as pd

from difficulty.datasets.example_tables import LABELS
from difficulty.scores.collect import EXAMPLE_SCORES
from difficulty.scores.depth.tables import CONSENSUS, consensus, neighbors_schema
from difficulty.scores.runs import run_of
from difficulty.stage import arguments, provenance, run_stage
from difficulty.tables import read_schema, read_table, write_table
from difficulty.training.runs import Run, roles

logger = logging.getLogger("difficulty")


def main(args):
    given = read_table(args.labels, LABELS).set_index("example_id")
    parts = []
    for path in args.neighbors:
        schema = neighbors_schema(read_schema(path).columns["neighbors"].type.list_size)
        rows = read_table(path, schema, ["example_id", "predicted"], [("probe", "==", 0)])
        run = Run.from_name(run_of(path.parent))
        role = roles(given, run, args.settings.get("folds"))
        held_out = pd.Series(role, given.index).loc[rows["example_id"]].to_numpy() != "train"
        parts.append(rows[held_out].assign(seed=run.seed))
    table = consensus(given.index.to_numpy(), pd.concat(parts))
    write_table(table, args.output, EXAMPLE_SCORES.extended(CONSENSUS), provenance(args))
    defined = table["consensus_class"].notna()
    logger.info("%d of %d examples have a consensus", defined.sum(), len(table))


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--neighbors", type=Path, nargs="+", required=True, help="the table of every run and shard")
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    run_stage(main, parser)
