"""Influence scores against matrices that are built and inverted, and what holds whatever the network."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from difficulty.scores.influence import factors as influence_factors
from difficulty.scores.influence import query_gradients
from difficulty.scores.influence import scoring as influence
from difficulty.scores.influence.example_gradients import example_numbers
from difficulty.scores.influence.layer_passes import layer_calls, summed_loss, summed_negative_margin
from difficulty.scores.influence.query_gradients import truncated
from difficulty.scores.influence.scoring import (
    Damping,
    fit_factors,
    low_rank_error,
    pairwise_influence,
    self_influence,
)
from difficulty.scores.influence.tracked_layers import patches, tracked_layers
from difficulty.scores.influence.workspace import Workspace
from tests.support.influence_networks import (
    DAMPING,
    SAME,
    STRATEGIES,
    assert_close,
    batched,
    explicit_gradients,
    varied_data,
    varied_network,
)


def covariances_by_hand(model, layer, images, labels):
    """A (groups, inputs, inputs) and S, means over examples and positions, from patches and output gradients."""
    calls = layer_calls(model, [layer], images, labels, summed_loss)[layer.name]
    a = torch.cat([patches(layer, call.inputs).flatten(1, 2) for call in calls], 1)
    forms = [call.gradients if layer.kind == "conv2d" else call.gradients.movedim(-1, 1) for call in calls]
    g = [each.flatten(2) if each.ndim > 2 else each[:, :, None] for each in forms]
    g = torch.cat([each.transpose(0, 1).flatten(1) for each in g], 1).unflatten(0, (layer.groups, -1))
    return a.mT @ a / a.shape[1], g @ g.mT / a.shape[1]


def explicit_curvature(strategy, model, layer, gradients, images, labels, damping):
    """For each group a matrix (outputs * inputs) squared: (Qs kron Qa) diag(eigenvalues + d) (Qs kron Qa)^T.

    gradients: (groups, N, outputs, inputs). The order of its rows is that of a flattened gradient, outputs first.
    """
    squares = gradients.square().mean(1)
    bases = torch.eye(layer.outputs * layer.inputs, dtype=torch.float64).expand(layer.groups, -1, -1)
    if strategy in ("kfac", "ekfac"):
        a, s = covariances_by_hand(model, layer, images, labels)
        (la, qa), (ls, qs) = torch.linalg.eigh(a), torch.linalg.eigh(s)
        bases = torch.stack([torch.kron(*both) for both in zip(qs, qa, strict=True)])
        squares = (gradients.flatten(2) @ bases).square().mean(1)
        if strategy == "kfac":
            squares = torch.stack([torch.kron(*both) for both in zip(ls, la, strict=True)])
    eigenvalues = torch.ones_like(squares) if strategy == "identity" else squares
    added = 0 if strategy == "identity" else damping(eigenvalues)
    return bases @ torch.diag_embed(eigenvalues.flatten(1) + added) @ bases.mT


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize(
    ("damping", "by_hand"),
    [
        (Damping(relative=0.1), lambda values: 0.1 * values.mean()),
        (Damping(absolute=1e-3), lambda values: 1e-3),
    ],
    ids=["relative", "absolute"],
)
def test_scores_are_those_of_explicit_inverse_matrices(network, data, batches, strategy, damping, by_hand):
    images, labels = data
    layers = tracked_layers(network)
    losses = explicit_gradients(network, layers, images, labels)
    margins = explicit_gradients(network, layers, images[:4], labels[:4], summed_negative_margin)
    for layer in layers:
        factors = fit_factors(network, batches, strategy, modules=[layer.name])
        g, queries = (each[layer.name].flatten(2) for each in (losses, margins))
        matrix = explicit_curvature(strategy, network, layer, losses[layer.name], images, labels, by_hand)
        preconditioned = torch.linalg.solve(matrix, g.mT)
        expected = (g * preconditioned.mT).sum((0, 2))
        assert_close(self_influence(network, factors, batches, damping), expected)
        pairs = pairwise_influence(network, factors, batches, [(images[:4], labels[:4])], damping)
        assert_close(pairs, (queries @ preconditioned).sum(0))


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_layers_add_up(network, batches, strategy):
    whole = self_influence(network, fit_factors(network, batches, strategy), batches, DAMPING)
    parts = [
        self_influence(network, fit_factors(network, batches, strategy, modules=[layer.name]), batches, DAMPING)
        for layer in tracked_layers(network)
    ]
    assert_close(sum(parts), whole)


def test_self_influence_without_curvature_is_the_squared_norm_of_the_gradient(network, data, batches):
    factors = fit_factors(network, batches, "identity")
    norms = []
    for image, label in zip(*data, strict=True):
        gradients = torch.autograd.grad(summed_loss(network(image[None]), label[None]), list(network.parameters()))
        norms.append(sum(gradient.square().sum() for gradient in gradients))
    assert_close(self_influence(network, factors, batches), torch.stack(norms))


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("fisher", ["empirical", "sampled"])
def test_influence_on_its_own_loss_is_self_influence(network, batches, strategy, fisher):
    factors = fit_factors(network, batches, strategy, fisher)
    pairs = pairwise_influence(network, factors, batches, batches, DAMPING, measurement="loss")
    assert_close(pairs.diagonal(), self_influence(network, factors, batches, DAMPING))
    assert_close(pairs, pairs.T)


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("fisher", ["empirical", "sampled"])
def test_neither_batches_nor_memory_change_the_scores(network, data, batches, strategy, fisher):
    factors = fit_factors(network, batches, strategy, fisher, seed=4)
    expected = self_influence(network, factors, batches, DAMPING)
    pairs = pairwise_influence(network, factors, batches, batches, DAMPING)
    for size in (1, 12):
        other = batched(*data, size)
        again = fit_factors(network, other, strategy, fisher, seed=4, memory=1)
        assert_close(self_influence(network, again, other, DAMPING, memory=1), expected)
        assert_close(pairwise_influence(network, again, other, other, DAMPING, memory=1), pairs)


def test_more_weight_on_a_helpful_example_raises_the_margin(network, data):
    """A small step along -grad loss of one example changes the margins as the scores without curvature say."""
    images, labels = data
    factors = fit_factors(network, [data], "identity")
    scores = pairwise_influence(network, factors, [data], [data])
    step, example = 1e-6, 3
    margins = []
    for sign in (-1, 1):
        moved = varied_network()
        loss = summed_loss(moved(images[example : example + 1]), labels[example : example + 1])
        gradients = torch.autograd.grad(loss, list(moved.parameters()))
        with torch.no_grad():
            for parameter, gradient in zip(moved.parameters(), gradients, strict=True):
                parameter -= sign * step * gradient
            pairs = zip(images, labels, strict=True)
            margins.append(torch.stack([-summed_negative_margin(moved(i[None]), y[None]) for i, y in pairs]))
    assert_close(scores[:, example], (margins[1] - margins[0]) / (2 * step), 1e-5)


@pytest.mark.parametrize("rank", [1, 2, 4])
def test_low_rank_is_the_nearest_and_its_error_is_told(network, data, batches, rank):
    images, labels = data
    layers = tracked_layers(network)
    losses = explicit_gradients(network, layers, images, labels)
    margins = explicit_gradients(network, layers, images, labels, summed_negative_margin)
    expected, lost, norms = 0, 0, 0
    for layer in layers:
        query = margins[layer.name]
        if rank * (layer.inputs + layer.outputs) < layer.inputs * layer.outputs:  # otherwise kept whole
            u, s, v = torch.linalg.svd(query, full_matrices=False)
            query = (u[..., :rank] * s[..., None, :rank]) @ v[..., :rank, :]
        expected += torch.einsum("gqoi,gnoi->qn", query, losses[layer.name])
        lost += (margins[layer.name] - query).square().sum((0, 2, 3))
        norms += margins[layer.name].square().sum((0, 2, 3))
    factors = fit_factors(network, batches, "identity")
    assert lost.min() > 0
    for memory in (1, 1 << 28):
        pairs = pairwise_influence(network, factors, batches, batches, rank=rank, memory=memory)
        assert_close(pairs, expected)
        assert_close(low_rank_error(network, factors, batches, rank, memory=memory), (lost / norms).sqrt())
    assert (low_rank_error(network, factors, batches, 10) == 0).all()


@given(st.integers(1, 6), st.integers(1, 6), st.integers(1, 6), st.integers(0, 1000))
@settings(max_examples=30)
def test_truncated_is_the_truncated_singular_value_decomposition(m, n, rank, seed):
    matrices = torch.randn(2, 3, m, n, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    left, right = truncated(matrices, rank)
    u, s, v = torch.linalg.svd(matrices, full_matrices=False)
    expected = (u[..., :rank] * s[..., None, :rank]) @ v[..., :rank, :]
    torch.testing.assert_close(left @ right, expected, rtol=0, atol=1e-6)


@given(
    st.sampled_from(STRATEGIES),
    st.sampled_from(["empirical", "sampled"]),
    st.sampled_from([Damping(relative=0.1), Damping(absolute=1e-8), Damping(relative=1e-6)]),
    st.floats(-30, 6),
    st.integers(1, 6),
)
@settings(max_examples=25)
def test_scores_are_finite_and_no_self_influence_is_negative(strategy, fisher, damping, exponent, count):
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8, 3)).eval()
    images = torch.randn(count, 1, 4, 4) * 10**exponent
    images[0] = 0
    labels = torch.arange(count) % 3
    batches = [(images, labels)]
    factors = fit_factors(model, batches, strategy, fisher)
    scores = self_influence(model, factors, batches, damping)
    assert scores.shape == (count,) and scores.dtype == torch.float32
    assert scores.isfinite().all() and (scores >= 0).all()
    assert pairwise_influence(model, factors, batches, batches, damping).isfinite().all()


def test_float32_gives_what_float64_gives(data, batches, network):
    model, (images, labels) = varied_network(torch.float32), varied_data(dtype=torch.float32)
    single = batched(images.contiguous(memory_format=torch.channels_last), labels, 5)
    for strategy in STRATEGIES:
        expected = self_influence(network, fit_factors(network, batches, strategy), batches, DAMPING)
        factors = fit_factors(model, single, strategy)
        assert_close(self_influence(model, factors, single, DAMPING), expected, SAME)


@pytest.mark.parametrize("rank", [None, 1])
def test_all_that_is_computed_of_a_batch_fits_into_the_memory(network, data, batches, monkeypatch, rank):
    memory, reserved = 200_000, []

    class Watched(Workspace):
        def reserve(self, numbers, like):
            super().reserve(numbers, like)
            reserved.append(numbers * like.element_size())

        def take(self, like, *shape):
            taken = super().take(like, *shape)
            assert taken.untyped_storage().data_ptr() == self._memory.untyped_storage().data_ptr()
            return taken

    for module in (influence, influence_factors, query_gradients):
        monkeypatch.setattr(module, "Workspace", Watched)
    factors = fit_factors(network, batches, memory=memory)
    self_influence(network, factors, batches, memory=memory)
    pairwise_influence(network, factors, batches, batches, rank=rank, memory=memory)
    largest = 8 * max(
        example_numbers(layer, calls)
        for layer in factors.layers
        for calls in [layer_calls(network, factors.layers, *data, summed_loss)[layer.name]]
    )
    assert largest < memory / 4  # otherwise a single example could need more
    assert memory / 2 < max(reserved) <= memory


def test_images_may_come_from_inference_mode(network, batches):
    with torch.inference_mode():
        inferred = [(images + 0, labels) for images, labels in batches]
    factors = fit_factors(network, inferred)
    assert torch.equal(self_influence(network, factors, inferred), self_influence(network, factors, batches))
