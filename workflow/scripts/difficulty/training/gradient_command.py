"""What the two stages that compute input gradients have in common: their pass over the data."""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from difficulty.datasets.example_tables import EXAMPLES, LABELS
from difficulty.datasets.files import check_files
from difficulty.datasets.loading import load_images, own_threads
from difficulty.progress import Progress
from difficulty.scores.gradient_passes import gradient_batches
from difficulty.scores.shards import shard_of, shard_rows
from difficulty.stage import provenance
from difficulty.tables import read_schema, read_table
from difficulty.training.loop import choose_device
from difficulty.training.prediction import saved_network


@dataclass(frozen=True)
class GradientPass:
    """examples: how many. size: (H, W) of the maps.

    batches: (example_ids (B,), (maps, predicted, confidence) of each checkpoint in turn).
    """

    examples: int
    size: tuple[int, int]
    batches: Iterator[tuple[np.ndarray, Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]]]
    provenance: dict


def gradient_pass(args: argparse.Namespace, epochs: Sequence[int]) -> GradientPass:
    """Maps of all examples of the job at the checkpoints of these epochs, with progress on the terminal.

    args: of `network_arguments`; settings: splits, target, shards, precision, and the experiment's device.
    Raises UserError if the images do not have the size that the networks take.
    """
    settings, device = args.settings, choose_device(args.settings)
    of_data_set = read_schema(args.labels).name == EXAMPLES.name
    labels = read_table(args.labels, EXAMPLES if of_data_set else LABELS, ["example_id", "split", "label"])
    check_files(args.files)
    _, images = load_images(args.pixels)
    torch.set_num_threads(own_threads(images, args.threads, args.workers))
    networks = [saved_network(args.checkpoints, epoch, device) for epoch in epochs]
    networks[0].check_images(images, args.pixels)
    rows = shard_rows(labels["split"].to_numpy(), settings["splits"], shard_of(args.output), settings["shards"])
    batches = gradient_batches(
        [network.model for network in networks],
        images,
        rows,
        _classes(settings["target"], labels["label"].to_numpy()),
        networks[0].normalization,
        device,
        settings["precision"],
        args.workers,
    )
    run = args.checkpoints.parent
    progress = Progress(f"{run.parent.name}/{run.name} {args.output.stem}", len(rows))
    example_ids = labels["example_id"].to_numpy()

    def counted():
        for part, passes in batches:
            yield example_ids[part], passes
            progress.update(len(part))

    facts = provenance(args, ("torch", "numpy", "pandas", "pyarrow"))
    return GradientPass(len(rows), tuple(images.shape[1:3]), counted(), facts)


def _classes(target: str | int, labels: np.ndarray) -> torch.Tensor | int | None:
    """What `gradient_batches` takes as classes. target: `label`, `predicted` or a class."""
    if target == "label":
        return torch.tensor(labels)
    return None if target == "predicted" else target
