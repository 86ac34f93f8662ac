"""One pass over a run's images that gives input gradients at several checkpoints."""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from difficulty.saved_runs.runs import open_run
from difficulty.scores.shards import shard_of, shard_rows
from difficulty.scores.vog.gradient_passes import gradient_batches
from difficulty.stage import WITH_TORCH, provenance


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

    args: of `run_arguments`; settings: splits, target, shards, precision, and the experiment's device.
    Raises UserError if the images do not have the size that the networks take.
    """
    settings, run = args.settings, open_run(args, ["example_id", "split", "label"])
    networks = [run.network(epoch) for epoch in epochs]
    rows = shard_rows(run.labels["split"].to_numpy(), settings["splits"], shard_of(args.output), settings["shards"])
    batches = gradient_batches(
        [network.model for network in networks],
        run.images,
        rows,
        _classes(settings["target"], run.labels["label"].to_numpy()),
        networks[0].normalization,
        run.device,
        settings["precision"],
        run.workers,
    )
    progress = run.progress(args.output.stem, len(rows))
    example_ids = run.example_ids

    def counted():
        for part, passes in batches:
            yield example_ids[part], passes
            progress.update(len(part))

    return GradientPass(len(rows), tuple(run.images.shape[1:3]), counted(), provenance(args, WITH_TORCH))


def _classes(target: str | int, labels: np.ndarray) -> torch.Tensor | int | None:
    """What `gradient_batches` takes as classes. target: `label`, `predicted` or a class."""
    if target == "label":
        return torch.tensor(labels)
    return None if target == "predicted" else target
