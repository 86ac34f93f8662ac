"""Fits the linear probes of one run; writes what they make of images that they have not seen, as training would.

All training images count as held out, each by the probe of its fold; test images are predicted by a probe that is
fitted on all training images.
"""

import logging

import numpy as np
import pyarrow as pa

from difficulty.datasets.example_tables import LABELS, SPLITS
from difficulty.datasets.feature_tables import fixed_lists, vectors_of
from difficulty.scores.features.probe import probabilities_of
from difficulty.scores.features.scoring import Labelled, all_logits
from difficulty.scores.features.tables import probe_schema
from difficulty.scores.label_quality.held_out import rows_of_group
from difficulty.scores.runs import run_of
from difficulty.stage import WITH_TORCH, arguments, provenance, required_paths, run_stage
from difficulty.tables import read_table, write_table
from difficulty.training.probe_folds import probe_folds
from difficulty.training.probe_records import records_of
from difficulty.training.record_files import write_records
from difficulty.training.run_tables import HISTORY
from difficulty.training.runs import Run
from difficulty.training.targets import class_count

logger = logging.getLogger("difficulty")


def main(args):
    labels = read_table(args.labels, LABELS)
    positions, vectors = vectors_of(args.features, labels["example_id"])
    rows = labels.iloc[positions].reset_index(drop=True)
    members = [np.flatnonzero(rows["split"] == split) for split in SPLITS]
    given, content = rows["label"].to_numpy(), rows["content"].to_numpy()
    train, test = (Labelled(vectors[each], given[each], content[each]) for each in members)
    del vectors
    seed, settings = Run.from_name(run_of(args.records)).seed, args.settings
    fold = probe_folds(train.labels, train.content, settings["folds"], seed)
    logits = np.empty((len(rows), class_count(labels)))
    logits[np.concatenate(members)] = all_logits(train, test, fold, logits.shape[1], settings["strength"])

    records, history = records_of(logits, rows)
    facts = provenance(args, (*WITH_TORCH, "scikit-learn", "scipy"), output_scale=1.0, output_bias=True, source="probe")
    write_records([records], args.records, 1, facts)
    write_table(history, args.history, HISTORY, facts)
    order = np.argsort(rows["example_id"].to_numpy())
    probabilities = fixed_lists(probabilities_of(logits)[order])
    table = pa.table({"example_id": rows["example_id"].to_numpy()[order], "probabilities": probabilities})
    write_table(table, args.probe, probe_schema(logits.shape[1]), facts, rows_of_group(logits.shape[1]))
    text = "%d folds, held-out accuracy %.2f %%, by given labels"
    logger.info(text, fold.max() + 1, 100 * history.set_index("group")["top1"]["validation"])


if __name__ == "__main__":
    parser = arguments(__doc__)
    required_paths(parser, "features", "labels", "records", "history")
    required_paths(parser, "probe", help="output: the probabilities of all classes")
    run_stage(main, parser)
