"""Collects what speaks for and against the labels that are looked at first, for pages that show them."""

import logging
from pathlib import Path

import numpy as np

from difficulty.analysis.suspects import SUSPECTS
from difficulty.atlas.evidence import EVIDENCE, nearest_images, predictions_over_epochs
from difficulty.datasets.example_tables import LABELS
from difficulty.datasets.feature_tables import vectors_of
from difficulty.stage import arguments, provenance, required_paths, run_stage
from difficulty.tables import read_table, write_table

logger = logging.getLogger("difficulty")
_MOST = 1000  # examples
_NEIGHBORS = 8


def main(args):
    suspects = read_table(args.suspects, SUSPECTS, ["example_id"])["example_id"].to_numpy()[:_MOST]
    table = predictions_over_epochs(args.records, suspects)
    table["neighbors"] = neighbors(args, suspects) if args.features else [[] for _ in suspects]
    write_table(table.reset_index(names="example_id"), args.output, EVIDENCE, provenance(args))
    logger.info("%d of the most suspect labels, %d runs", len(suspects), len(args.records))


def neighbors(args, suspects: np.ndarray) -> list[list[int]]:
    """The training examples whose features are most similar to those of each suspect; none for one without features."""
    labels = read_table(args.labels, LABELS, ["example_id", "split"])
    positions, vectors = vectors_of(args.features, labels["example_id"])
    known = labels.iloc[positions].reset_index(drop=True)
    among = np.flatnonzero(known["split"] == "train")
    rows = dict(zip(known["example_id"], range(len(known)), strict=True))
    asked = [name for name in suspects.tolist() if name in rows]
    found = nearest_images(vectors, np.array([rows[name] for name in asked], int), among, _NEIGHBORS)
    ids = known["example_id"].to_numpy()
    nearest = dict(zip(asked, (ids[places].tolist() for places in found), strict=True))
    return [nearest.get(name, []) for name in suspects.tolist()]


if __name__ == "__main__":
    parser = arguments(__doc__)
    required_paths(parser, "suspects", "labels", "output")
    parser.add_argument("--records", nargs="+", type=Path, required=True, help="records.parquet of every run")
    parser.add_argument("--features", nargs="?", type=Path, help="of the images, if there are any")
    run_stage(main, parser)
