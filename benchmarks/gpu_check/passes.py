"""Passes of images through networks, and the stages that are nothing but such passes."""

import tempfile
from pathlib import Path

import numpy as np
import torch
from torch.nn.modules.batchnorm import _BatchNorm as BatchNorm

import score_augmentation_sensitivity
import score_label_quality
from benchmarks.gpu_check import stand_ins
from benchmarks.gpu_check.agreement import SAME, TIED, Arrays, Check
from difficulty.datasets.loading import image_batches
from difficulty.saved_runs.evaluation import Evaluated, evaluate
from difficulty.scores.label_quality import scoring
from difficulty.tensor_files import save_tensors
from difficulty.training.loop import settled_network
from difficulty.training.outcomes import INTEGERS
from difficulty.training.passes import clean_outcomes
from difficulty.training.set_outcomes import is_set_column

_NETWORKS = {  # those that need torchvision last
    "resnet9": {"width": 8},
    "wrn28_10": {"width": 1},
    "lenet5": {},
    "net": {},
    "mlp": {},
    "resnet18": {"width": 8},
    "resnet50": {"width": 8},
    "densenet121": {"width": 8},
    "vgg16": {"width": 8},
}


def architectures(check: Check) -> None:
    """Logits of every architecture, and the gradients of its loss by all parameters, as one vector."""
    images, labels = stand_ins.pictures(16)

    def compute(device: torch.device, name: str, width: dict) -> Arrays:
        model = stand_ins.network(architecture=name, **width).eval()
        model.to(device, memory_format=torch.channels_last)
        logits = model(stand_ins.NORMALIZATION(images.permute(0, 3, 1, 2).to(device)))
        loss = torch.nn.functional.cross_entropy(logits, labels.to(device))
        gradients = torch.autograd.grad(loss, list(model.parameters()))
        vector = torch.cat([gradient.flatten() for gradient in gradients])
        return stand_ins.numpy({"logits": logits, "gradient": vector[None]})

    for name, width in _NETWORKS.items():
        found, expected = check.both(lambda device, name=name, width=width: compute(device, name, width))
        check.close(f"{name}, logits", found["logits"], expected["logits"], SAME)
        # One ReLU that falls on its other side moves the gradients of all layers below it.
        check.rarely_far(f"{name}, gradient", found["gradient"], expected["gradient"], 0, 100 * SAME)


def outcomes(check: Check) -> None:
    """Columns of the records: of labels, of label sets with uncounted classes, and with batch norm by batches."""
    _, labels = stand_ins.pictures(stand_ins.COUNT)
    sets = torch.nn.functional.one_hot(labels, stand_ins.CLASSES).float()
    sets[::3, 0], sets[::5, 1] = torch.nan, 1
    for what, targets, others in (
        ("labels", labels, {}),
        ("label sets", sets, {}),
        ("batch norm by batches", labels, {"batch_norm": "batch"}),
    ):

        def compute(device: torch.device, targets=targets, others=others) -> Arrays:
            run = stand_ins.saved_run(device, **others)
            network = run.network(stand_ins.EPOCHS)
            return clean_outcomes(network.model, run.labelled(network, targets), run.settings)

        _compare_outcomes(check, what, *check.both(compute))


def _compare_outcomes(check: Check, what: str, found: Arrays, expected: Arrays) -> None:
    for name in expected:
        if name in INTEGERS or is_set_column(name):
            check.equal(f"{what}, {name}", found[name], expected[name], TIED)
    if what == "label sets":
        # Near 0 a logit changes sign by rounding, and with it which set is predicted.
        check.rarely_far(f"{what}, margin", found["margin"], expected["margin"], TIED)
    floats = [
        name for name in expected if expected[name].dtype.kind == "f" and (name, what) != ("margin", "label sets")
    ]
    check.all_close({n: found[n] for n in floats}, {n: expected[n] for n in floats}, SAME, what)


