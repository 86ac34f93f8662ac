"""Trains the network of one run; writes its records, history, steps, timing and checkpoints."""

import logging
import sys

import pandas as pd
import torch

from difficulty.datasets.example_tables import LABELS
from difficulty.datasets.label_sets import has_label_sets
from difficulty.datasets.loading import load_normalization, ready_images
from difficulty.devices import choose_device, device_name
from difficulty.errors import UserError
from difficulty.models.building import build_model, description, output_facts
from difficulty.saved_runs.options import pass_arguments
from difficulty.stage import WITH_TORCH, provenance, required_paths, run_stage
from difficulty.tables import read_table
from difficulty.training.batch_size import chosen_batch_size
from difficulty.training.finished import write_run
from difficulty.training.input_files import input_digests
from difficulty.training.loop import TrainingData, train
from difficulty.training.partial_run import PartialRun
from difficulty.training.processes import run_together
from difficulty.training.run_progress import TABLES, run_progress
from difficulty.training.runs import Run, roles
from difficulty.training.targets import class_count, targets_of

logger = logging.getLogger("difficulty")


def main(args):
    run_together(train_run, args, args.settings.get("gpus", 1), args.log)


def train_run(args, processes):
    settings, folder = args.settings, args.records.parent
    name, run = f"{folder.parent.name}/{folder.name}", Run.from_name(folder.name)
    labels = read_table(args.labels, LABELS)
    images = ready_images(args.pixels, args.files, args.threads // processes.count, args.workers)
    role, classes = roles(labels, run, settings.get("folds")), class_count(labels)
    if classes < 2:
        raise UserError(f"{args.labels}: one class only; there is nothing to learn")
    trained = int((role == "train").sum())
    settings = {**settings, "batch_size": chosen_batch_size(settings, trained)}
    if "batch_size" not in args.settings:
        logger.info("batch_size: %d, as there are %d training examples", settings["batch_size"], trained)
    normalization = load_normalization(args.pixels, settings.get("normalization"))
    _, *size, channels = images.shape
    model = build_model(settings, channels, tuple(size), classes, run.seed)
    machine = {"threads": torch.get_num_threads(), "device": device_name(choose_device(settings))}
    machine["batch_size"] = settings["batch_size"]
    facts = provenance(args, WITH_TORCH, run=folder.name, **machine, **output_facts(model))
    partial = PartialRun.opened_together(folder / ".partial", {**facts, "inputs": input_digests(args)}, processes)
    train_rows = torch.from_numpy((role == "train").nonzero()[0])
    data = TrainingData(images, targets_of(labels), normalization, args.workers, train=train_rows)
    about = description(settings, channels, size, classes, normalization.mean, normalization.std)
    progress = run_progress(name, len(labels), (partial, settings, len(train_rows)))
    report = progress.update if processes.is_first else lambda *told: None
    with partial.stopping_after(settings["epochs"]):
        train(model, data, settings, run.seed, partial, about, report, processes)
        if processes.is_first:
            progress.begin("writing its tables", TABLES)
            print(f"{name}: {summary(write_run(args, partial, facts, labels, role), labels)}", file=sys.stderr)


def summary(history: pd.DataFrame, labels: pd.DataFrame) -> str:
    """The last epoch's accuracy of each group of examples, in one line."""
    epochs = history["epoch"].max()
    final = history[history["epoch"] == epochs].set_index("group")["top1"]
    scores = ", ".join(f"{group} {value:.1%}" for group, value in final.items())
    measure = "exact match" if has_label_sets(labels) else "accuracy"
    return f"{measure} after {epochs} epochs: {scores}"


if __name__ == "__main__":
    parser = pass_arguments(__doc__)
    required_paths(parser, "labels", "pixels", "files", "records", "online-records", "history", "steps", "timing")
    required_paths(parser, "checkpoints")
    run_stage(main, parser)
