"""Networks that were trained elsewhere, whose features of images are used: which one, what it takes, what it gives."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

import torch
import torchvision
from torch import nn

from difficulty.datasets.loading import Normalization
from difficulty.errors import UserError
from difficulty.models.building import build_model, final_linear, name_of
from difficulty.models.inference import inference_copy

_TORCHVISION = "torchvision:"
_CLASSES = 1000  # of a last layer that is not used


@dataclass(frozen=True)
class FeatureNetwork:
    """model: in evaluation mode. size: side in pixels of the images that it takes, None for those of the data set, and
    channels. normalization: None for that of the data set. layer: dotted name; None for the input of the last linear
    layer.
    """

    model: nn.Module
    size: int | None
    channels: int
    normalization: Normalization | None
    layer: str | None

    @torch.inference_mode()
    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """float32 (B, D) of images float32 (B, C, H, W), normalised; maps and tokens of a layer are averaged."""
        kept: list[torch.Tensor] = []
        if self.layer is None:
            handle = final_linear(self.model).register_forward_pre_hook(lambda module, inputs: kept.append(inputs[0]))
        else:
            module = self.model.get_submodule(self.layer)
            handle = module.register_forward_hook(lambda module, inputs, output: kept.append(output))
        try:
            self.model(images)
        finally:
            handle.remove()
        if not kept or not isinstance(kept[-1], torch.Tensor) or kept[-1].ndim < 2:
            raise UserError(f"features.layer: module {self.layer!r} gives no vector of an image; name another")
        return _pooled(kept[-1].float())


def feature_network(settings: Mapping, channels: int, image_size: tuple[int, int]) -> FeatureNetwork:
    """The network of a data set's features.

    settings: weights (`torchvision:<name>` with its best weights, a file, or the name of weights of torchvision's),
    architecture, width, depth, stem, layer, size, normalization. channels, image_size: of the data set's images, for a
    network that torchvision does not define; those of torchvision take colours.
    Raises UserError where weights cannot be had or do not fit, or the network has no such layer.
    """
    known = network_settings(settings)
    size, normalization = settings.get("size"), settings.get("normalization")
    if known["architecture"].startswith(_TORCHVISION):
        preset = _preset(known)
        size = size or preset.crop_size[0]
        normalization = normalization or {"mean": preset.mean, "std": preset.std}
        channels = 3
    model = build_model(known, channels, (size, size) if size else image_size, _CLASSES, seed=0).eval()
    _check_layer(model, settings)
    if normalization:
        spread = {name: _for_channels(list(normalization[name]), channels) for name in ("mean", "std")}
        normalization = Normalization(tuple(spread["mean"]), tuple(spread["std"]))
    layer = settings.get("layer")
    return FeatureNetwork(model if layer else inference_copy(model), size, channels, normalization, layer)


def network_settings(settings: Mapping) -> dict:
    """The same as settings of a network that `build_model` takes."""
    own = {key: settings[key] for key in ("architecture", "width", "depth", "stem", "weights") if key in settings}
    if settings["weights"].startswith(_TORCHVISION):
        return {**own, "architecture": settings["weights"], "weights": "DEFAULT"}
    return own


def _preset(known: Mapping):
    """torchvision's own preprocessing for the weights, or for the network's best ones if they are in a file."""
    name = known["architecture"].removeprefix(_TORCHVISION)
    try:
        weights = torchvision.models.get_model_weights(name)
    except ValueError as error:
        raise UserError(f"torchvision has no network {name!r}; see torchvision.models.list_models()") from error
    return weights.__members__.get(known["weights"], weights.DEFAULT).transforms()


def _check_layer(model: nn.Module, settings: Mapping) -> None:
    layer = settings.get("layer")
    if layer is None:
        return
    known = dict(model.named_modules())
    if not layer or layer not in known:
        near = get_close_matches(layer, known, 1) or [name for name, _ in model.named_children()][-2:]
        raise UserError(f"features.layer: the network has no module {layer!r}; try {near[0]}")
    if layer == name_of(model, final_linear(model)):
        raise UserError("features.layer: the last layer is not that of the weights; leave it out for its input")


def _pooled(values: torch.Tensor) -> torch.Tensor:
    """(B, D): maps (B, D, H, W) averaged over their places, tokens (B, T, D) over the tokens."""
    return values.mean(1) if values.ndim == 3 else values.flatten(2).mean(2) if values.ndim > 3 else values


def _for_channels(values: list[float], channels: int) -> list[float]:
    if len(values) not in (1, channels):
        raise UserError(f"features.normalization: {len(values)} numbers for {channels} channels; give one for each")
    return values * channels if len(values) == 1 else values
