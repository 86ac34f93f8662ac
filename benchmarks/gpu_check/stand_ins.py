"""Drawn images, networks, and a run that was trained on them for a few seconds, on whichever device it is asked for."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import nn

from difficulty.datasets.loading import Normalization
from difficulty.models.building import build_model, description
from difficulty.saved_runs.runs import SavedRun
from difficulty.training.checkpoints import write_manifest
from difficulty.training.loop import TrainingData, train
from difficulty.training.partial_run import PartialRun
from difficulty.training.runs import Run, roles

CLASSES, SIDE, SEED = 10, 32, 0
COUNT, TRAIN = 288, 224  # of more than two batches of evaluation
NORMALIZATION = Normalization((0.5,) * 3, (0.25,) * 3)
NETWORK = {"architecture": "resnet9", "width": 8}
FOLDS, RUN = 2, "seed-0-fold-0"
EPOCHS = 3
_AT_ONCE = 256  # images that are drawn


def pictures(count: int, side: int = SIDE, classes: int = CLASSES) -> tuple[torch.Tensor, torch.Tensor]:
    """uint8 (count, side, side, 3), a pattern of each class and noise; int64 (count,), every tenth label another."""
    draws = np.random.default_rng(SEED)
    patterns = draws.uniform(64, 192, (classes, 4, 4, 3)).astype(np.float32)
    patterns = patterns.repeat(side // 4, axis=1).repeat(side // 4, axis=2)
    labels = draws.integers(0, classes, count)
    images = np.empty((count, side, side, 3), np.uint8)
    for start in range(0, count, _AT_ONCE):
        part = patterns[labels[start : start + _AT_ONCE]]
        noise = draws.standard_normal(part.shape, np.float32)
        images[start : start + _AT_ONCE] = np.clip(part + 32 * noise, 0, 255)
    labels[::10] = draws.integers(0, classes, len(labels[::10]))
    return torch.from_numpy(images), torch.from_numpy(labels)


def settings(device: torch.device, **others) -> dict:
    """Of a short training in float32."""
    return {
        **NETWORK,
        "optimizer": {"name": "sgd", "lr": 0.02, "momentum": 0.9, "weight_decay": 5e-4},
        "schedule": {"name": "one_cycle", "warmup": 0.25},
        "augmentation": {"crop": 4, "flip": True},
        "epochs": EPOCHS,
        "batch_size": 32,
        "drop_last": False,
        "records": "both",
        "checkpoints": "all",
        "device": device.type,
        "precision": "float32",
        **others,
    }


def network(width: int = NETWORK["width"], seed: int = SEED, **others) -> nn.Module:
    """ResNet-9, freshly initialised, for images of SIDE x SIDE pixels, or another architecture."""
    return build_model({**NETWORK, "width": width, **others}, 3, (SIDE, SIDE), CLASSES, seed)


def smooth(model: nn.Module) -> nn.Module:
    """The same network with softplus in place of ReLU, and means in place of maxima.

    Its gradients are continuous. With ReLU and maxima a rounding can choose another side, and the gradient of an
    example is then another one, however exact everything else is.
    """
    for name, module in list(model.named_modules()):
        if isinstance(module, nn.ReLU):
            model.set_submodule(name, nn.Softplus(beta=2))
        elif isinstance(module, nn.MaxPool2d):
            model.set_submodule(name, nn.AvgPool2d(module.kernel_size))
        elif isinstance(module, nn.AdaptiveMaxPool2d):
            model.set_submodule(name, nn.AdaptiveAvgPool2d(module.output_size))
    return model


def checkpoint(run: SavedRun, epoch: int, is_smooth: bool) -> nn.Module:
    """The network of an epoch in evaluation mode, as it is or smooth."""
    model = run.network(epoch).model
    return smooth(model).eval() if is_smooth else model


def training_data(count: int = COUNT, trained: int = TRAIN) -> TrainingData:
    """On the CPU."""
    return TrainingData(*pictures(count), NORMALIZATION, train=torch.arange(trained))


def labels_table() -> pd.DataFrame:
    """The columns of LABELS of the drawn images."""
    _, given = pictures(COUNT)
    ids = np.arange(COUNT)
    split = np.where(ids < TRAIN, "train", "test")
    columns = {"example_id": ids, "split": split, "label": given.numpy(), "clean_label": given.numpy()}
    return pd.DataFrame({**columns, "is_corrupt": False, "content": ids})


def saved_run(device: torch.device, **others) -> SavedRun:
    """A finished run with folds whose networks come to `device`. others: settings of the stage."""
    images, _ = pictures(COUNT)
    own = {"device": device.type, "precision": "float32", "folds": FOLDS, **others}
    return SavedRun(_checkpoints(), labels_table(), images, Path("drawn images"), Path("none"), own, device, workers=0)


@cache
def _checkpoints() -> Path:
    """Trains the run on the CPU, once in a process."""
    folder = Path(tempfile.mkdtemp(prefix="gpu-check-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    labels, own = labels_table(), settings(torch.device("cpu"))
    role = roles(labels, Run.from_name(RUN), FOLDS)
    data = TrainingData(*pictures(COUNT), NORMALIZATION, train=torch.from_numpy((role == "train").nonzero()[0]))
    about = description(own, 3, (SIDE, SIDE), CLASSES, NORMALIZATION.mean, NORMALIZATION.std)
    partial = PartialRun(folder / "partial", own)
    train(network(), data, own, SEED, partial, about)
    checkpoints = folder / "drawn" / RUN / "checkpoints"
    write_manifest(checkpoints, partial.publish(checkpoints, range(EPOCHS + 1)), {})
    return checkpoints


def numpy(tensors: dict) -> dict[str, np.ndarray]:
    """The same as arrays in memory."""
    return {name: each.detach().cpu().numpy() for name, each in tensors.items()}
