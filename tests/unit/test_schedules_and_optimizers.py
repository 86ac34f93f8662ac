"""Schedules against torch's own, optimizers against their settings."""

import importlib

import pytest
import torch

EPOCHS, STEPS = 6, 10


def factors(name, **settings):
    module = importlib.import_module(f"difficulty.training.schedules.{name}")
    return [module.factor(step, STEPS, EPOCHS, settings) for step in range(EPOCHS * STEPS)]


def torch_rates(make, steps=EPOCHS * STEPS):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = make(optimizer)
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


def test_one_cycle_equals_torch():
    reference = torch_rates(
        lambda o: torch.optim.lr_scheduler.OneCycleLR(
            o, 1.0, total_steps=EPOCHS * STEPS, pct_start=0.25, cycle_momentum=False
        )
    )
    assert factors("one_cycle", warmup=0.25) == pytest.approx(reference, abs=1e-9)


def test_cosine_equals_torch():
    reference = torch_rates(lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, EPOCHS * STEPS - 1, eta_min=0.1))
    assert factors("cosine", final=0.1) == pytest.approx(reference, abs=1e-9)


def test_cosine_warms_up():
    rates = factors("cosine", warmup=2)
    assert rates[0] == pytest.approx(1 / 21) and max(rates) == rates[20] == 1.0 and rates[-1] == pytest.approx(0)


def test_step_equals_torch():
    reference = torch_rates(lambda o: torch.optim.lr_scheduler.StepLR(o, 2, 0.3), EPOCHS)
    assert factors("step", step_size=2, gamma=0.3)[::STEPS] == pytest.approx(reference)


def test_piecewise_linear_and_constant():
    rates = factors("piecewise_linear", points=[[0, 0.0], [2, 1.0], [6, 0.0]])
    assert rates[10] == 0.5 and rates[20] == 1.0 and rates[40] == 0.5
    assert set(factors("constant")) == {1.0}


@pytest.mark.parametrize(
    ("name", "settings", "reference"),
    [
        ("sgd", {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01, "nesterov": True}, torch.optim.SGD),
        ("adam", {"lr": 0.1, "betas": [0.8, 0.9], "eps": 1e-6, "weight_decay": 0.01}, torch.optim.Adam),
        ("adamw", {"lr": 0.1, "weight_decay": 0.1}, torch.optim.AdamW),
    ],
)
def test_optimizers_take_their_settings(name, settings, reference):
    trajectories = []
    module = importlib.import_module(f"difficulty.training.optimizers.{name}")
    for make in (lambda p: module.build(p, settings), lambda p: reference(p, **settings)):
        weight = torch.tensor([1.0, -2.0], requires_grad=True)
        optimizer = make([weight])
        for _ in range(4):
            optimizer.zero_grad()
            (weight**3).sum().backward()
            optimizer.step()
        trajectories.append(weight.detach())
    assert torch.equal(*trajectories)
