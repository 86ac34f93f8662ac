"""Chooses the test examples of an experiment whose predictions are explained by training examples."""

import logging
from pathlib import Path

import pandas as pd

from difficulty.datasets.example_tables import EXAMPLES, LABELS
from difficulty.scores.influence.pairwise_tables import QUERIES
from difficulty.scores.influence.queries import choose_queries
from difficulty.stage import arguments, provenance, run_stage, warn
from difficulty.tables import read_table, write_table
from difficulty.training.majority import majority_of

logger = logging.getLogger("difficulty")


def main(args):
    labels = read_table(args.labels, LABELS, ["example_id", "split", "label"])
    names = read_table(args.examples, EXAMPLES, ["example_id", "class_name"])
    candidates = labels[labels["split"] == "test"].merge(names, on="example_id")
    example_ids = pd.Index(candidates["example_id"])
    if args.records:
        candidates["predicted"] = majority_of(args.records, example_ids, "test")
        if len(candidates) and candidates["predicted"].isna().all():
            warn("no run has records of test examples: what it predicts is unknown (records: online)")
    queries = choose_queries(candidates, args.settings, f"analyses.influence.queries.{args.output.stem}")
    logger.info("%d of %d test examples", len(queries), len(candidates))
    write_table(queries, args.output, QUERIES, provenance(args))


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--examples", type=Path, required=True)
    parser.add_argument("--records", type=Path, nargs="*", help="records of all runs, to tell what is misclassified")
    parser.add_argument("--output", type=Path, required=True)
    run_stage(main, parser)
