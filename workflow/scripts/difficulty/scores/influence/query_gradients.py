"""Preconditioned gradients of queries, whole or of low rank, and their products with gradients of training examples."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from difficulty.scores.influence.example_gradients import Positions, positions
from difficulty.scores.influence.factors import Factors
from difficulty.scores.influence.layer_passes import (
    Batches,
    FoldedNetwork,
    Objective,
    refuse_training_mode,
    summed_loss,
)
from difficulty.scores.influence.tracked_layers import TrackedLayer, weight_of
from difficulty.scores.influence.workspace import Workspace

_SHARE = 2  # queries take this part of the memory at most, and what is computed of a batch the same part


@dataclass
class LayerQueries:
    """A layer's preconditioned gradients of Q queries: `whole` (groups, Q, outputs, inputs), or else left times right.

    left: (groups, Q, outputs, rank); right: (groups, Q, rank, inputs).
    """

    layer: TrackedLayer
    whole: torch.Tensor | None = None
    left: torch.Tensor | None = None
    right: torch.Tensor | None = None

    @classmethod
    def empty(cls, layer: TrackedLayer, count: int, rank: int | None, like: torch.Tensor) -> "LayerQueries":
        """Of low rank only where that takes less memory."""
        if rank is None or rank * (layer.inputs + layer.outputs) >= layer.inputs * layer.outputs:
            return cls(layer, like.new_empty(layer.groups, count, layer.outputs, layer.inputs))
        left = like.new_empty(layer.groups, count, layer.outputs, rank)
        return cls(layer, None, left, like.new_empty(layer.groups, count, rank, layer.inputs))

    def keep(self, place: slice, gradient: torch.Tensor) -> torch.Tensor | float:
        """Keeps gradients (groups, B, outputs, inputs) as those of the queries at `place`; returns |what is lost|^2."""
        if self.whole is not None:
            self.whole[:, place] = gradient
            return 0.0
        self.left[:, place], self.right[:, place] = left, right = truncated(gradient, self.left.shape[-1])
        return (gradient - left @ right).square().sum((0, 2, 3))

    def scale(self, scale: torch.Tensor | None) -> None:
        """Multiplies the rows of all gradients by scale (groups, outputs)."""
        if scale is not None:
            rows = self.left if self.whole is None else self.whole
            rows *= scale[:, None, :, None]

    def products(self, seen: Positions) -> torch.Tensor:
        """(Q, B): the products with the gradients of the examples, by the way that takes fewest operations."""
        layer, queries = self.layer, (self.right if self.whole is None else self.whole).shape[1]
        size, places = layer.inputs * layer.outputs, seen.count * seen.places
        if self.whole is None:
            rank = self.right.shape[2]
            apart = places * queries * rank * (layer.inputs + layer.outputs)
            if apart < size * (places + seen.count * queries + queries * rank):
                return self._by_low_rank(seen)
        whole = self.left @ self.right if self.whole is None else self.whole
        if places * queries < places + seen.count * queries:
            return self._by_positions(whole, seen)
        return (whole.flatten(2) @ seen.gradient().flatten(2).mT).sum(0)

    def _by_positions(self, whole: torch.Tensor, seen: Positions) -> torch.Tensor:
        """g^T (P a), summed over positions: for one query, or one position; no gradient is formed."""
        turned = seen.patches.flatten(1, 2) @ whole.flatten(1, 2).mT
        products = turned.unflatten(2, (-1, self.layer.outputs)) * seen.gradients.flatten(1, 2)[:, :, None]
        return products.sum((0, 3)).view(seen.count, seen.places, -1).sum(1).t()

    def _by_low_rank(self, seen: Positions) -> torch.Tensor:
        """(g^T left) (right a), summed over positions: no gradient is formed."""
        queries, rank = self.right.shape[1:3]
        by_right = seen.patches.flatten(1, 2) @ self.right.flatten(1, 2).mT
        by_left = seen.gradients.flatten(1, 2) @ self.left.mT.flatten(1, 2).mT
        products = (by_right * by_left).view(-1, seen.count, seen.places, queries, rank)
        return products.sum((0, 2, 4)).t()


@dataclass
class QueryGradients:
    """Of the queries of one block. relative_error: (Q,), what the low rank loses of a gradient's norm; 0 without.

    Their products with the gradients of the folded `network`, whose scales they are multiplied by, are those that are
    meant.
    """

    network: FoldedNetwork
    layers: list[LayerQueries]
    relative_error: torch.Tensor

    def products(self, batches: Batches, memory: int) -> torch.Tensor:
        """(Q, N): the products with the gradients of the loss of all examples."""
        workspace, found = Workspace(), []
        for images, labels in batches:
            calls = self.network.calls(images, labels, summed_loss)
            scores = images.new_zeros(len(self.relative_error), len(images), dtype=torch.float32)
            for queries in self.layers:
                for rows, seen in positions(queries.layer, calls.pop(queries.layer.name), memory // _SHARE, workspace):
                    scores[:, rows] += queries.products(seen)
            found.append(scores)
        return torch.cat(found, 1) if found else torch.empty(len(self.relative_error), 0)


@torch.no_grad()
def query_gradients(
    model: nn.Module,
    factors: Factors,
    weights: dict[str, torch.Tensor],
    batches: Batches,
    objective: Objective,
    rank: int | None,
    memory: int,
) -> Iterator[QueryGradients]:
    """Blocks of queries that fit into their part of the memory, at least one query each.

    weights: layer -> 1 / (eigenvalues + d), of all layers but for the identity.
    """
    refuse_training_mode(model)
    network = FoldedNetwork.of(model, factors.layers)
    for block in _blocks(batches, queries_at_once(model, factors, rank, memory)):
        # Preconditioning takes up to twice the memory of a gradient.
        yield _preconditioned(network, factors, weights, block, objective, rank, memory // (2 * _SHARE))


def _preconditioned(
    network: FoldedNetwork,
    factors: Factors,
    weights: dict[str, torch.Tensor],
    block: list[tuple[torch.Tensor, torch.Tensor]],
    objective: Objective,
    rank: int | None,
    memory: int,
) -> QueryGradients:
    workspace, count = Workspace(), sum(len(images) for images, _ in block)
    like, start = weight_of(network.model, factors.layers), 0
    queries = [LayerQueries.empty(layer, count, rank, like) for layer in factors.layers]
    norms, lost = like.new_zeros(2, count, dtype=torch.float64)
    for images, labels in block:
        calls = network.calls(images, labels, objective)
        for own in queries:
            name = own.layer.name
            scale = network.scales.get(name)
            for rows, seen in positions(own.layer, calls.pop(name), memory, workspace, scale):
                place = slice(start + rows.start, start + rows.stop)
                gradient = seen.preconditioned(factors.bases.get(name), weights.get(name))
                norms[place] += gradient.square().sum((0, 2, 3))
                lost[place] += own.keep(place, gradient)
        start += len(images)
    for own in queries:
        own.scale(network.scales.get(own.layer.name))
    return QueryGradients(network, queries, (lost / norms.clamp(min=1e-300)).sqrt().float())


def queries_at_once(model: nn.Module, factors: Factors, rank: int | None, memory: int) -> int:
    """Queries of a block: as many as their part of the memory is enough for, at least one."""
    return max(1, memory // _SHARE // _query_bytes(factors.layers, rank, model))


def _query_bytes(layers: Sequence[TrackedLayer], rank: int | None, model: nn.Module) -> int:
    whole = [layer.groups * layer.outputs * layer.inputs for layer in layers]
    size = weight_of(model, layers).element_size()
    if rank is None:
        return size * sum(whole)
    kept = [layer.groups * rank * (layer.outputs + layer.inputs) for layer in layers]
    return size * (sum(map(min, whole, kept)) + max(whole))  # one layer at a time is put together


def truncated(matrices: torch.Tensor, rank: int) -> tuple[torch.Tensor, torch.Tensor]:
    """(left (..., m, rank), right (..., rank, n)) whose product is nearest to `matrices` (..., m, n).

    Singular vectors come from the smaller of M M^T and M^T M, which is several times faster than an SVD.
    """
    if matrices.shape[-2] > matrices.shape[-1]:
        left, right = truncated(matrices.mT, rank)
        return right.mT, left.mT
    vectors = torch.linalg.eigh((matrices @ matrices.mT).double())[1][..., -rank:].to(matrices.dtype)
    return vectors, vectors.mT @ matrices


def _blocks(batches: Batches, limit: int) -> Iterator[list[tuple[torch.Tensor, torch.Tensor]]]:
    """Batches, cut where they are larger, of together at most `limit` examples."""
    block, count = [], 0
    for images, labels in batches:
        for part in zip(images.split(limit), labels.split(limit), strict=True):
            if count + len(part[0]) > limit:
                yield block
                block, count = [], 0
            block.append(part)
            count += len(part[0])
    if count:
        yield block
