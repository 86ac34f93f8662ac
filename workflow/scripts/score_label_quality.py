"""Label quality of every example in every run that held it out, and the noise rate that this lets one estimate."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from difficulty.datasets.example_tables import LABELS
from difficulty.datasets.files import check_files
from difficulty.datasets.images import take
from difficulty.datasets.loading import load_images, own_threads
from difficulty.scores import label_quality as quality
from difficulty.scores.collect import RUN_SCORES
from difficulty.stage import arguments, provenance, run_stage
from difficulty.tables import read_table, write_table
from difficulty.training.checkpoints import saved_epochs
from difficulty.training.logits import predict_probabilities
from difficulty.training.loop import TrainingData, choose_device
from difficulty.training.prediction import saved_network
from difficulty.training.runs import Run, roles

logger = logging.getLogger("difficulty")


def main(args):
    given = read_table(args.labels, LABELS)
    check_files(args.files)
    _, images = load_images(args.pixels)
    torch.set_num_threads(own_threads(images, args.threads, args.workers))
    scores, estimates = [], []
    for seed, folders in by_seed(args.checkpoints).items():
        rows, probabilities = held_out(folders, given, images, {**args.settings, "workers": args.workers})
        labels = given["label"].to_numpy()[rows.index]
        rows["self_confidence"] = quality.self_confidence(probabilities, labels)
        rows["normalized_margin"] = quality.normalized_margin(probabilities, labels)
        rows["label_issue"] = quality.label_issues(probabilities, labels)
        scores.append(rows)
        counts = (seed, len(rows), int(rows["label_issue"].sum()))
        rate = quality.estimated_noise_rate(quality.confident_joint(probabilities, labels), labels)
        estimates.append((*counts, rate))
        text = "seed %d: %d held-out examples, %d label issues, estimated noise rate %.2f %%"
        logger.info(text, *counts, 100 * rate)
    facts = provenance(args, ("torch", "numpy", "pandas", "pyarrow"))
    table = pd.concat(scores).assign(role="validation").sort_values(["run", "example_id"], kind="stable")
    write_table(table, args.output, RUN_SCORES.extended(quality.LABEL_QUALITY), facts)
    estimates = pd.DataFrame(estimates, columns=list(quality.NOISE_ESTIMATES.columns))
    write_table(estimates, args.estimates, quality.NOISE_ESTIMATES, facts)


def by_seed(checkpoints: list[Path]) -> dict[int, list[Path]]:
    """The folders of checkpoints of each seed."""
    found: dict[int, list[Path]] = {}
    for folder in checkpoints:
        found.setdefault(Run.from_name(folder.parent.name).seed, []).append(folder)
    return found


def held_out(folders, given: pd.DataFrame, images: torch.Tensor, settings: dict) -> tuple[pd.DataFrame, np.ndarray]:
    """example_id and run of all examples that one seed's runs hold out (index: the row), and probabilities (N, C)."""
    device = choose_device(settings)
    labels, rows, probabilities = given["label"].to_numpy(), [], []
    for folder in folders:
        run = folder.parent.name
        role = roles(given, Run.from_name(run), settings["folds"])
        members = np.flatnonzero(role == "validation")
        network = saved_network(folder, saved_epochs(folder)[-1], device)
        nothing = torch.empty(0, dtype=torch.int64)
        data = TrainingData(take(images, members), torch.tensor(labels[members]), nothing, network.normalization)
        probabilities.append(predict_probabilities(network.model, data.to(device), settings))
        rows.append(pd.DataFrame({"example_id": given["example_id"].to_numpy()[members], "run": run}, index=members))
    return pd.concat(rows), np.concatenate(probabilities)


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--threads", type=int, default=1, help="those of the workers included")
    parser.add_argument("--workers", type=int, default=0, help="processes that decode images which are in files")
    parser.add_argument("--checkpoints", type=Path, nargs="+", required=True, help="folder of every run")
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--pixels", type=Path, required=True)
    parser.add_argument("--files", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--estimates", type=Path, required=True, help="output: estimated noise rate of each seed")
    run_stage(main, parser)
