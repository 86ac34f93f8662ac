"""Influence scores against those of kronfluence 1.0.1 and captum, from a file.

tests/reference/make_influence_oracle.py made it.
"""

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file as load_arrays
from safetensors.torch import load_file
from scipy.stats import spearmanr

from difficulty.scores.influence.scoring import Damping, fit_factors, pairwise_influence, self_influence
from tests.support.influence_networks import ORACLE, QUERIES, TRAIN, batched, oracle_images, oracle_network

# Differences are relative to a score for self-influence, to the largest score of a query for pairwise influence. In
# float32 a ReLU or a maximum that is nearly a tie may turn out otherwise, and with it the gradient of an example.
TOLERANCES = {torch.float64: 1e-6, torch.float32: 1e-3}
SPEARMAN = 0.99999
DAMPINGS = {"relative": Damping(relative=0.1), "absolute": Damping(absolute=1e-8)}


@pytest.fixture(scope="module")
def scores():
    return {name: values for name, values in load_arrays(ORACLE).items() if not name.startswith("weights/")}


@pytest.fixture(scope="module", params=TOLERANCES, ids=["float64", "float32"])
def dtype(request):
    return request.param


@pytest.fixture(scope="module")
def network(dtype):
    model = oracle_network().to(dtype)
    prefix = "weights/"
    state = {name.removeprefix(prefix): values for name, values in load_file(ORACLE).items() if name.startswith(prefix)}
    model.load_state_dict(state)
    return model


@pytest.fixture(scope="module")
def data(dtype):
    images, labels = oracle_images()
    images = images.to(dtype)
    train, queries = slice(0, TRAIN), slice(TRAIN, TRAIN + QUERIES)
    return batched(images[train], labels[train], 64), batched(images[queries], labels[queries], 5)


def assert_agree(found, expected, tolerance):
    """found, expected: (N,), or (Q, N), whose rows are compared each by itself."""
    found = found.numpy()
    scale = np.abs(expected) if expected.ndim == 1 else np.abs(expected).max(axis=1, keepdims=True)
    assert found.shape == expected.shape
    assert (np.abs(found - expected) <= tolerance * scale).all()
    for own, other in zip(np.atleast_2d(found), np.atleast_2d(expected), strict=True):
        assert spearmanr(own, other).statistic > SPEARMAN


@pytest.mark.parametrize("strategy", ["identity", "diagonal", "kfac", "ekfac"])
def test_scores_are_those_of_kronfluence(network, data, scores, dtype, strategy):
    train, queries = data
    factors = fit_factors(network, train, strategy)
    compared = [name for name in DAMPINGS if f"{strategy}/{name}/self" in scores]
    assert compared
    for name in compared:
        own = self_influence(network, factors, train, DAMPINGS[name])
        pairs = pairwise_influence(network, factors, train, queries, DAMPINGS[name])
        assert_agree(own, scores[f"{strategy}/{name}/self"], TOLERANCES[dtype])
        assert_agree(pairs, scores[f"{strategy}/{name}/pairwise"], TOLERANCES[dtype])


def test_without_curvature_scores_are_those_of_captum(network, data, scores, dtype):
    train, queries = data
    factors = fit_factors(network, train, "identity")
    assert_agree(self_influence(network, factors, train), scores["captum/self"], TOLERANCES[dtype])
    pairs = pairwise_influence(network, factors, train, queries, measurement="loss")
    assert_agree(pairs, scores["captum/pairwise"], TOLERANCES[dtype])
