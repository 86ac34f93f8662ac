"""Label quality of every example from linear probes that held it out, and the noise rate estimated from it."""

from pathlib import Path

import numpy as np
import pandas as pd

from difficulty.datasets.example_tables import LABELS
from difficulty.scores.label_quality.held_out import HeldOut, probability_matrix
from difficulty.scores.label_quality.tables import write_label_quality
from difficulty.scores.runs import run_of
from difficulty.stage import arguments, provenance, required_paths, run_stage
from difficulty.tables import read_arrow, read_schema, read_table
from difficulty.training.runs import Run


def main(args):
    labels = read_table(args.labels, LABELS, ["example_id", "split", "label"], [("split", "==", "train")])
    write_label_quality(args, [held_out(path, labels) for path in args.probes], provenance(args))


def held_out(path: Path, labels: pd.DataFrame) -> HeldOut:
    """What the probes of one run make of the training examples, whose rows of LABELS are given."""
    table, name = read_arrow(path, read_schema(path)), run_of(path)
    example_id = labels["example_id"].to_numpy()
    probabilities = probability_matrix(table)[np.searchsorted(table["example_id"].to_numpy(), example_id)]
    runs = np.full(len(example_id), name, dtype=object)
    return HeldOut(Run.from_name(name).seed, runs, example_id, labels["label"].to_numpy(), probabilities)


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--probes", type=Path, nargs="+", required=True, help="probe.parquet of every run")
    required_paths(parser, "labels", "output")
    required_paths(parser, "estimates", help="output: estimated noise rate of each seed")
    required_paths(parser, "held-out", help="output: the probabilities")
    run_stage(main, parser)
