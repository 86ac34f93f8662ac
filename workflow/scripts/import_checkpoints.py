"""Imports networks that were trained elsewhere as the checkpoints of a run, and records their outputs on the data.

The files count as epochs 1, 2, ... in their order.
"""

from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from difficulty.datasets.example_tables import LABELS
from difficulty.datasets.loading import load_normalization, ready_images
from difficulty.devices import choose_device
from difficulty.errors import UserError
from difficulty.models.building import description, output_facts
from difficulty.models.snapshots import load_snapshots
from difficulty.progress import Progress
from difficulty.saved_runs.options import pass_arguments
from difficulty.stage import WITH_TORCH, provenance, required_paths, run_stage
from difficulty.tables import read_table, write_table
from difficulty.tensor_files import save_tensors
from difficulty.training.checkpoints import checkpoint_name, write_manifest
from difficulty.training.imported import imported_epoch
from difficulty.training.passes import LabelledImages, clean_outcomes
from difficulty.training.record_files import write_records
from difficulty.training.run_tables import HISTORY
from difficulty.training.targets import class_count, padded, targets_of


def main(args):
    settings, device, labels = args.settings, choose_device(args.settings), read_table(args.labels, LABELS)
    images = ready_images(args.pixels, args.files, args.threads, args.workers)
    _, *size, channels = images.shape
    normalization = load_normalization(args.pixels, settings.get("normalization"))
    data = LabelledImages(images, targets_of(labels), normalization, args.workers)
    run = args.records.parent
    progress = Progress(f"{run.parent.name}/{run.name}", len(args.weights), "networks")
    history, checksums = [], {}
    networks = load_snapshots(settings, channels, tuple(size), args.weights, args.first, class_count(labels))
    first = next(networks)
    facts = provenance(args, WITH_TORCH, **output_facts(first[1]), source="clean")

    def records():
        for epoch, (path, model, classes) in enumerate(chain([first], networks), start=1):
            about = description(settings, channels, size, classes, normalization.mean, normalization.std)
            checksums[epoch] = save_tensors(args.checkpoints / checkpoint_name(epoch), model.state_dict(), about)
            model.to(device, memory_format=torch.channels_last)
            outcomes = clean_outcomes(model, replace(data, labels=padded(data.labels, classes)).to(device), settings)
            refuse_not_finite(outcomes["loss"], labels["example_id"].to_numpy(), path)
            rows, summaries = imported_epoch(outcomes, labels, epoch)
            history.extend(summaries)
            progress.update(1, path.name)
            yield rows

    write_records(records(), args.records, len(args.weights), facts)
    write_table(pd.DataFrame(history), args.history, HISTORY, facts)
    write_manifest(args.checkpoints, checksums, facts)


def refuse_not_finite(loss: np.ndarray, example_id: np.ndarray, path: Path) -> None:
    """Raises UserError if a network's outputs overflow; loss and example_id are (N,)."""
    if (wrong := ~np.isfinite(loss)).any():
        raise UserError(
            f"{path}: outputs are not finite for {wrong.sum():,} of {len(loss):,} examples, first "
            f"{example_id[wrong][0]}; are architecture and normalization those of its training?"
        )


if __name__ == "__main__":
    parser = pass_arguments(__doc__)
    parser.add_argument("--weights", type=Path, nargs="+", required=True, help="in the order of training")
    required_paths(parser, "first", help="weights of the first run's first network")
    required_paths(parser, "labels", "pixels", "files", "records", "history", "checkpoints")
    run_stage(main, parser)
