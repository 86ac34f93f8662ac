"""How the given features of every image go with its label: neighbours, a linear probe, the mean of the class."""

import logging
import time

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.datasets.example_tables import LABELS, SPLITS
from difficulty.datasets.feature_tables import fixed_lists, stored_vectors_of
from difficulty.scores.collect import EXAMPLE_SCORES
from difficulty.scores.features.scoring import Labelled, feature_scores
from difficulty.scores.features.tables import FEATURE_SCORES, probe_schema
from difficulty.scores.label_quality.held_out import rows_of_group
from difficulty.stage import WITH_TORCH, arguments, provenance, required_paths, run_stage
from difficulty.tables import read_table, write_table
from difficulty.training.probe_folds import probe_folds
from difficulty.training.targets import class_count

logger = logging.getLogger("difficulty")


def main(args):
    began = time.process_time()
    labels = read_table(args.labels, LABELS)
    positions, vectors = stored_vectors_of(args.features, labels["example_id"])
    rows = labels.iloc[positions]
    split, given, content = (rows[name].to_numpy() for name in ("split", "label", "content"))
    chosen = [split == name for name in SPLITS]
    parts = [Labelled(vectors[np.flatnonzero(members)], given[members], content[members]) for members in chosen]
    fold = probe_folds(parts[0].labels, parts[0].content, args.settings["folds"])
    found, probabilities = feature_scores(*parts, fold, class_count(labels), args.settings)
    ids = np.concatenate([rows["example_id"].to_numpy()[members] for members in chosen])
    order = np.argsort(ids)
    facts = provenance(args, (*WITH_TORCH, "scikit-learn", "scipy"), folds=int(fold.max()) + 1)
    scores = pd.DataFrame({"example_id": ids, **found}).iloc[order]
    write_table(scores, args.output, EXAMPLE_SCORES.extended(FEATURE_SCORES), facts)
    table = pa.table({"example_id": ids[order], "probabilities": fixed_lists(probabilities[order])})
    write_table(table, args.probe, probe_schema(probabilities.shape[1]), facts, rows_of_group(probabilities.shape[1]))
    trained = len(parts[0].labels)
    accuracy = (probabilities[:trained].argmax(axis=1) == parts[0].labels).mean()
    logger.info("probe: accuracy %.2f %% on held-out training images, by given labels", 100 * accuracy)
    logger.info("%d training and %d test images, %.0f s", trained, len(ids) - trained, time.process_time() - began)


if __name__ == "__main__":
    parser = arguments(__doc__)
    required_paths(parser, "features", "labels", "output")
    required_paths(parser, "probe", help="output: the probe's probabilities")
    run_stage(main, parser)
