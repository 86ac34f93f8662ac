"""Influence of training examples (Koh & Liang 2017, arXiv 1703.04730), with Kronecker-factored curvature.

Per tracked layer, with G the gradient of an example's loss by the weights, G preconditioned is: identity, G itself;
diagonal, G / (L + d); kfac, Qs [(Qs^T G Qa) / (ls la^T + d)] Qa^T; ekfac, Qs [(Qs^T G Qa) / (L + d)] Qa^T. Scores are
sums over layers and not divided by the number of examples. Biases count as a column of ones; other parameters, such as
those of batch norm, are not part of a score.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

from difficulty.scores.influence.example_gradients import positions
from difficulty.scores.influence.factor_files import load_factors, load_sums, save_factors, save_sums
from difficulty.scores.influence.factors import (
    MEMORY,
    Factors,
    Sums,
    assemble,
    covariance_sums,
    eigenbases,
    fit_factors,
    merge,
    refuse_iterator,
    second_moment_sums,
)
from difficulty.scores.influence.layer_passes import (
    Batches,
    FoldedNetwork,
    refuse_training_mode,
    summed_loss,
    summed_negative_margin,
)
from difficulty.scores.influence.query_gradients import QueryGradients, queries_at_once, query_gradients
from difficulty.scores.influence.tracked_layers import weight_of
from difficulty.scores.influence.workspace import Workspace

__all__ = [
    "Damping",
    "Factors",
    "Sums",
    "assemble",
    "covariance_sums",
    "eigenbases",
    "fit_factors",
    "load_factors",
    "load_sums",
    "low_rank_error",
    "merge",
    "pairwise_blocks",
    "pairwise_influence",
    "queries_at_once",
    "save_factors",
    "save_sums",
    "second_moment_sums",
    "self_influence",
    "self_influence_of_batches",
]

Measurement = Literal["margin", "loss"]
OBJECTIVES = {"loss": summed_loss, "margin": summed_negative_margin}


@dataclass(frozen=True)
class Damping:
    """What is added to the eigenvalues of a layer: `absolute`, or `relative` times their mean; one of the two."""

    relative: float | None = None
    absolute: float | None = None

    def __post_init__(self):
        given = [value for value in (self.relative, self.absolute) if value is not None]
        if len(given) != 1 or given[0] <= 0:
            raise ValueError(f"{self}: give either relative or absolute, above 0, e.g. Damping(relative=0.1)")

    def inverse(self, curvature: torch.Tensor) -> torch.Tensor:
        """1 / (curvature + d), of the same type, computed in float64.

        0 for a layer without any curvature, of which a relative damping makes nothing: it is left out.
        """
        values = curvature.double()
        damped = values + (self.absolute if self.relative is None else self.relative * values.mean())
        return torch.where(damped > 1 / torch.finfo(curvature.dtype).max, 1 / damped, 0).to(curvature.dtype)


DEFAULT_DAMPING = Damping(relative=0.1)


def self_influence(
    model: nn.Module, factors: Factors, batches: Batches, damping: Damping = DEFAULT_DAMPING, memory: int = MEMORY
) -> torch.Tensor:
    """Influence float32 (N,) of each example on its own loss, <G, G preconditioned>: at least 0, larger is stranger.

    batches, memory: as for `fit_factors`, but one pass is enough. Raises ValueError for a network in training mode, or
    one that the factors do not fit.
    """
    found = [*self_influence_of_batches(model, factors, batches, damping, memory)]
    return torch.cat(found) if found else torch.empty(0)


@torch.no_grad()
def self_influence_of_batches(
    model: nn.Module, factors: Factors, batches: Batches, damping: Damping = DEFAULT_DAMPING, memory: int = MEMORY
) -> Iterator[torch.Tensor]:
    """`self_influence` (B,) of one batch after the other."""
    refuse_training_mode(model)
    factors.check(model)
    factors = factors.like(model)
    weights, workspace = _weights(factors, damping, model), Workspace()
    network = FoldedNetwork.of(model, factors.layers)
    for images, labels in batches:
        calls = network.calls(images, labels, summed_loss)
        scores = images.new_zeros(len(images), dtype=torch.float32)
        for layer in factors.layers:
            basis, scale = factors.bases.get(layer.name), network.scales.get(layer.name)
            for rows, seen in positions(layer, calls.pop(layer.name), memory, workspace, scale):
                scores[rows] += seen.weighted_squares(weights.get(layer.name), basis)
        yield scores


def _weights(factors: Factors, damping: Damping, model: nn.Module) -> dict[str, torch.Tensor]:
    """Layer -> 1 / (eigenvalues + d), (groups, outputs, inputs), like the network's weights; none for the identity."""
    curvatures = {layer.name: factors.curvature(layer.name) for layer in factors.layers}
    known = {name: damping.inverse(values) for name, values in curvatures.items() if values is not None}
    return {name: values.to(weight_of(model, factors.layers)) for name, values in known.items()}


