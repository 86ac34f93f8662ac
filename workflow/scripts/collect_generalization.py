"""How every run of a study does on its own held-out part, on those of the others and on the original test split."""

import logging
from pathlib import Path

import pandas as pd

from difficulty.analysis.generalization import (
    GENERALIZATION,
    GENERALIZATION_SUMMARY,
    generalization_summary,
    generalization_table,
)
from difficulty.datasets.example_tables import EXAMPLES
from difficulty.stage import arguments, provenance, run_stage
from difficulty.tables import read_table, write_table
from difficulty.training.evaluations import read_evaluations

logger = logging.getLogger("difficulty")


def main(args):
    settings = args.settings
    evaluations = read_evaluations(args.evaluations)
    examples = {path.parent.name: read_table(path, EXAMPLES, ["example_id", "split"]) for path in args.examples}
    train_ids, test_ids = (
        {name: pd.Index(rows.loc[rows["split"] == split, "example_id"]) for name, rows in examples.items()}
        for split in ("train", "test")
    )
    trained_on = dict(zip(settings["experiments"], settings["datasets"], strict=True))
    tests, original, chosen_under = (settings[key] for key in ("tests", "original", "chosen_under"))
    table = generalization_table(evaluations, trained_on, tests, original, train_ids, test_ids, chosen_under)
    write_table(table, args.output, GENERALIZATION, provenance(args))
    summary = generalization_summary(table, settings.get("control"))
    write_table(summary, args.summary, GENERALIZATION_SUMMARY, provenance(args))
    tested_on = table["tested_on"].drop_duplicates()
    logger.info("%d experiments, each tested on %s", len(trained_on), ", ".join(tested_on))


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--evaluations", nargs="+", type=Path, required=True, help="evaluation.parquet of every run")
    parser.add_argument(
        "--examples", nargs="+", type=Path, required=True, help="of the data sets trained on and tested on"
    )
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--summary", type=Path, required=True, help="output: means over runs, and the control")
    run_stage(main, parser)
