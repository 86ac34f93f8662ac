"""Per-example gradients of a layer's weights, as they are or in an eigenbasis, and sums of their squares.

An example's gradient is G = g^T a. In a basis it is Qs^T G Qa, which costs less if patches and output gradients are
turned before they are multiplied where there are few positions, and G afterwards where there are many; each side is
chosen by counting operations. With one position G has rank one, and squares of it need no G at all.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from difficulty.scores.influence.layer_passes import Call
from difficulty.scores.influence.tracked_layers import TrackedLayer, at_positions, patches
from difficulty.scores.influence.workspace import Workspace

_CACHED = 1 << 25  # bytes of a block that a processor does not wait for; larger ones are slower there
_FEWEST = 16  # examples of a block even so, if the memory is enough: products of fewer are slow as well


@dataclass(frozen=True)
class Bases:
    """Eigenvectors, as columns, and eigenvalues of the covariances of a layer's patches and output gradients.

    inputs: (groups, inputs, inputs) and (groups, inputs); outputs: (groups, outputs, outputs) and (groups, outputs).
    """

    inputs: torch.Tensor
    outputs: torch.Tensor
    input_values: torch.Tensor
    output_values: torch.Tensor

    def like(self, weight: torch.Tensor) -> "Bases":
        """On the device of `weight`, with vectors of its type."""
        vectors = (each.to(weight) for each in (self.inputs, self.outputs))
        return Bases(*vectors, self.input_values.to(weight.device), self.output_values.to(weight.device))


@dataclass
class Positions:
    """Patches a (groups, B, T, inputs) and output gradients g (groups, B, T, outputs) of a layer for some examples.

    scale: (groups, outputs), what g is to be multiplied by; None: it is as it should be. It is applied where that
    takes least.
    """

    layer: TrackedLayer
    patches: torch.Tensor
    gradients: torch.Tensor
    workspace: Workspace
    scale: torch.Tensor | None = None

    @property
    def count(self) -> int:
        return self.patches.shape[1]

    @property
    def places(self) -> int:
        return self.patches.shape[2]

    def gradient(self, bases: Bases | None = None) -> torch.Tensor:
        """G (groups, B, outputs, inputs), or Qs^T G Qa."""
        a, g = self.patches, self.gradients
        before = bases is not None and self.places < self.layer.outputs
        if before:
            a = self._turned(a, bases.inputs)
        left_before = bases is not None and self.places <= self.layer.inputs
        if left_before:
            g = self._turned(g, self._outputs(bases))
        product = self.workspace.take(a, *g.shape[:2], g.shape[3], a.shape[3])
        torch.bmm(g.flatten(0, 1).mT, a.flatten(0, 1), out=product.flatten(0, 1))
        if bases is not None and not before:
            product = self._turned(product, bases.inputs)
        if bases is not None and not left_before:
            product = self._outputs(bases).mT[:, None] @ product
        if bases is None and self.scale is not None:
            product *= self.scale[:, None, :, None]
        return product

    def preconditioned(self, bases: Bases | None, weights: torch.Tensor | None) -> torch.Tensor:
        """P G (groups, B, outputs, inputs): in the basis, times weights (groups, outputs, inputs), and back.

        Takes up to twice the memory of `gradient`.
        """
        gradient = self.gradient(bases)
        if weights is not None:
            gradient *= weights[:, None]
        if bases is None:
            return gradient
        return bases.outputs[:, None] @ self._turned(gradient, bases.inputs.mT)

    def squares(self, bases: Bases | None = None) -> torch.Tensor:
        """(groups, outputs, inputs): the sum over examples of the squares of `gradient`."""
        if self.places > 1:
            return self.gradient(bases).square_().sum(1)
        a, g = self._single(bases)
        return g.square().mT @ a.square()

    def weighted_squares(self, weights: torch.Tensor | None, bases: Bases | None = None) -> torch.Tensor:
        """(B,): the sum over entries of weights times the squares of `gradient`.

        weights: (groups, outputs, inputs); None: all are 1.
        """
        if self.places > 1:
            gradient = self.gradient(bases).flatten(2)
            if weights is None:
                return torch.linalg.vector_norm(gradient, dim=2).square().sum(0)
            return (gradient.square_() @ weights.flatten(1)[:, :, None]).sum((0, 2))
        a, g = (each.square() for each in self._single(bases))
        if weights is None:
            return (a.sum(2) * g.sum(2)).sum(0)
        return ((g @ weights) * a).sum((0, 2))

    def _single(self, bases: Bases | None) -> tuple[torch.Tensor, torch.Tensor]:
        """(groups, B, inputs) and (groups, B, outputs) of the one position."""
        a, g = self.patches[:, :, 0], self.gradients[:, :, 0]
        if bases is not None:
            return a @ bases.inputs, g @ self._outputs(bases)
        return a, g if self.scale is None else (g * self.scale[:, None]).to(g)

    def _outputs(self, bases: Bases) -> torch.Tensor:
        """Eigenvectors of the outputs, in which the scale is."""
        return bases.outputs if self.scale is None else (bases.outputs * self.scale[:, :, None]).to(bases.outputs)

    def _turned(self, rows: torch.Tensor, basis: torch.Tensor) -> torch.Tensor:
        """rows (groups, B, n, d) times basis (groups, d, d), as one product for each group."""
        result = self.workspace.take(rows, *rows.shape)
        torch.bmm(rows.flatten(1, 2), basis, out=result.flatten(1, 2))
        return result


def positions(
    layer: TrackedLayer,
    calls: Sequence[Call],
    memory: int,
    workspace: Workspace,
    scale: torch.Tensor | None = None,
) -> Iterator[tuple[slice, Positions]]:
    """(which examples, what the layer sees of them), as many at once as `memory` bytes are enough for, at least one.

    Calls of a layer that runs several times in a pass are further positions. Each is overwritten by the next. scale: as
    in Positions.
    """
    count, numbers = len(calls[0].inputs), example_numbers(layer, calls)
    size = numbers * calls[0].gradients.element_size()
    step = min(count, memory // size)
    if calls[0].gradients.device.type == "cpu":
        step = min(step, max(_FEWEST, _CACHED // size))
    step = max(1, step)
    for start in range(0, count, step):
        rows = slice(start, min(start + step, count))
        workspace.reserve(step * numbers, calls[0].gradients)
        seen = [
            (patches(layer, call.inputs[rows], workspace), at_positions(layer, call.gradients[rows])) for call in calls
        ]
        a, g = seen[0] if len(seen) == 1 else (torch.cat(each, 2) for each in zip(*seen, strict=True))
        yield rows, Positions(layer, a, g, workspace, scale)


def example_numbers(layer: TrackedLayer, calls: Sequence[Call]) -> int:
    """How many numbers one example takes: its patches and output gradients, its gradient, and all of them turned."""
    places = sum(call.gradients[0].numel() for call in calls) // layer.weight[0]
    return 2 * layer.groups * (places * (layer.inputs + layer.outputs) + layer.inputs * layer.outputs)