@torch.no_grad()
def pairwise_influence(
    model: nn.Module,
    factors: Factors,
    train_batches: Batches,
    query_batches: Batches,
    damping: Damping = DEFAULT_DAMPING,
    rank: int | None = None,
    measurement: Measurement = "margin",
    memory: int = MEMORY,
) -> torch.Tensor:
    """Influence float32 (Q, N) of each training example on each query: positive where more weight on it helps.

    That is <grad f(query), P grad loss(example)>, with P the preconditioner and f minus the margin of a query's label,
    logsumexp of the other logits - its logit, or f the query's loss. A small step of training on the example changes
    the weights by -P grad loss, so f falls, and the margin rises, where the product is positive. rank: replaces each
    layer's preconditioned query gradient by the nearest matrix of that rank; `low_rank_error` tells what that loses.
    Queries that do not fit into half of the memory come in blocks, with a pass over the training examples for each.
    Raises TypeError if train_batches is an iterator, ValueError as `self_influence`.
    """
    blocks = pairwise_blocks(model, factors, train_batches, query_batches, damping, rank, measurement, memory)
    parts = [products for products, _ in blocks]
    return torch.cat(parts) if parts else torch.empty(0, 0)


@torch.no_grad()
def pairwise_blocks(
    model: nn.Module,
    factors: Factors,
    train_batches: Batches,
    query_batches: Batches,
    damping: Damping = DEFAULT_DAMPING,
    rank: int | None = None,
    measurement: Measurement = "margin",
    memory: int = MEMORY,
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Rows (Q', N) of `pairwise_influence`, and (Q',) of `low_rank_error`, of one block of queries after the other."""
    refuse_iterator(train_batches, "train_batches")
    for queries in _queries(model, factors, query_batches, damping, rank, measurement, memory):
        products, error = queries.products(train_batches, memory), queries.relative_error
        del queries  # before the next block is made
        yield products, error


@torch.no_grad()
def low_rank_error(
    model: nn.Module,
    factors: Factors,
    query_batches: Batches,
    rank: int,
    damping: Damping = DEFAULT_DAMPING,
    measurement: Measurement = "margin",
    memory: int = MEMORY,
) -> torch.Tensor:
    """float32 (Q,): of the norm of each query's preconditioned gradient, the part that `rank` loses, 0 to 1."""
    blocks = _queries(model, factors, query_batches, damping, rank, measurement, memory)
    parts = [queries.relative_error for queries in blocks]
    return torch.cat(parts) if parts else torch.empty(0)


def _queries(
    model: nn.Module,
    factors: Factors,
    batches: Batches,
    damping: Damping,
    rank: int | None,
    measurement: Measurement,
    memory: int,
) -> Iterator[QueryGradients]:
    if measurement not in OBJECTIVES:
        raise ValueError(f"measurement is {measurement!r}, not one of {', '.join(OBJECTIVES)}")
    if rank is not None and rank < 1:
        raise ValueError(f"rank is {rank}, not a positive number")
    factors.check(model)
    weights = _weights(factors, damping, model)
    return query_gradients(model, factors.like(model), weights, batches, OBJECTIVES[measurement], rank, memory)
