"""Settled statistics are those of the whole data; training goes on with its own."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn

from difficulty.models.building import build_model
from difficulty.tensor_files import load_tensors
from difficulty.training.checkpoints import load_checkpoint, write_manifest
from difficulty.training.loop import settled_network, train
from difficulty.training.partial_run import PartialRun
from difficulty.training.passes import clean_outcomes
from difficulty.training.processes import Processes
from difficulty.training.settled_statistics import with_settled_statistics
from tests.support.small_training import SETTINGS, Killed, contents, digits, run, same_outcomes

NORMED = {**SETTINGS, "architecture": "resnet9", "width": 4, "epochs": 4}
EXACT = {"rtol": 1e-6, "atol": 1e-7}


@pytest.fixture(scope="module")
def data():
    return digits()


def updated(model, batches):
    """torch's own, whose variance is the mean of the batches' variances."""
    torch.optim.swa_utils.update_bn(batches, model)
    return model.eval()


def norms(model):
    return [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]


def trained_norms():
    """A network whose running statistics are of something else."""
    model = build_model({"architecture": "resnet9", "width": 4}, 3, (8, 8), 10, seed=1).train()
    with torch.no_grad():
        model(3 + 5 * torch.randn(16, 3, 8, 8))
    return model


def test_a_layer_with_given_inputs_gets_mean_and_variance_of_the_whole_data():
    images = 4 + 3 * torch.randn(50, 3, 5, 7) * torch.arange(1, 51)[:, None, None, None]
    settled = with_settled_statistics(nn.BatchNorm2d(3), images.split([2, 7, 1, 40]))
    torch.testing.assert_close(settled.running_mean, images.double().mean((0, 2, 3)).float(), **EXACT)
    torch.testing.assert_close(settled.running_var, images.double().var((0, 2, 3)).float(), **EXACT)


def test_one_batch_gives_what_torch_gives():
    images, model = torch.randn(60, 3, 8, 8), trained_norms()
    settled = with_settled_statistics(model, [images])
    for ours, theirs in zip(norms(settled), norms(updated(trained_norms(), [images])), strict=True):
        torch.testing.assert_close(ours.running_mean, theirs.running_mean, **EXACT)
        torch.testing.assert_close(ours.running_var, theirs.running_var, **EXACT)


def test_of_several_batches_the_variance_is_theirs_and_that_of_their_means():
    batches, model = torch.randn(3, 40, 3, 8, 8).unbind(), trained_norms()
    settled = norms(with_settled_statistics(model, batches))
    seen = [[] for _ in settled]
    theirs = trained_norms()
    for layer, inputs in zip(norms(theirs), seen, strict=True):
        layer.register_forward_hook(lambda _, given, __, inputs=inputs: inputs.append(given[0].detach()))
    for layer, other, inputs in zip(settled, norms(updated(theirs, batches)), seen, strict=True):
        torch.testing.assert_close(layer.running_mean, other.running_mean, rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(layer.running_var, torch.cat(inputs).var((0, 2, 3)), rtol=1e-5, atol=1e-6)


def test_the_network_itself_stays_as_it_is():
    model, images = nn.Sequential(trained_norms(), nn.Dropout()), torch.randn(8, 3, 8, 8)  # dropout must not draw
    before, random = {name: value.clone() for name, value in model.state_dict().items()}, torch.get_rng_state()
    settled = with_settled_statistics(model, [images])
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items()) and model.training
    assert torch.equal(torch.get_rng_state(), random) and not any(each.training for each in settled.modules())
    assert all(torch.equal(value, before[name]) for name, value in settled.named_parameters())
    assert [each.num_batches_tracked.item() for each in norms(settled)] == [1] * len(norms(model))


def test_networks_whose_batch_norm_nothing_updates_are_returned_at_no_cost():
    def no_pass():
        raise AssertionError
        yield

    plain = build_model({"architecture": "mlp"}, 3, (8, 8), 10, seed=1)
    frozen = build_model({"architecture": "resnet9", "width": 4, "freeze": "backbone"}, 3, (8, 8), 10, seed=1)
    for model in (plain, frozen, nn.BatchNorm2d(3, track_running_stats=False)):
        assert with_settled_statistics(model, no_pass()) is model


def test_several_processes_pool_what_each_has_seen():
    @dataclass(frozen=True)
    class Recording(Processes):
        others: tuple = ()

        def total(self, numbers):
            return sum(self.others, numbers)

    images = torch.randn(30, 3, 5, 5)
    own, other = (with_settled_statistics(nn.BatchNorm2d(3), [part]) for part in images.split([10, 20]))
    count = torch.full((3,), 20.0 * 25, dtype=torch.float64)
    squares = other.running_var.double() * (count - 1) + count * other.running_mean.double() ** 2
    seen = torch.stack([count, count * other.running_mean.double(), squares])
    together = with_settled_statistics(nn.BatchNorm2d(3), [images[:10]], Recording(others=(seen,)))
    assert not torch.allclose(own.running_var, together.running_var)
    torch.testing.assert_close(together.running_var, images.var((0, 2, 3)), **EXACT)


def test_training_goes_on_with_its_own_statistics(tmp_path, data):
    partials, models = [], []
    for name in ("settled", "running"):
        models.append(build_model(NORMED, 1, (8, 8), 10, seed=0))
        partials.append(PartialRun(tmp_path / name, {}))
        train(models[-1], data, {**NORMED, "batch_norm": name}, 0, partials[-1], "{}")
    running = models[1].state_dict()
    assert all(torch.equal(value, running[name]) for name, value in models[0].state_dict().items())
    for epoch in range(1, 5):
        ours, theirs = (partial.outcomes(epoch) for partial in partials)
        assert np.array_equal(ours["steps.loss"], theirs["steps.loss"])
        assert np.array_equal(ours["online.loss"], theirs["online.loss"], equal_nan=True)
        assert not np.array_equal(ours["clean.loss"], theirs["clean.loss"])


def test_checkpoints_have_the_statistics_of_the_clean_pass(tmp_path, data):
    partial = run(tmp_path / "p", data, NORMED)
    write_manifest(tmp_path / "c", partial.publish(tmp_path / "c", range(5)), {})
    for epoch in (0, 3):
        model = build_model(NORMED, 1, (8, 8), 10, seed=9)
        model.load_state_dict(load_checkpoint(tmp_path / "c", epoch)[0])
        again = settled_network(model, data, NORMED, 0)
        for layer, other in zip(norms(model), norms(again), strict=True):
            assert torch.equal(layer.running_mean, other.running_mean)
            assert torch.equal(layer.running_var, other.running_var)
    recorded = partial.outcomes(3)
    for name, values in clean_outcomes(model, data, {}).items():
        np.testing.assert_array_equal(recorded[f"clean.{name}"], values)


@pytest.mark.parametrize("kill_after, settings", [(0, {}), (2, {"checkpoints": [1, 2], "records": "online"})])
def test_a_killed_run_resumes_with_the_statistics_of_training(tmp_path, data, kill_after, settings):
    settings = {**NORMED, **settings}
    whole = run(tmp_path / "whole", data, settings)
    with pytest.raises(Killed):
        run(tmp_path / "killed", data, settings, kill_after=kill_after)
    resumed = run(tmp_path / "killed", data, settings)
    for name, content in contents(tmp_path / "whole").items():
        if name.startswith("epoch"):
            assert (tmp_path / "killed" / name).read_bytes() == content
    states = [load_tensors(tmp_path / name / "state.safetensors")[0] for name in ("whole", "killed")]
    assert states[0].keys() == states[1].keys()
    assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())
    assert same_outcomes(whole, resumed)


def test_a_settled_network_knows_its_images_after_one_epoch(data):
    """At a rate at which the running statistics lag behind, the settled ones give what batch statistics give."""
    model = build_model(NORMED, 1, (8, 8), 10, seed=0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9)
    images = data.normalization(next(data.batches([slice(0, 200)], {})))
    for _ in range(8):
        loss = nn.functional.cross_entropy(model.train()(images), data.labels[:200])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    right = {
        name: (clean_outcomes(network, data, settings)["rank"][:200] == 0).mean()
        for name, network, settings in (
            ("running", model, {}),
            ("settled", settled_network(model, data, {}, 0), {}),
            ("batch", model, {"batch_norm": "batch"}),
        )
    }
    assert right["running"] < 0.5 < right["settled"] and abs(right["settled"] - right["batch"]) < 0.1
