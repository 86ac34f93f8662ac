"""Label quality of every example in each run that held it out, and the noise rate estimated from it."""

from pathlib import Path

import numpy as np
import torch

from difficulty.saved_runs.options import pass_arguments
from difficulty.saved_runs.runs import SavedRun, open_runs
from difficulty.scores.label_quality.held_out import HeldOut
from difficulty.scores.label_quality.tables import write_label_quality
from difficulty.stage import WITH_TORCH, provenance, required_paths, run_stage
from difficulty.training.checkpoints import saved_epochs
from difficulty.training.passes import predict_probabilities


def main(args):
    of_seed: dict[int, list[SavedRun]] = {}
    for run in open_runs(args, args.checkpoints):
        of_seed.setdefault(run.run.seed, []).append(run)
    write_label_quality(args, [held_out(seed, runs) for seed, runs in of_seed.items()], provenance(args, WITH_TORCH))


def held_out(seed: int, runs: list[SavedRun]) -> HeldOut:
    """What the last networks of the folds of one seed make of the examples that each of them holds out."""
    rows = [np.flatnonzero(run.roles == "validation") for run in runs]
    names = np.repeat([run.checkpoints.parent.name for run in runs], [len(each) for each in rows])
    probabilities = np.concatenate([predicted(run, each) for run, each in zip(runs, rows, strict=True)])
    labels = runs[0].labels.iloc[np.concatenate(rows)]
    return HeldOut(seed, names, labels["example_id"].to_numpy(), labels["label"].to_numpy(), probabilities)


def predicted(run: SavedRun, rows: np.ndarray) -> np.ndarray:
    """float32 (n, C), the probabilities of the examples in `rows` (n,) by a run's last network."""
    network = run.network(saved_epochs(run.checkpoints)[-1])
    data = run.labelled(network, torch.tensor(run.labels["label"].to_numpy()[rows]), rows)
    return predict_probabilities(network.model, data, run.settings)


if __name__ == "__main__":
    parser = pass_arguments(__doc__)
    parser.add_argument("--checkpoints", type=Path, nargs="+", required=True, help="folder of every run")
    required_paths(parser, "labels", "pixels", "files", "output")
    required_paths(parser, "estimates", help="output: estimated noise rate of each seed")
    required_paths(parser, "held-out", help="output: the probabilities")
    run_stage(main, parser)
