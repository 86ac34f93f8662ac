"""Training with records on the device and on the CPU, from the same weights, with the same draws.

Rounding grows with every step, so only the first step agrees to `SAME`. Networks are smooth, so that the rest agrees as
well as it can.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import PIL.Image
import torch
from torch import nn

from benchmarks.gpu_check import stand_ins
from benchmarks.gpu_check.agreement import SAME, TIED_AFTER_TRAINING, TRAINED, Arrays, Check
from difficulty.datasets.images import ImageFiles
from difficulty.training.loop import TrainingData, train
from difficulty.training.partial_run import PartialRun
from difficulty.training.second_split import train_halves

_OPTIMIZERS = {
    "sgd with nesterov": {"name": "sgd", "lr": 0.2, "momentum": 0.9, "nesterov": True},
    "adam": {"name": "adam", "lr": 1e-3, "eps": 1e-3},
    "adamw": {"name": "adamw", "lr": 1e-3, "eps": 1e-3, "weight_decay": 0.01},
    "m3": {"name": "m3", "lr": 0.5, "weight_decay": 5e-4},
    "rm3": {"name": "rm3", "lr": 0.5, "weight_decay": 5e-4},
    "ra3": {"name": "ra3", "lr": 0.5},
    "sgd by groups": {"name": "sgd", "lr": 0.2, "groups": 2},
}


def records(check: Check) -> None:
    """Losses of all steps, records of all epochs, weights; and whether the device does the same thing twice."""
    found, expected = check.both(lambda device: trained(stand_ins.training_data(), _settings(device)))
    _compare(check, "", found, expected)
    found, expected = check.both(
        lambda device: trained(stand_ins.training_data(), stand_ins.settings(device, epochs=1), is_smooth=False)
    )
    check.close("with ReLU, losses", found["1 steps.loss"], expected["1 steps.loss"], TRAINED)
    once, again = (trained(stand_ins.training_data(), stand_ins.settings(check.device), is_smooth=False) for _ in "12")
    check.note(f"with ReLU, twice on the device: {_bits(again, once)} bits")


def label_sets(check: Check) -> None:
    """Sigmoids for several labels per image, some of which do not count."""
    data = stand_ins.training_data()
    sets = torch.nn.functional.one_hot(data.labels, stand_ins.CLASSES).float()
    sets[::3, 0] = torch.nan
    _compare(check, "", *check.both(lambda device: trained(replace(data, labels=sets), _settings(device))))


def optimizers(check: Check) -> None:
    """One epoch with each."""
    for name, optimizer in _OPTIMIZERS.items():

        def compute(device: torch.device, optimizer=optimizer) -> Arrays:
            own = stand_ins.settings(device, optimizer=optimizer, epochs=1, records="none")
            return trained(stand_ins.training_data(160, 160), own)

        _compare(check, f"{name}, ", *check.both(compute))


def resumed(check: Check) -> None:
    """A run that another process goes on with is the run that nobody interrupted."""
    data, shared = stand_ins.training_data(128, 128), {"schedule": {"name": "constant"}, "epochs": 2, "records": "none"}
    for name in ("sgd with nesterov", "adam", "rm3"):
        own = stand_ins.settings(check.device, optimizer=_OPTIMIZERS[name], **shared)
        whole = trained(data, own)
        with tempfile.TemporaryDirectory() as folder:
            trained(data, {**own, "epochs": 1}, Path(folder, "run"))
            rest = trained(data, own, Path(folder, "run"))
        check.close(f"{name}, how far weights moved", rest["moved"], whole["moved"], TRAINED)
        check.note(f"{name}, resumed and not interrupted: {_bits(rest, whole)} bits")


def second_split(check: Check) -> None:
    """What is forgotten of a first half while the network learns the second."""

    def compute(device: torch.device) -> Arrays:
        data = stand_ins.training_data(stand_ins.COUNT, stand_ins.COUNT // 2)
        own = _settings(device, second_split={"epochs": 2})
        with tempfile.TemporaryDirectory() as folder:
            partials = tuple(PartialRun(Path(folder, part), own) for part in ("first", "second"))
            return {"correct": train_halves(stand_ins.smooth(stand_ins.network()), data, own, stand_ins.SEED, partials)}

    found, expected = check.both(compute)
    check.equal("which examples are right", found["correct"], expected["correct"], TIED_AFTER_TRAINING)


def images_in_files(check: Check) -> None:
    """Images that two processes decode and crop at random, and which come to the device by pinned memory."""
    images, labels = stand_ins.pictures(96)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for row, image in enumerate(images):
            PIL.Image.fromarray(image.numpy()).resize((48, 48)).save(folder / f"{row}.png")
        files = ImageFiles(folder, [f"{row}.png" for row in range(96)], (stand_ins.SIDE, stand_ins.SIDE, 3))
        data = TrainingData(files, labels, stand_ins.NORMALIZATION, workers=2, train=torch.arange(80))
        crop = {"resized_crop": {"scale": [0.5, 1.0], "ratio": [0.75, 1.33]}, "flip": True}

        def compute(device: torch.device) -> Arrays:
            return trained(data, _settings(device, epochs=2, augmentation=crop))

        _compare(check, "", *check.both(compute))


def _settings(device: torch.device, **others) -> dict:
    """A smooth network has small gradients, and learns at a higher rate."""
    return stand_ins.settings(device, **{"optimizer": {"name": "sgd", "lr": 0.2, "momentum": 0.9}, **others})


def trained(data: TrainingData, settings: Mapping, folder: Path | None = None, is_smooth: bool = True) -> Arrays:
    """The arrays of all epochs, named `epoch name`, and `moved`, how far all parameters came, as one vector.

    folder: of the unfinished run, which is gone on with; None: a fresh one.
    """
    model = stand_ins.network(seed=1)
    model = stand_ins.smooth(model) if is_smooth else model
    start = _vector(model)
    with tempfile.TemporaryDirectory() as fresh:
        partial = PartialRun(folder or Path(fresh, "run"), {})
        train(model, data, dict(settings), stand_ins.SEED, partial, "{}")
        epochs = range(1, settings["epochs"] + 1)
        arrays = {f"{epoch} {name}": values for epoch in epochs for name, values in partial.outcomes(epoch).items()}
    return {**arrays, "moved": (_vector(model) - start).numpy()}


def _vector(model: nn.Module) -> torch.Tensor:
    """All parameters (P,), a copy on the CPU."""
    return torch.cat([each.detach().cpu().flatten() for each in model.parameters()])


def _bits(found: Arrays, expected: Arrays) -> str:
    same = [np.array_equal(found[name], expected[name], equal_nan=True) for name in found if "seconds" not in name]
    return "the same" if all(same) else "other"


def _compare(check: Check, what: str, found: Arrays, expected: Arrays) -> None:
    first = "1 steps.loss"
    check.close(f"{what}loss of the first step", found[first][:1], expected[first][:1], SAME)
    losses = [name for name in expected if name.endswith("steps.loss")]
    check.all_close({n: found[n] for n in losses}, {n: expected[n] for n in losses}, TRAINED, f"{what}losses")
    check.close(f"{what}how far weights moved", found["moved"], expected["moved"], TRAINED)
    for name in expected:
        if name.split(".")[-1] in ("probability", "loss", "el2n", "entropy", "feature_norm") and "steps" not in name:
            check.close(f"{what}{name}", found[name], expected[name], TRAINED)
        elif name.endswith("predicted"):
            check.equal(f"{what}{name}", found[name], expected[name], TIED_AFTER_TRAINING)
