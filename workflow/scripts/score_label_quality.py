"""Label quality of every example in each run that held it out, and the noise rate estimated from it."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from difficulty.saved_runs.options import pass_arguments
from difficulty.saved_runs.runs import SavedRun, open_runs
from difficulty.scores.collect import RUN_SCORES
from difficulty.scores.label_quality import scoring as quality
from difficulty.stage import WITH_TORCH, provenance, required_paths, run_stage
from difficulty.tables import write_table
from difficulty.training.checkpoints import saved_epochs
from difficulty.training.passes import predict_probabilities

logger = logging.getLogger("difficulty")


def main(args):
    of_seed: dict[int, list[SavedRun]] = {}
    for run in open_runs(args, args.checkpoints):
        of_seed.setdefault(run.run.seed, []).append(run)
    scores, estimates = [], []
    for seed, runs in of_seed.items():
        parts = [held_out(run) for run in runs]
        rows, probabilities = pd.concat([rows for rows, _ in parts]), np.concatenate([each for _, each in parts])
        labels = rows.pop("label").to_numpy()
        rows["self_confidence"] = quality.self_confidence(probabilities, labels)
        rows["normalized_margin"] = quality.normalized_margin(probabilities, labels)
        rows["label_issue"] = quality.label_issues(probabilities, labels)
        scores.append(rows)
        counts = (seed, len(rows), int(rows["label_issue"].sum()))
        rate = quality.estimated_noise_rate(quality.confident_joint(probabilities, labels), labels)
        estimates.append((*counts, rate))
        text = "seed %d: %d held-out examples, %d label issues, estimated noise rate %.2f %%"
        logger.info(text, *counts, 100 * rate)
    facts = provenance(args, WITH_TORCH)
    table = pd.concat(scores).assign(role="validation").sort_values(["run", "example_id"], kind="stable")
    write_table(table, args.output, RUN_SCORES.extended(quality.LABEL_QUALITY), facts)
    estimates = pd.DataFrame(estimates, columns=list(quality.NOISE_ESTIMATES.columns))
    write_table(estimates, args.estimates, quality.NOISE_ESTIMATES, facts)


def held_out(run: SavedRun) -> tuple[pd.DataFrame, np.ndarray]:
    """example_id, run and label of the examples that a run holds out, and its probabilities of them (n, C)."""
    members = np.flatnonzero(run.roles == "validation")
    network = run.network(saved_epochs(run.checkpoints)[-1])
    rows = run.labels.iloc[members][["example_id", "label"]].assign(run=run.checkpoints.parent.name)
    data = run.labelled(network, torch.tensor(rows["label"].to_numpy()), members)
    return rows, predict_probabilities(network.model, data, run.settings)


if __name__ == "__main__":
    parser = pass_arguments(__doc__)
    parser.add_argument("--checkpoints", type=Path, nargs="+", required=True, help="folder of every run")
    required_paths(parser, "labels", "pixels", "files", "output")
    required_paths(parser, "estimates", help="output: estimated noise rate of each seed")
    run_stage(main, parser)
