"""Linear layers and convolutions as products of a matrix: what influence scores look at in a network.

At each of its T positions a layer multiplies a patch of its input, a vector of `inputs` numbers, by its weights. So
with the gradients of the loss by its outputs at the positions, g (T, outputs), and the patches, a (T, inputs), the
gradient by the weights of one example is g^T a (outputs, inputs). Columns are in the order (row of the kernel, column
of the kernel, channel), as an image with the channels last has them, and then the bias, as a one in every patch.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

import torch
import torch.nn.functional as F
from torch import nn

from difficulty.scores.influence.workspace import Workspace


@dataclass(frozen=True)
class TrackedLayer:
    """An nn.Linear, or an nn.Conv2d with zeros around its input.

    weight: the shape of its weight. padding: top, bottom, left, right. A linear layer is a convolution of 1 x 1 pixels.
    """

    name: str
    kind: Literal["linear", "conv2d"]
    weight: tuple[int, ...]
    bias: bool
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1

    @property
    def kernel(self) -> tuple[int, int]:
        return self.weight[2:] or (1, 1)

    @property
    def inputs(self) -> int:
        """Numbers of a patch of one group, with the one of a bias."""
        return self.weight[1] * self.kernel[0] * self.kernel[1] + self.bias

    @property
    def outputs(self) -> int:
        """Outputs of one group."""
        return self.weight[0] // self.groups

    def sizes(self, height: int, width: int) -> tuple[int, int]:
        """(rows, columns) of positions, of an input of this height and width."""
        top, bottom, left, right = self.padding
        spans = [(k - 1) * d + 1 for k, d in zip(self.kernel, self.dilation, strict=True)]
        padded = height + top + bottom, width + left + right
        return tuple((n - span) // s + 1 for n, span, s in zip(padded, spans, self.stride, strict=True))

    def places(self, inputs: torch.Tensor) -> int:
        """Positions in an example of its input."""
        if self.kind == "linear":
            return inputs[0].numel() // self.weight[1]
        return math.prod(self.sizes(*inputs.shape[2:]))


def tracked_layers(model: nn.Module, modules: Sequence[str] | None = None) -> list[TrackedLayer]:
    """All layers of the network that are tracked, in its order; or those named in `modules`.

    Raises ValueError for a name that is no linear layer or convolution, for a convolution that pads with anything but
    zeros, and for different layers with the same weight, whose gradients belong together.
    """
    known = {name: module for name, module in model.named_modules() if isinstance(module, (nn.Linear, nn.Conv2d))}
    for name in modules or ():
        if name not in known:
            near = get_close_matches(name, known, 1) or list(known)[:1]
            raise ValueError(
                f"{type(model).__name__} has no linear layer or convolution {name!r}; did you mean {near[0]!r}?"
                if near
                else f"{type(model).__name__} has no linear layer or convolution"
            )
    chosen = {name: module for name, module in known.items() if modules is None or name in modules}
    if not chosen:
        raise ValueError(f"{type(model).__name__} has no linear layer or convolution that could be tracked")
    _refuse_shared_weights(chosen)
    return [_tracked(name, module) for name, module in chosen.items()]


def weight_of(model: nn.Module, layers: Sequence[TrackedLayer]) -> torch.Tensor:
    """The weight of the first layer, whose type and device the gradients of all have."""
    return model.get_submodule(layers[0].name).weight


def _tracked(name: str, module: nn.Module) -> TrackedLayer:
    weight, bias = tuple(module.weight.shape), module.bias is not None
    if isinstance(module, nn.Linear):
        return TrackedLayer(name, "linear", weight, bias)
    if module.padding_mode != "zeros":
        raise ValueError(
            f"{name}: padding_mode {module.padding_mode!r} is not supported, only 'zeros'; "
            "name the other layers in `modules`"
        )
    padding = _padding(module)
    return TrackedLayer(name, "conv2d", weight, bias, module.stride, padding, module.dilation, module.groups)


def _padding(module: nn.Conv2d) -> tuple[int, int, int, int]:
    """Rows and columns of zeros: top, bottom, left, right. `same` puts the odd one after, as torch does."""
    if module.padding == "valid":
        return 0, 0, 0, 0
    if module.padding == "same":
        totals = [d * (k - 1) for d, k in zip(module.dilation, module.kernel_size, strict=True)]
        return totals[0] // 2, totals[0] - totals[0] // 2, totals[1] // 2, totals[1] - totals[1] // 2
    rows, columns = module.padding
    return rows, rows, columns, columns


def _refuse_shared_weights(modules: dict[str, nn.Module]) -> None:
    owners: dict[int, str] = {}
    for name, module in modules.items():
        first = owners.setdefault(id(module.weight), name)
        if first != name:
            raise ValueError(
                f"{first} and {name} have the same weight; use one module in both places, or name one in `modules`"
            )


def patches(layer: TrackedLayer, inputs: torch.Tensor, workspace: Workspace | None = None) -> torch.Tensor:
    """(groups, B, T, inputs) of a layer's input: (B, channels, H, W), or (B, ..., features) of a linear layer.

    A copy is taken from `workspace`.
    """
    if layer.kind == "linear":
        values = inputs.reshape(1, len(inputs), -1, 1, 1, 1, inputs.shape[-1])
    else:
        windows = _windows(layer, inputs).unflatten(-1, (layer.groups, layer.weight[1]))
        values = windows.movedim(-2, 0)  # groups, B, rows, columns, kernel's rows, its columns, channels
    shape = layer.groups, len(inputs), values.shape[2] * values.shape[3], layer.inputs
    if values.is_contiguous() and not layer.bias:
        return values.view(shape)
    copy = (workspace or Workspace()).take(inputs, *shape)
    copy[..., : values.shape[4:].numel()].view(values.shape).copy_(values)
    if layer.bias:
        copy[..., -1] = 1
    return copy


def _windows(layer: TrackedLayer, inputs: torch.Tensor) -> torch.Tensor:
    """A view (B, rows, columns, kernel's rows, its columns, channels) of a padded copy."""
    image = channels_last(inputs)
    top, bottom, left, right = layer.padding
    if any(layer.padding):
        image = F.pad(image, (0, 0, left, right, top, bottom))
    (down, across), spans = layer.dilation, [(k - 1) * d + 1 for k, d in zip(layer.kernel, layer.dilation, strict=True)]
    windows = image.unfold(1, spans[0], layer.stride[0]).unfold(2, spans[1], layer.stride[1])
    return windows[..., ::down, ::across].permute(0, 1, 2, 4, 5, 3)


def channels_last(images: torch.Tensor) -> torch.Tensor:
    """(B, H, W, channels) of (B, channels, H, W), contiguous; no copy of what is in this order already."""
    return images.permute(0, 2, 3, 1).contiguous()


def at_positions(layer: TrackedLayer, gradients: torch.Tensor) -> torch.Tensor:
    """(groups, B, T, outputs), contiguous, of the gradient by a layer's output, which has the form of that output."""
    if layer.kind == "linear":
        return gradients.reshape(1, len(gradients), -1, gradients.shape[-1]).contiguous()
    values = channels_last(gradients).flatten(1, 2).unflatten(-1, (layer.groups, layer.outputs))
    return values.movedim(2, 0).contiguous()
