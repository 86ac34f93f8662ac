"""Gives every example of an experiment its label: the data set's own, or a corrupted one in training.

Sets of labels are the data set's own always.
"""

import logging

import numpy as np

from difficulty.datasets.duplicates import content_of, count_contradictions
from difficulty.datasets.example_tables import EXAMPLES, LABELS, class_names
from difficulty.datasets.label_noise import corrupt_labels
from difficulty.datasets.label_sets import LABEL_SETS
from difficulty.stage import arguments, provenance, run_stage
from difficulty.tables import read_table, write_table

logger = logging.getLogger("difficulty")


def main(args):
    examples = read_table(args.examples, EXAMPLES)
    labels = examples[["example_id", "split"]].assign(clean_label=examples["label"], label=examples["label"])
    if noise := args.settings.get("label_noise"):
        train = (examples["split"] == "train").to_numpy()
        keys = {name: examples.loc[train, name].to_numpy() for name in ("example_id", "key", "original_index")}
        clean = examples.loc[train, "label"].to_numpy()
        labels.loc[train, "label"] = corrupt_labels(clean, class_names(examples), noise, keys)
    labels["is_corrupt"] = labels["label"] != labels["clean_label"]
    labels["content"] = content_of(examples)
    sets = {name: column for name, column in LABEL_SETS.items() if name in examples}
    write_table(labels.assign(**examples[list(sets)]), args.output, LABELS.extended(sets), provenance(args))
    logger.info("%d of %d labels are corrupt", labels["is_corrupt"].sum(), np.sum(labels["split"] == "train"))
    trained = labels[labels["split"] == "train"]
    groups, unlike = count_contradictions(trained["content"], trained["label"])
    if groups:
        logger.info("%d groups of identical training images, %d of them with different labels", groups, unlike)


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--examples", required=True)
    parser.add_argument("--output", required=True)
    run_stage(main, parser)
