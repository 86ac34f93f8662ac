"""Inputs and output gradients of a network's tracked layers in a forward and a backward pass of a batch.

In evaluation mode no example's output depends on another example, so the gradient of a sum over the batch by a layer's
output holds each example's own. No gradient of a parameter is computed: the graph starts at the outputs of the first
tracked layers.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import nn

from difficulty.models.classifier import cross_entropy, negative_margin
from difficulty.models.folding import folded
from difficulty.random_streams import derived_seed
from difficulty.scores.influence.tracked_layers import TrackedLayer, weight_of
from difficulty.scores.vog.variance import frozen

logger = logging.getLogger(__name__)

Batches = Iterable[tuple[torch.Tensor, torch.Tensor]]  # images (B, C, H, W), labels int (B,)
Objective = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]  # of logits (B, K) and labels (B,), summed over B
Fisher = Literal["empirical", "sampled"]


@dataclass
class Call:
    """One call of a layer: its input, and the gradient by its output, each with the batch first."""

    inputs: torch.Tensor
    gradients: torch.Tensor | None = None
    version: int = 0  # of the input when the layer saw it


def refuse_training_mode(model: nn.Module) -> None:
    """Raises ValueError if a part of the network is in training mode."""
    if training := [name for name, module in model.named_modules() if module.training]:
        part = training[0] or "the network"
        raise ValueError(f"{type(model).__name__}: {part} is in training mode; call eval() first")


def layer_calls(
    model: nn.Module, layers: Sequence[TrackedLayer], images: torch.Tensor, labels: torch.Tensor, objective: Objective
) -> dict[str, list[Call]]:
    """Name of each layer -> its calls in a pass of `images`, differentiated by `objective`.

    The network must be in evaluation mode. Parameters receive no gradients; their `requires_grad` flags are restored
    afterwards. Raises ValueError if a layer does not take part, if its batch is not that of the images, or if its input
    was changed in place after it.
    """
    found: dict[str, list[Call]] = {layer.name: [] for layer in layers}
    starts: list[torch.Tensor] = []
    kind = weight_of(model, layers).dtype if layers else None
    handles = [
        model.get_submodule(name).register_forward_hook(_keeping(calls, starts, kind)) for name, calls in found.items()
    ]
    try:
        with frozen(model.parameters()), torch.enable_grad():
            total = objective(model(images.detach()), labels)
            if starts:
                torch.autograd.grad(total, starts, allow_unused=True)
    finally:
        for handle in handles:
            handle.remove()
    for name, calls in found.items():
        _check(name, calls, len(images))
    return found


@dataclass(frozen=True)
class FoldedNetwork:
    """A network whose batch norm is folded into convolutions, where torch.fx can trace it; else as it is.

    scales: layer -> (groups, outputs), what the gradients by its outputs in a pass have to be multiplied by; none for
    those that are right.
    """

    model: nn.Module
    layers: Sequence[TrackedLayer]
    scales: dict[str, torch.Tensor]

    @classmethod
    def of(cls, model: nn.Module, layers: Sequence[TrackedLayer]) -> "FoldedNetwork":
        """Of a network in evaluation mode; ValueError if it is in training mode."""
        refuse_training_mode(model)
        try:
            copy, scales = folded(model)
        except Exception as error:  # code that is not traceable can raise anything
            logger.debug("batch norm is not folded: %s", error)
            return cls(model, layers, {})
        own = {layer.name: layer for layer in layers}
        if own.keys() - dict(copy.named_modules()):
            return cls(model, layers, {})  # the copy lacks what takes no part
        shaped = {name: scale.view(own[name].groups, -1) for name, scale in scales.items() if name in own}
        return cls(copy, layers, shaped)

    def calls(self, images: torch.Tensor, labels: torch.Tensor, objective: Objective) -> dict[str, list[Call]]:
        """`layer_calls` of the folded network."""
        return layer_calls(self.model, self.layers, images, labels, objective)


def _keeping(calls: list[Call], starts: list[torch.Tensor], kind: torch.dtype) -> Callable:
    """A hook that keeps a layer's calls as `kind`: a classifier's outputs are of more precision than its inputs."""

    def keep(module: nn.Module, inputs: tuple, output: torch.Tensor) -> torch.Tensor:
        values = inputs[0].detach().to(kind)
        call = Call(values, version=_version(values))
        calls.append(call)
        if not output.requires_grad:
            starts.append(output.detach().requires_grad_(True))
            output = starts[-1].clone()  # which, unlike the start of a graph, the next layer may change in place

        def receive(gradients: torch.Tensor) -> None:
            call.gradients = gradients.detach().to(kind)

        output.register_hook(receive)
        return output

    return keep


def _version(values: torch.Tensor) -> int:
    """How often values were changed in place; tensors of inference mode do not count it."""
    return 0 if values.is_inference() else values._version


def _check(name: str, calls: list[Call], count: int) -> None:
    if not calls or any(call.gradients is None for call in calls):
        raise ValueError(f"{name}: takes no part in the network's output; name the other layers in `modules`")
    for call in calls:
        if len(call.gradients) != count:
            raise ValueError(
                f"{name}: its output has {len(call.gradients)} rows for {count} images, so examples cannot be told "
                "apart; name the other layers in `modules`"
            )
        if _version(call.inputs) != call.version:
            raise ValueError(f"{name}: its input is changed in place by a later layer; use inplace=False there")


def summed_loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Cross-entropy, summed over the batch."""
    return cross_entropy(logits, labels).sum()


def summed_negative_margin(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """logsumexp of the other classes' logits less the label's logit, summed over the batch."""
    return negative_margin(logits, labels).sum()


def sampling_loss(fisher: Fisher, seed: int, position: int) -> Objective:
    """The loss of a batch whose first example is the one at `position` of all.

    For the sampled Fisher the labels are drawn from the softmax. An example's draw is a function of the seed and of its
    position alone, so that neither the size of the batches nor a division into parts changes it.
    """
    if fisher == "empirical":
        return summed_loss

    def loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        stream = np.random.PCG64(derived_seed(seed, "fisher")).advance(position)
        draws = torch.from_numpy(np.random.Generator(stream).random(len(logits))).to(logits.device)
        cumulated = logits.detach().double().softmax(1).cumsum(1)
        drawn = torch.searchsorted(cumulated, draws[:, None], right=True)[:, 0]
        return summed_loss(logits, drawn.clamp(max=logits.shape[1] - 1))

    return loss


def passes(
    network: FoldedNetwork, batches: Batches, fisher: Fisher, seed: int, first: int
) -> Iterator[tuple[int, dict[str, list[Call]]]]:
    """(number of examples, calls of the layers) of each batch, with the labels of a Fisher matrix.

    first: position of the first example among all.
    """
    for images, labels in batches:
        yield len(images), network.calls(images, labels, sampling_loss(fisher, seed, first))
        first += len(images)
