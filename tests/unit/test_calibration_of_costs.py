"""Sizes of networks that plans rest on: measured, and guessed from known networks."""

import pytest

from difficulty.costs import calibration
from difficulty.costs.calibration import measured_network
from difficulty.costs.networks import NetworkFacts, guessed
from difficulty.costs.work import Network

TOLERANCE = 1.6  # of what is guessed: a factor


@pytest.fixture
def measured(monkeypatch):
    """Facts of a network, whose passes are not timed."""
    monkeypatch.setattr(calibration, "_passes", lambda *args: {"forward": 0.0, "gradient": 0.0, "step": 0.0})
    monkeypatch.setattr(calibration, "_seconds", lambda work, device: work() is None or 1.0)
    return measured_network


def network(architecture: str, side: int = 32, **settings) -> Network:
    return Network(architecture, (side, side, 3), 10, 8, **settings)


def test_numbers_of_a_resnet9_are_the_published_ones(measured):
    facts = measured(network("resnet9", width=64))
    assert facts.parameters == 2_274_880
    assert facts.layers[0] == (27, 64, 32 * 32) and facts.layers[-1] == (128, 10, 1)
    assert facts.probes[0] == 3072 and facts.probes[-1] == 10
    assert facts.factors == sum(a * a + b * b + a * b for a, b, _ in facts.layers)


def test_numbers_of_a_perceptron_are_in_closed_form(measured):
    found, expected = measured(network("mlp", 8, width=32, depth=1)), guessed(network("mlp", 8, width=32, depth=1))
    assert found.parameters == 192 * 32 + 32 + 32 * 10 + 10 == expected.parameters
    assert found.layers == expected.layers == ((193, 32, 1), (33, 10, 1))
    assert found.activations == expected.activations == 192 + 2 * 32 + 10


@pytest.mark.parametrize(
    "wanted",
    [
        network("lenet5"),
        network("net"),
        network("resnet9", width=16),
        network("resnet18", width=32),
        network("resnet18", 96),
        network("vgg16", width=16),
        network("wrn28_10", 16, width=2),
        network("densenet121", width=12),
    ],
    ids=lambda wanted: f"{wanted.architecture}-{wanted.shape[0]}",
)
def test_guesses_are_near_what_networks_have(measured, wanted):
    found, guess = measured(wanted), guessed(wanted)
    for name in ("parameters", "activations", "factors"):
        assert 1 / TOLERANCE < getattr(guess, name) / getattr(found, name) < TOLERANCE, name


def test_passes_of_a_real_network_take_time():
    facts = measured_network(network("mlp", 8, width=16))
    assert isinstance(facts, NetworkFacts)
    assert 0 < facts.forward < facts.step < 0.1


def test_a_network_that_cannot_be_built_is_not_measured():
    assert measured_network(network("resnet9", 4)) is None
