"""Initial weights have the spread that their papers say, and depend on the seed alone."""

import pytest
import torch
from torch import nn

from difficulty.models.building import build_model
from difficulty.models.initialization import initialize

SPREAD = 0.02  # relative: standard deviation of 10,000 weights or more, largest of them against the bound
# Closed forms, fan in and fan out to variance: He et al. 2015, equation 10; Glorot & Bengio 2010, equations 12 and 16.
VARIANCES = {"kaiming": lambda fan_in, fan_out: 2 / fan_in, "xavier": lambda fan_in, fan_out: 2 / (fan_in + fan_out)}
RESNET9 = {"architecture": "resnet9", "width": 4}


def build(initialization=None, seed=0, **settings):
    settings = {**RESNET9, **settings} | ({"initialization": initialization} if initialization else {})
    return build_model(settings, 3, (16, 16), 10, seed)


def different(left, right):
    """Names of what differs between two networks."""
    theirs = right.state_dict()
    return {name for name, value in left.state_dict().items() if not torch.equal(value, theirs[name])}


@pytest.mark.parametrize("kind", VARIANCES)
@pytest.mark.parametrize("distribution", ["normal", "uniform"])
def test_spread_against_the_closed_forms(kind, distribution):
    model = nn.Sequential(
        nn.Conv2d(32, 64, 3),
        nn.BatchNorm2d(64),
        nn.Conv2d(64, 512, (1, 2), groups=2),
        nn.Linear(100, 300),
        nn.Linear(300, 40, bias=False),
    )
    nn.init.constant_(model[1].weight, 3), nn.init.constant_(model[1].bias, 4)
    initialize(model, {"kind": kind, "distribution": distribution}, seed=0)
    fans = {0: (32 * 9, 64 * 9), 2: (32 * 2, 512 * 2), 3: (100, 300), 4: (300, 40)}
    for layer, (fan_in, fan_out) in fans.items():
        weight, deviation = model[layer].weight.detach(), VARIANCES[kind](fan_in, fan_out) ** 0.5
        assert weight.std().item() == pytest.approx(deviation, rel=SPREAD)
        assert weight.mean().abs().item() < 4 * deviation / weight.numel() ** 0.5
        bound = 3**0.5 * deviation
        if distribution == "uniform":
            assert (1 - SPREAD) * bound < weight.abs().max().item() <= bound
        else:  # beyond the bound of the uniform distribution
            assert (weight.abs() > bound).float().mean().item() == pytest.approx(0.0833, rel=0.1)
        assert model[layer].bias is None or (model[layer].bias == 0).all()
    assert (model[1].weight == 3).all() and (model[1].bias == 4).all()


def test_weights_are_a_function_of_the_seed_and_leave_the_global_generator_alone():
    state, xavier = torch.get_rng_state(), {"kind": "xavier", "distribution": "normal"}
    first, same, other = (build(xavier, seed) for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), state)
    layers = {f"{name}.weight" for name, module in first.named_modules() if isinstance(module, nn.Linear | nn.Conv2d)}
    assert different(first, same) == set()
    assert different(first, other) == layers
    assert different(first, build(seed=1)) == layers


def test_weights_of_a_file_win(tmp_path):
    trained = build(seed=5)
    torch.save(trained.state_dict(), tmp_path / "w.pt")
    given = {"kind": "kaiming", "distribution": "uniform"}
    assert different(build(given, weights=str(tmp_path / "w.pt")), trained) == set()
