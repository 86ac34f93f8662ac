"""A run's network and its labelled images batch by batch, for the stages of influence scores."""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from difficulty.datasets.images import ImageFiles
from difficulty.datasets.loading import Normalization, batch_size, image_batches
from difficulty.errors import UserError
from difficulty.models.classifier import Classifier
from difficulty.progress import Progress
from difficulty.saved_runs.runs import SavedRun, open_run
from difficulty.scores.influence.scoring import Damping
from difficulty.scores.influence.tables import INFLUENCE_TIMING, Stopwatch
from difficulty.tables import write_table
from difficulty.training.checkpoints import checkpoint_name


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
        if not len(self.rows):  # which torch splits into one part without rows
            return
        parts = self.rows.split(batch_size(*self.images.shape[1:3], self.device))
        batches = image_batches(self.images, parts, self.device, self.workers)
        for rows, images in zip(parts, batches, strict=True):
            yield self.normalization(images).to(self.type), self.labels[rows]
            self.progress.update(len(rows))


@dataclass(frozen=True)
class LabelledNetwork:
    """A run's network in evaluation mode, and the labelled images that it is used on.

    images: on the device, or in files. labels: int64 (N,), on the device. type: of the network and its inputs.
    """

    run: SavedRun
    model: nn.Module
    images: torch.Tensor | ImageFiles
    labels: torch.Tensor
    normalization: Normalization
    type: torch.dtype
    stopwatch: Stopwatch

    def batches(self, rows: np.ndarray, what: str, passes: int = 1, done: int = 0) -> LabelledBatches:
        """Of the examples at these positions, with progress.

        passes: how often they are gone through. done: how many an earlier attempt has finished, which are left out.
        """
        return LabelledBatches(
            self.images,
            self.labels,
            torch.from_numpy(rows[done:]).to(self.run.device),
            self.normalization,
            self.run.device,
            self.type,
            self.run.workers,
            self.run.progress(what, passes * len(rows), done=done),
        )


def labelled_network(args: argparse.Namespace, check: bool = True) -> LabelledNetwork:
    """The network of a checkpoint and its data.

    args: of `influence_arguments`; settings: device, folds and precision (bfloat16, or float32), if any. check: as of
    `open_run`.
    """
    run = open_run(args, check=check)
    kind = precision(args.settings, run.device)
    network = run.network(args.epoch)
    labels = torch.tensor(run.labels["label"].to_numpy(), device=run.device)
    model = in_precision(network.model, kind)
    stopwatch = Stopwatch(torch.cuda.synchronize) if run.device.type == "cuda" else Stopwatch()
    return LabelledNetwork(run, model, run.images_on_device(), labels, network.normalization, kind, stopwatch)


def damping_of(settings: dict) -> Damping:
    """As configured; where there is no curvature, and so no setting, it changes nothing."""
    return Damping(**settings.get("damping", {"relative": 0.1}))


def write_timing(args: argparse.Namespace, stopwatch: Stopwatch, device: torch.device, facts: dict) -> None:
    """Writes how long each phase took. args: timing and threads."""
    write_table(stopwatch.table(device.type, args.threads), args.timing, INFLUENCE_TIMING, facts)


def in_precision(model: nn.Module, kind: torch.dtype) -> nn.Module:
    """The network, changed to this type except its batch norm and its classifier, which lose too much by it."""
    model.to(kind)
    for module in model.modules():
        if isinstance(module, (nn.BatchNorm2d, Classifier)):
            module.float()
    return model


def refuse_not_finite(scores: torch.Tensor, checkpoints: Path, epoch: int) -> None:
    """Raises UserError, naming the checkpoint, if a score is not a number or infinite."""
    if not torch.isfinite(scores).all():
        raise UserError(
            f"{checkpoints / checkpoint_name(epoch)}: influence at this checkpoint is not finite; its training "
            "diverged, lower its lr"
        )


def precision(settings: dict, device: torch.device) -> torch.dtype:
    """The type of a network and its gradients; UserError if the device has no matrix units for it."""
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
