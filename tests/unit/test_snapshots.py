"""Weights that were trained elsewhere: taken over exactly, or refused by name."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from difficulty.datasets.loading import load_normalization
from difficulty.datasets.pixels import write_pixels
from difficulty.errors import UserError
from difficulty.models.building import build_model
from difficulty.models.snapshots import load_snapshot
from import_checkpoints import refuse_not_finite

SETTINGS = {"architecture": "resnet9", "width": 4}


@pytest.fixture
def trained():
    return build_model(SETTINGS, channels=3, size=(8, 8), classes=7, seed=5).eval()


def load(path, **settings):
    return load_snapshot({**SETTINGS, **settings}, 3, (8, 8), path)


@pytest.mark.parametrize("form", ["safetensors", "dict", "state_dict", "parallel"])
def test_the_same_network_from_every_kind_of_file(trained, form, tmp_path):
    state = trained.state_dict()
    path = tmp_path / ("a.safetensors" if form == "safetensors" else "a.pt")
    if form == "safetensors":
        save_file({name: value.contiguous() for name, value in state.items()}, path)
    else:
        named = {f"module.{name}": value for name, value in state.items()} if form == "parallel" else state
        torch.save({"state_dict": named} if form == "state_dict" else named, path)
    model, classes = load(path)
    images = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    assert classes == 7 and not model.training
    assert torch.equal(model(images), trained(images))


def test_torchvisions_networks(tmp_path):
    settings = {"architecture": "torchvision:squeezenet1_1"}
    with pytest.raises(UserError, match="no Linear layer"):
        load_snapshot(settings, 3, (32, 32), save(tmp_path, {"a": torch.zeros(1)}))
    settings = {"architecture": "torchvision:shufflenet_v2_x0_5"}
    network = build_model(settings, channels=3, size=(32, 32), classes=1000, seed=0)
    model, classes = load_snapshot(settings, 3, (32, 32), save(tmp_path, network.state_dict()))
    assert classes == 1000 and torch.equal(model.fc.weight, network.fc.weight)


def save(folder, state):
    torch.save(state, folder / "weights.pt")
    return folder / "weights.pt"


def test_what_does_not_fit_is_named(trained, tmp_path):
    state = trained.state_dict()
    without = {name: value for name, value in state.items() if name != "stem.0.weight"}
    for wrong, told in (
        (without, r"weights\.pt: weights do not fit resnet9: missing \['stem\.0\.weight'\]"),
        ({**state, "extra": torch.zeros(1)}, r"unknown \['extra'\]"),
        ({**state, "stem.0.weight": torch.zeros(1)}, r"weights\.pt: weights do not fit into resnet9"),
        ({name: value for name, value in state.items() if name != "linear.weight"}, r"has no linear\.weight"),
    ):
        with pytest.raises(UserError, match=told):
            load(save(tmp_path, wrong))
    (tmp_path / "broken.pt").write_bytes(b"no weights")
    with pytest.raises(UserError, match=r"broken\.pt: weights cannot be read"):
        load(tmp_path / "broken.pt")
    with pytest.raises(UserError, match=r"missing\.pt: no such file"):
        load(tmp_path / "missing.pt")


def test_tensors_of_no_use_are_named(trained, tmp_path):
    state, weight = trained.state_dict(), trained.state_dict()["stem.0.weight"]
    count = weight.numel()
    for wrong, told in (
        (weight.where(weight != weight.max(), torch.nan), f"has 1 of {count} values that are not finite"),
        (weight.double() * 1e300, f"has {count} of {count} values that are not finite, or too large for float32"),
        (torch.zeros(1).expand(10**9, 10), r"claims the shape \(1000000000, 10\), more than the file holds"),
        (weight.to_sparse(), "is sparse, quantized or complex"),
        (weight.to(torch.complex64), "is sparse, quantized or complex"),
        (weight.to(torch.int8), "is int8, but the network's is float32"),
        (weight.tolist(), "is a list, expected a tensor"),
        (7, "is a int, expected a tensor"),
    ):
        with pytest.raises(UserError, match=rf"weights\.pt: 'stem\.0\.weight' {told}"):
            load(save(tmp_path, {**state, "stem.0.weight": wrong}))
    for wrong, told in (
        ([weight], "holds a list where a dict"),
        ({}, "holds 0 entries"),
        ({1: weight}, "'1' is the name"),
    ):
        with pytest.raises(UserError, match=rf"weights\.pt: {told}"):
            load(save(tmp_path, wrong))
    save_file({**state, "stem.0.weight": torch.full_like(weight, torch.inf)}, tmp_path / "a.safetensors")
    with pytest.raises(UserError, match=rf"a\.safetensors: 'stem\.0\.weight' has {count} of {count} values"):
        load(tmp_path / "a.safetensors")


def test_a_whole_model_is_not_unpickled(trained, tmp_path):
    torch.save(trained, tmp_path / "model.pt")
    with pytest.raises(UserError, match=r"model\.pt: weights cannot be read: .*; save model\.state_dict\(\), not"):
        load(tmp_path / "model.pt")


def test_half_precision_is_taken(trained, tmp_path):
    state = {name: value.half() if value.is_floating_point() else value for name, value in trained.state_dict().items()}
    model, _ = load(save(tmp_path, state))
    assert torch.equal(model.linear.weight, trained.linear.weight.half().float())


def test_outputs_that_overflow_name_the_network():
    with pytest.raises(UserError, match=r"a\.pt: outputs are not finite for 2 of 3 examples, first 8"):
        refuse_not_finite(np.array([0.1, np.nan, np.inf]), np.array([7, 8, 9]), Path("a.pt"))


def test_configured_normalization_has_a_number_for_each_channel(tmp_path):
    path = tmp_path / "pixels.parquet"
    images = torch.zeros(2, 4, 4, 3, dtype=torch.uint8).numpy()
    write_pixels(path, torch.arange(2).numpy(), images, {"mean": [0.1] * 3, "std": [0.2] * 3})
    assert load_normalization(path).mean == (0.1,) * 3
    chosen = {"mean": [0.4, 0.5, 0.6], "std": [0.2, 0.2, 0.2]}
    assert load_normalization(path, chosen).mean == (0.4, 0.5, 0.6)
    with pytest.raises(UserError, match="1 means and 1 deviations for images of 3 channels"):
        load_normalization(path, {"mean": [0.5], "std": [0.5]})
