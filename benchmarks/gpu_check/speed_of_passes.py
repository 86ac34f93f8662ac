"""Training with records and extraction of gradients, against the bare passes of the same network."""

import tempfile
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from benchmarks.gpu_check import stand_ins
from benchmarks.gpu_check.agreement import Check
from benchmarks.gpu_check.speed import compare
from difficulty.datasets.loading import batch_size
from difficulty.devices import autocast
from difficulty.models.building import build_model
from difficulty.scores.vog.gradient_maps import maps_writer
from difficulty.scores.vog.gradient_passes import gradient_batches
from difficulty.training.loop import TrainingData, train
from difficulty.training.partial_run import PartialRun

_BATCHES = {"bfloat16": (128, 512), "float32": (512,)}
_BARE = "forward, backward and step of all batches, forward of all images, nothing else"


def training(check: Check) -> None:
    """One epoch with records of a clean pass over all images, in both precisions."""
    count, width = check.size.training, check.size.width
    data = stand_ins.training_data(count + check.size.tested, count).to(check.device)
    for precision, batches in _BATCHES.items():
        for batch in batches:
            own = stand_ins.settings(
                check.device, epochs=1, batch_size=batch, precision=precision, records="clean", checkpoints="last"
            )
            compare(
                check,
                f"training with records: ResNet-9 of width {width}, {count:,} training and {check.size.tested:,} test "
                f"images of 32x32, one epoch in batches of {batch}, {precision}",
                lambda own=own: _train(data, own, width),
                lambda own=own: _bare_epoch(data, own, width),
                count,
                "training images",
                _BARE,
            )


def _train(data: TrainingData, settings: dict, width: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        partial = PartialRun(Path(folder, "run"), {})
        train(stand_ins.network(width), data, settings, stand_ins.SEED, partial, "{}")


def _bare_epoch(data: TrainingData, settings: dict, width: int) -> None:
    """Images are normalised, but neither augmented nor recorded."""
    device = data.device
    model = stand_ins.network(width).to(device, memory_format=torch.channels_last).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9, weight_decay=5e-4)
    order = torch.randperm(len(data.train)).to(device)
    for rows in data.train[order].split(settings["batch_size"]):
        images = data.normalization(data.images[rows].permute(0, 3, 1, 2))
        with autocast(settings, device):
            loss = functional.cross_entropy(model(images), data.labels[rows])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.inference_mode(), autocast(settings, device):
        for images in data.images.split(settings["batch_size"]):
            model(data.normalization(images.permute(0, 3, 1, 2)))


def extraction(check: Check) -> None:
    """Gradients of one checkpoint: passes alone, and written to a table; for small and for large images."""
    for name, side, count in (("resnet9", 32, check.size.maps), ("resnet18", 224, check.size.large)):
        own = {"architecture": name, **({"width": check.size.width} if name == "resnet9" else {})}
        images, labels = stand_ins.pictures(count, side)
        model = build_model(own, 3, (side, side), stand_ins.CLASSES, stand_ins.SEED).eval().requires_grad_(False)
        model.to(check.device, memory_format=torch.channels_last)
        images = images.to(check.device)
        for precision in ("float32", "bfloat16"):
            for is_written in (False, True) if precision == "float32" else (False,):
                compare(
                    check,
                    f"input gradients{', written' if is_written else ''}: {name}, {count:,} images of {side}x{side}, "
                    f"{precision}",
                    lambda *, p=precision, w=is_written, m=model, i=images, t=labels: _extract(check, m, i, t, p, w),
                    lambda *, p=precision, m=model, i=images, t=labels: _bare_gradients(m, i, t, p),
                    count,
                    "images",
                    "one forward and one input-backward pass of the same batches",
                )


def _extract(
    check: Check, model: nn.Module, images: torch.Tensor, labels: torch.Tensor, precision: str, is_written: bool
) -> None:
    rows = np.arange(len(images))
    batches = gradient_batches([model], images, rows, labels, stand_ins.NORMALIZATION, check.device, precision)
    if not is_written:
        for _, passes in batches:
            next(passes)
        return
    with (
        tempfile.TemporaryDirectory() as folder,
        maps_writer(Path(folder, "epoch-1.parquet"), tuple(images.shape[1:3]), {}) as write,
    ):
        for part, passes in batches:
            maps, *predictions = (values.cpu().numpy() for values in next(passes))
            write(part, *predictions, maps)


def _bare_gradients(model: nn.Module, images: torch.Tensor, labels: torch.Tensor, precision: str) -> None:
    size = batch_size(*images.shape[1:3], images.device)
    for part, given in zip(images.split(size), labels.to(images.device).split(size), strict=True):
        inputs = stand_ins.NORMALIZATION(part.permute(0, 3, 1, 2)).requires_grad_(True)
        with torch.autocast(images.device.type, torch.bfloat16, enabled=precision == "bfloat16"):
            logits = model(inputs)
        torch.autograd.grad(logits.gather(1, given[:, None]).sum(), inputs)
