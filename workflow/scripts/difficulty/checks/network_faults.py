"""Checks that an experiment's network fits its images; it is built without weights, on torch's meta device."""

import importlib
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import PurePath

import torch
from torch import nn

from difficulty.errors import UserError
from difficulty.models.building import build_model
from difficulty.models.probing import Probes, probe_points
from difficulty.scores.influence.tracked_layers import tracked_layers

_LONGEST_REASON = 160
_OF_BATCH_NORM = "more than 1 value per channel"
_TORCHVISION = "torchvision:"


def network_faults(
    experiment: str, settings: Mapping, dataset: str, shape: tuple[int, int, int], classes: int
) -> Iterator[str]:
    """A line for each setting that the network of these images cannot do.

    settings: architecture, what it takes (width, depth, stem, weights), batch_size; modules and probes, where analyses
    name layers of it, and whether it is `probed` and `tracked` at all. shape: (height, width, channels).
    """
    architecture, place = settings["architecture"], f"experiments.{experiment}"
    if fault := _weights_fault(settings):
        yield f"{place}.weights: {fault}"
    own = {key: settings[key] for key in ("architecture", "width", "depth", "stem") if key in settings}
    build = partial(_built, own, shape, classes)
    try:
        model = build("meta")
    except UserError as error:
        yield f"{place}.architecture: {error}"
        return
    if reason := _forward_fault(build, shape, batch=2):
        images = f"images of {dataset!r} with {shape[0]} x {shape[1]} pixels"
        yield f"{place}.architecture: {architecture} cannot take {images} ({reason}); set the data set's size"
        return
    if settings.get("batch_size") == 1 and _OF_BATCH_NORM in (_forward_fault(build, shape, batch=1) or ""):
        yield f"{place}.batch_size: batch norm of {architecture} takes two examples at least, got 1; raise it"
    if settings.get("tracked"):
        yield from _module_faults(architecture, settings.get("modules"), model)
    if settings.get("probed"):
        yield from _probe_faults(architecture, settings.get("probes"), model, shape)


def _built(settings: Mapping, shape: tuple[int, int, int], classes: int, device: str) -> nn.Module:
    height, width, channels = shape
    with torch.device(device):
        return build_model(dict(settings), channels, (height, width), classes, seed=0)


def _weights_fault(settings: Mapping) -> str | None:
    """Returns an error message if torchvision has no weights of this name."""
    architecture, weights = settings["architecture"], settings.get("weights")
    if not weights or PurePath(weights).suffix or not architecture.startswith(_TORCHVISION):
        return None
    models = importlib.import_module("torchvision.models")
    try:
        known = list(models.get_model_weights(architecture.removeprefix(_TORCHVISION)).__members__)
    except ValueError:  # no such network, which is said of the architecture
        return None
    return None if weights in known else f"{architecture} has no {weights!r}; it has {', '.join(known)}"


def _forward_fault(build: partial, shape: tuple[int, int, int], batch: int) -> str | None:
    """Why a training pass of so many images fails, in one line.

    On torch's meta device nothing is computed. What fails there is tried with numbers, in case that only the meta
    device lacks it.
    """
    for device in ("meta", "cpu"):
        model = build(device).train()
        height, width, channels = shape
        try:
            with torch.no_grad():
                model(torch.zeros(batch, channels, height, width, device=device))
            return None
        except (RuntimeError, ValueError, AssertionError, TypeError, IndexError, ArithmeticError) as error:
            reason = " ".join(str(error).split())[:_LONGEST_REASON]
    return reason


def _module_faults(architecture: str, modules: list[str] | None, model: nn.Module) -> Iterator[str]:
    place = "analyses.influence"
    if modules is None:
        try:
            tracked_layers(model)
        except ValueError as error:
            yield f"{place}.experiments: {error}, under {place}.modules.{architecture}"
    for index, name in enumerate(modules or []):
        try:
            tracked_layers(model, [name])
        except ValueError as error:
            yield f"{place}.modules.{architecture}[{index}]: {error}"


def _probe_faults(architecture: str, names: list[str] | None, model: nn.Module, shape) -> Iterator[str]:
    height, width, channels = shape
    for wanted in [[name] for name in names] if names else [None]:
        try:
            points = probe_points(architecture, model, wanted)
            Probes(model, points)(torch.zeros(2, channels, height, width, device="meta"))
        except UserError as error:
            text = str(error)
            place = "" if text.startswith("analyses.") else f"analyses.prediction_depth.probes.{architecture}: "
            yield f"{place}{text}"
