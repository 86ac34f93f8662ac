"""A training that takes a second, and may be killed on the way."""

import numpy as np
import torch
from sklearn.datasets import load_digits

from difficulty.datasets.loading import Normalization
from difficulty.models.building import build_model
from difficulty.training.loop import TrainingData, train
from difficulty.training.partial_run import PartialRun

SETTINGS = {
    "architecture": "mlp",
    "width": 16,
    "optimizer": {"name": "adam", "lr": 0.01},
    "schedule": {"name": "cosine"},
    "epochs": 4,
    "batch_size": 32,
    "drop_last": False,
    "augmentation": {"crop": 1, "flip": False},
    "records": "both",
    "checkpoints": "all",
    "device": "cpu",
}
TRAIN = 200


def digits() -> TrainingData:
    digits = load_digits()
    images = torch.from_numpy((digits.images[:300, :, :, None] * 15).astype(np.uint8))
    return TrainingData(
        images, torch.from_numpy(digits.target[:300]), Normalization((0.3,), (0.35,)), train=torch.arange(TRAIN)
    )


class Killed(Exception):
    pass


def run(folder, data, settings=SETTINGS, seed=0, kill_after=None):
    """Trains into `folder`; raises Killed in the middle of the epoch after `kill_after`."""
    model = build_model(settings, 1, (8, 8), 10, seed)
    partial = PartialRun(folder, {"settings": settings, "seed": seed})
    done = 0

    def progress(amount, note, part=""):
        nonlocal done
        done += amount * (part == "")
        if kill_after is not None and done > kill_after * TRAIN + 50:
            raise Killed

    train(model, data, settings, seed, partial, "{}", progress)
    return partial


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if not path.name.startswith("outcomes")}


def same_outcomes(left, right):
    return all(
        np.array_equal(value, right.outcomes(epoch)[name], equal_nan=True)
        for epoch in range(1, 5)
        for name, value in left.outcomes(epoch).items()
        if name != "seconds"
    )
