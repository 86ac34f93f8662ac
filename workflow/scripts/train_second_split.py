"""Trains a network on one half of a run's training examples, then on the other; records what it then forgets."""

import shutil
import sys

import numpy as np
import pandas as pd
import torch

from difficulty.datasets.example_tables import LABELS
from difficulty.datasets.images import take
from difficulty.datasets.loading import load_normalization, ready_images
from difficulty.devices import choose_device, device_name
from difficulty.models.building import build_model
from difficulty.saved_runs.options import pass_arguments
from difficulty.stage import WITH_TORCH, provenance, required_paths, run_stage
from difficulty.tables import read_table, write_table
from difficulty.training.input_files import input_digests
from difficulty.training.loop import TrainingData
from difficulty.training.partial_run import PartialRun
from difficulty.training.processes import run_together
from difficulty.training.run_progress import run_progress
from difficulty.training.runs import Run, roles_of
from difficulty.training.second_split import first_settings, is_in_half, second_settings, train_halves
from difficulty.training.second_split_table import SECOND_SPLIT
from difficulty.training.targets import class_count, targets_of


def main(args):
    run_together(train_run, args, args.settings.get("gpus", 1), args.log)


def train_run(args, processes):
    settings, folder = args.settings, args.output.parent
    run, labels = Run.from_name(folder.name), read_table(args.labels, LABELS)
    trained = (roles_of(labels, folder.name, settings.get("folds")) == "train").to_numpy().nonzero()[0]
    every = ready_images(args.pixels, args.files, args.threads // processes.count, args.workers)
    images, own, classes = take(every, trained), labels.iloc[trained], class_count(labels)
    first = is_in_half(own, run.seed, args.half)
    normalization = load_normalization(args.pixels, settings.get("normalization"))
    _, *size, channels = images.shape
    model = build_model(settings, channels, tuple(size), classes, run.seed)
    machine = {"threads": torch.get_num_threads(), "device": device_name(choose_device(settings))}
    facts = provenance(args, WITH_TORCH, run=folder.name, half=args.half, **machine)
    unfinished, key = folder / f".{args.output.stem}", {**facts, "inputs": input_digests(args)}
    partials = tuple(PartialRun.opened_together(unfinished / part, key, processes) for part in ("first", "second"))
    data = TrainingData(
        images, targets_of(own), normalization, args.workers, train=torch.from_numpy(first.nonzero()[0])
    )
    name, counts = f"{folder.parent.name}/{folder.name} half {args.half}", (int(first.sum()), int((~first).sum()))
    halves = zip(partials, (first_settings(settings), second_settings(settings)), counts, strict=True)
    progress = run_progress(name, len(own), *halves, other_passes=1)
    report = progress.update if processes.is_first else lambda *told: None
    correct = train_halves(model, data, settings, run.seed, partials, report, processes)
    if correct is None:
        return
    write_table(long_table(correct, own["example_id"].to_numpy()[first]), args.output, SECOND_SPLIT, facts)
    shutil.rmtree(unfinished)
    text = f"{name}: right about {correct[0].mean():.1%} of it, about {correct[-1].mean():.1%} after the other half"
    print(text, file=sys.stderr)


def long_table(correct: np.ndarray, example_ids: np.ndarray) -> pd.DataFrame:
    """Rows of SECOND_SPLIT. correct: (epochs + 1, n)."""
    epochs, count = correct.shape
    columns = {"example_id": np.tile(example_ids, epochs), "epoch": np.repeat(np.arange(epochs, dtype=np.int32), count)}
    return pd.DataFrame({**columns, "correct": correct.ravel()})


if __name__ == "__main__":
    parser = pass_arguments(__doc__)
    parser.add_argument("--half", type=int, choices=(0, 1), required=True, help="which half is trained on first")
    required_paths(parser, "labels", "pixels", "files", "output")
    run_stage(main, parser)
