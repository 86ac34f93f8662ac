"""What the stages of influence scores have in common: a run's network, and its labelled images batch by batch."""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import nn

from difficulty.datasets.example_tables import LABELS
from difficulty.datasets.files import check_files
from difficulty.datasets.images import ImageFiles
from difficulty.datasets.loading import Normalization, batch_size, image_batches, load_images, own_threads
from difficulty.errors import UserError
from difficulty.models.classifier import Classifier
from difficulty.progress import Progress
from difficulty.scores.influence_tables import Stopwatch
from difficulty.tables import read_table
from difficulty.training.loop import choose_device
from difficulty.training.network_command import network_arguments
from difficulty.training.prediction import saved_network
from difficulty.training.runs import roles_of


def influence_arguments(description: str, output: str) -> argparse.ArgumentParser:
    """A parser with all that such a stage takes. output: what its result is called."""
    parser = network_arguments(description, output)
    parser.add_argument("--memory", type=int, default=256, help="MiB for what is computed of a batch")
    parser.add_argument("--epoch", type=int, required=True, help="whose checkpoint is used")
    parser.add_argument("--timing", type=Path, required=True, help="table of the time of each phase")
    return parser


@dataclass(frozen=True)
class LabelledBatches:
    """Images as a network takes them (B, C, H, W) and their labels (B,), which can be gone through several times.

    rows: int64 (N,), which images, in the order of the batches.
    """

    images: torch.Tensor | ImageFiles
    labels: torch.Tensor
    rows: torch.Tensor
    normalization: Normalization
    device: torch.device
    type: torch.dtype
    workers: int
    progress: Progress

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        parts = self.rows.split(batch_size(*self.images.shape[1:3], self.device))
        batches = image_batches(self.images, parts, self.device, self.workers)
        for rows, images in zip(parts, batches, strict=True):
            yield self.normalization(images).to(self.type), self.labels[rows]
            self.progress.update(len(rows))


@dataclass(frozen=True)
class LabelledNetwork:
    """A run's network in evaluation mode, and the examples (columns of LABELS, and role) that it is used on."""

    model: nn.Module
    examples: pd.DataFrame
    device: torch.device
    stopwatch: Stopwatch
    batches_of: partial

    def batches(self, rows: np.ndarray, what: str, passes: int = 1) -> LabelledBatches:
        """Of these rows of the examples, with progress. passes: how often they are gone through."""
        rows = torch.from_numpy(rows).to(self.device)
        return self.batches_of(rows=rows, progress=Progress(what, passes * len(rows)))


def labelled_network(args: argparse.Namespace) -> LabelledNetwork:
    """The network of a checkpoint and its data.

    args: of `influence_arguments`; settings: device, folds and precision (bfloat16, or float32), if any.
    """
    device = choose_device(args.settings)
    kind = precision(args.settings, device)
    examples = read_table(args.labels, LABELS)
    check_files(args.files)
    _, images = load_images(args.pixels)
    torch.set_num_threads(own_threads(images, args.threads, args.workers))
    network = saved_network(args.checkpoints, args.epoch, device)
    network.check_images(images, args.pixels)
    examples["role"] = roles_of(examples, args.checkpoints.parent.name, args.settings.get("folds"))
    batches = partial(
        LabelledBatches,
        images=images.to(device) if isinstance(images, torch.Tensor) else images,
        labels=torch.tensor(examples["label"].to_numpy(), device=device),
        normalization=network.normalization,
        device=device,
        type=kind,
        workers=args.workers,
    )
    synchronize = torch.cuda.synchronize if device.type == "cuda" else lambda: None
    return LabelledNetwork(in_precision(network.model, kind), examples, device, Stopwatch(synchronize), batches)


def in_precision(model: nn.Module, kind: torch.dtype) -> nn.Module:
    """The network, changed to this type except its batch norm and its classifier, which lose too much by it."""
    model.to(kind)
    for module in model.modules():
        if isinstance(module, (nn.BatchNorm2d, Classifier)):
            module.float()
    return model


def refuse_not_finite(scores: torch.Tensor, checkpoint) -> None:
    """Raises UserError, naming the checkpoint, if a score is not a number or infinite."""
    if not torch.isfinite(scores).all():
        raise UserError(
            f"{checkpoint}: influence at this checkpoint is not finite; its training diverged, lower its lr"
        )


def precision(settings: dict, device: torch.device) -> torch.dtype:
    """In which a network and its gradients are; UserError if the device has no matrix units for it."""
    if settings.get("precision", "float32") == "float32":
        return torch.float32
    if device.type == "cuda":
        able = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        known = getattr(torch.cpu, "get_capabilities", dict)()
        able = any(value is True for name, value in known.items() if "bf16" in name)
    if not able:
        raise UserError(f"analyses.influence.precisions: this {device.type} has no units for bfloat16; leave it out")
    return torch.bfloat16
