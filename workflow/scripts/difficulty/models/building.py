"""Building a network by the name of its architecture, and taking its penultimate features.

An architecture is a module of this package with one function
`build(settings: dict, channels: int, size: tuple[int, int], classes: int) -> torch.nn.Module`
whose result ends in a torch.nn.Linear; `torchvision:<name>` is any network of torchvision. That last layer becomes a
`Classifier`, which works in float32 whatever the rest of the network does.
"""

import importlib
import json
from pathlib import Path

import torch
from torch import nn

from difficulty.errors import UserError
from difficulty.models.classifier import Classifier
from difficulty.models.weight_files import check_number_types, read_state
from difficulty.random_streams import derived_seed

_INITIALIZATION = "difficulty.models.initialization"


def module_name(architecture: str) -> str:
    """The module of this package that builds an architecture."""
    return "torchvision_model" if architecture.startswith("torchvision:") else architecture


def build_model(settings: dict, channels: int, size: tuple[int, int], classes: int, seed: int) -> nn.Module:
    """A freshly initialised network for images (N, channels, *size).

    settings: architecture, and what it takes (width, depth, stem), initialization, weights, freeze. The initial weights
    are a function of `seed` alone. Raises UserError where the images are too small or the weights do not fit.
    """
    module = importlib.import_module(f"difficulty.models.{module_name(settings['architecture'])}")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derived_seed(seed, "initialization"))
        model = module.build(settings, channels, size, classes)
    last = final_linear(model)
    model.set_submodule(name_of(model, last), Classifier.of(last))
    if settings.get("initialization"):
        # By name, as architectures are: it is part of the code of those runs only that ask for it.
        importlib.import_module(_INITIALIZATION).initialize(model, settings["initialization"], seed)
    if settings.get("weights") and Path(settings["weights"]).suffix:
        load_weights(model, settings["weights"])
    if settings.get("freeze") == "backbone":
        for parameter in model.parameters():
            parameter.requires_grad_(False)
        final_linear(model).requires_grad_(True)
    return model


def final_linear(model: nn.Module) -> nn.Linear:
    """The layer that turns penultimate features into logits."""
    layers = [module for module in model.modules() if isinstance(module, nn.Linear)]
    if not layers:
        raise UserError(f"{type(model).__name__} has no linear layer, so it has no penultimate features")
    return layers[-1]


def output_facts(model: nn.Module) -> dict:
    """Facts that scores of the last layer's gradients need: the scale of its logits, and whether it has a bias."""
    return {
        "output_scale": getattr(model, "output_scale", 1.0),
        "output_bias": final_linear(model).bias is not None,
    }


def name_of(model: nn.Module, part: nn.Module) -> str:
    """The dotted name of a part of a network."""
    return next(name for name, module in model.named_modules() if module is part)


class FeatureTap:
    """Keeps the input of a network's last linear layer: the penultimate features (N, D) of the latest batch."""

    def __init__(self, model: nn.Module):
        self.features: torch.Tensor | None = None
        self._handle = final_linear(model).register_forward_pre_hook(self._keep)

    def _keep(self, module, inputs):
        self.features = inputs[0].detach()

    def remove(self) -> None:
        self._handle.remove()


def set_training_mode(model: nn.Module) -> None:
    """Training mode, except for modules all of whose parameters are frozen (their batch norm stays as it is)."""
    model.train()
    for module in model.modules():
        parameters = list(module.parameters())
        if parameters and not any(parameter.requires_grad for parameter in parameters):
            module.eval()


def load_weights(model: nn.Module, path) -> None:
    """Loads a safetensors file or a weights-only state dict; a last layer of another size keeps its fresh weights."""
    state = read_state(path)
    last = name_of(model, final_linear(model))
    own = model.state_dict()
    check_number_types(state, own, path)
    other_size = [name for name in state if name in own and state[name].shape != own[name].shape]
    kept = {name: value for name, value in state.items() if name not in other_size or not name.startswith(f"{last}.")}
    try:
        mismatch = model.load_state_dict(kept, strict=False)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"{path}: weights do not fit into {type(model).__name__} ({reason})") from error
    missing = [name for name in mismatch.missing_keys if not name.startswith(f"{last}.")]
    if missing or mismatch.unexpected_keys:
        raise UserError(f"{path}: weights missing {missing[:3]}, unexpected {mismatch.unexpected_keys[:3]}")


def description(settings: dict, channels: int, size: tuple[int, int], classes: int, mean, std) -> str:
    """What it takes to rebuild the network and feed it, as JSON for a checkpoint's metadata."""
    model = {key: settings[key] for key in ("architecture", "width", "depth", "stem") if key in settings}
    shape = {"channels": channels, "size": list(size), "classes": classes}
    return json.dumps({"model": model, **shape, "mean": list(mean), "std": list(std)}, sort_keys=True)


def rebuild_model(about: dict, state: dict[str, torch.Tensor]) -> nn.Module:
    """The network of a checkpoint, in evaluation mode, from its metadata and its state dict."""
    model = build_model(about["model"], about["channels"], tuple(about["size"]), about["classes"], seed=0)
    model.load_state_dict(state)
    return model.eval()
