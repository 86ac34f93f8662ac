"""Gives every example of an experiment the label that another experiment has for it, or one suggested in its place."""

import importlib
import logging
from pathlib import Path

from difficulty.datasets.duplicates import content_of
from difficulty.datasets.example_tables import EXAMPLES, LABELS
from difficulty.datasets.shared_labels import relabelled, shared_labels
from difficulty.stage import arguments, provenance, required_paths, run_stage
from difficulty.tables import read_table, write_table

logger = logging.getLogger("difficulty")


def main(args):
    examples = read_table(args.examples, EXAMPLES)
    label = shared_labels(examples, read_table(args.others, LABELS))
    if args.suspects:
        suggested = importlib.import_module("difficulty.subsets.verdicts").suggested_labels(*args.suspects)
        former, label = label, relabelled(label, examples, suggested)
        logger.info("%d labels that are likely wrong are replaced by those suggested", (label != former).sum())
    labels = examples[["example_id", "split"]].assign(clean_label=examples["label"], label=label)
    labels["is_corrupt"] = labels["label"] != labels["clean_label"]
    labels["content"] = content_of(examples)
    write_table(labels, args.output, LABELS, provenance(args))
    logger.info("%d of %d labels are corrupt", labels["is_corrupt"].sum(), (labels["split"] == "train").sum())


if __name__ == "__main__":
    parser = arguments(__doc__)
    required_paths(parser, "examples", "output")
    required_paths(parser, "others", help="labels of the other experiment")
    parser.add_argument(
        "--suspects", nargs="*", type=Path, default=[], help="its suspects.parquet, label-errors.parquet"
    )
    run_stage(main, parser)