def settled_statistics(check: Check) -> None:
    """Means and variances of every layer of batch norm, of training images as the network is now."""
    data = stand_ins.training_data()

    def compute(device: torch.device) -> Arrays:
        model = stand_ins.saved_run(device).network(1).model
        settled = settled_network(model, data.to(device), stand_ins.settings(device), stand_ins.SEED)
        norms = {name: each for name, each in settled.named_modules() if isinstance(each, BatchNorm)}
        return stand_ins.numpy(
            {
                f"{name} {what}": getattr(each, f"running_{what}")
                for name, each in norms.items()
                for what in ("mean", "var")
            }
        )

    check.all_close(*check.both(compute), SAME, "statistics")


def evaluation(check: Check) -> None:
    """Loss and accuracy by role."""

    def compute(device: torch.device) -> Arrays:
        run = stand_ins.saved_run(device)
        groups = {role: run.roles == role for role in ("train", "validation", "test")}
        evaluated = Evaluated(torch.tensor(run.labels["label"].to_numpy()), groups)
        table = evaluate(run.network(stand_ins.EPOCHS), run.images, evaluated, run.settings, device)
        return {name: table[name].to_numpy(float) for name in ("loss", "top1")}

    found, expected = check.both(compute)
    check.close("loss", found["loss"], expected["loss"], SAME)
    check.close("accuracy", found["top1"], expected["top1"], TIED)


def label_quality(check: Check) -> None:
    """Held-out probabilities, and the scores of them."""

    def compute(device: torch.device) -> Arrays:
        held_out = score_label_quality.held_out(stand_ins.SEED, [stand_ins.saved_run(device)])
        given = held_out.probabilities, held_out.label
        scores = {each: getattr(scoring, each)(*given) for each in ("self_confidence", "normalized_margin")}
        return {"probabilities": held_out.probabilities, **scores, "label_issues": scoring.label_issues(*given)}

    found, expected = check.both(compute)
    for name in ("probabilities", "self_confidence", "normalized_margin"):
        check.close(name, found[name], expected[name], SAME)
    check.equal("label issues", found["label_issues"], expected["label_issues"], TIED)


def augmentation_sensitivity(check: Check) -> None:
    """Divergence and margin over copies that are cropped and turned; and over resampled ones, of whose pixels some
    are rounded to the other side."""
    for what, augmentation, tolerance in (
        ("crops", {"crop": 4, "flip": True}, SAME),
        ("resampled", {"resized_crop": {"scale": [0.5, 1.0], "ratio": [0.75, 1.33]}, "flip": True}, 100 * SAME),
    ):

        def compute(device: torch.device, augmentation=augmentation) -> Arrays:
            run = stand_ins.saved_run(device, augmentation=augmentation, draws=3)
            return score_augmentation_sensitivity.of_copies(run)

        found, expected = check.both(compute)
        for name in expected:
            check.close(f"{what}, {name}", found[name], expected[name], tolerance)


def features(check: Check) -> None:
    """The features that a network gives whose weights are in a file."""
    from difficulty.models.feature_networks import feature_network  # which needs torchvision

    images, _ = stand_ins.pictures(64)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "weights.safetensors")
        save_tensors(path, stand_ins.network().state_dict())

        def compute(device: torch.device, layer: str | None) -> Arrays:
            wanted = {**stand_ins.NETWORK, "weights": str(path), **({"layer": layer} if layer else {})}
            own = feature_network(wanted, 3, (stand_ins.SIDE, stand_ins.SIDE))
            own.model.to(device, memory_format=torch.channels_last)
            batches = image_batches(images.to(device), [slice(0, 40), slice(40, 64)], device)
            parts = [own(stand_ins.NORMALIZATION(batch)).cpu().numpy() for batch in batches]
            return {"features": np.concatenate(parts)}

        for layer in (None, "block1"):
            found, expected = check.both(lambda device, layer=layer: compute(device, layer))
            check.close(f"of layer {layer or 'before the last'}", found["features"], expected["features"], SAME)
