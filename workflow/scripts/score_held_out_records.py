"""Label quality of every example from out-of-fold predictions, and the noise rate estimated from it."""

from pathlib import Path

import numpy as np
import pandas as pd

from difficulty.datasets.example_tables import LABELS
from difficulty.datasets.record_runs import read_run
from difficulty.scores.label_quality.held_out import HeldOut
from difficulty.scores.label_quality.tables import write_label_quality
from difficulty.stage import arguments, provenance, required_paths, run_stage
from difficulty.tables import read_table


def main(args):
    labels = read_table(args.labels, LABELS, ["example_id", "split", "label"], [("split", "==", "train")])
    seeds = [held_out(seed, path, labels, args) for seed, path in enumerate(args.own)]
    write_label_quality(args, seeds, provenance(args))


def held_out(seed: int, path: Path, labels: pd.DataFrame, args) -> HeldOut:
    """The last predictions of the training examples in the user's table of one seed."""
    own = read_run(path, args.own[0], args.examples, args.settings)
    example_id = labels["example_id"].to_numpy()
    rows = np.searchsorted(own.examples["example_id"], example_id)
    runs = np.full(len(rows), f"seed-{seed}", dtype=object)
    return HeldOut(seed, runs, example_id, labels["label"].to_numpy(), own.last_probabilities()[rows])


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--own", type=Path, nargs="+", required=True, help="table of every run, in the order of seeds")
    required_paths(parser, "labels", "examples", "output")
    required_paths(parser, "estimates", help="output: estimated noise rate of each seed")
    required_paths(parser, "held-out", help="output: the probabilities")
    run_stage(main, parser)
