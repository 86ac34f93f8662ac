"""Probe points: that each is what it is said to be, whatever the layers after it do."""

import pytest
import torch
from torch import nn

from difficulty.errors import UserError
from difficulty.models.building import build_model
from difficulty.models.probing import ProbePoint, Probes, probe_points, repeated

IMAGES = torch.randn(5, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def probes(architecture, modules=None, **settings):
    model = build_model({"architecture": architecture, **settings}, 3, (32, 32), 4, seed=0).eval()
    with torch.no_grad():
        for module in model.modules():  # so that no batch norm is the identity
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean.uniform_(-0.1, 0.1)
                module.running_var.uniform_(0.5, 2)
    return Probes(model, probe_points(architecture, model, modules))


def test_input_and_softmax_are_always_probed():
    network = probes("mlp")
    activations, predicted = network(IMAGES)
    assert list(activations) == ["input", "linear1", "linear2", "logits", "softmax"]
    torch.testing.assert_close(activations["input"], IMAGES.flatten(1))
    logits = network.model(IMAGES)
    torch.testing.assert_close(activations["logits"], logits)
    torch.testing.assert_close(activations["softmax"], logits.softmax(1))
    assert torch.equal(predicted, logits.argmax(1))
    first = network.model[1](IMAGES.flatten(1))
    assert (first < 0).any()
    torch.testing.assert_close(activations["linear1"], first)


def test_resnet9_is_probed_before_its_activations():
    network = probes("resnet9", width=4)
    assert network.names == ["input", "stem", "down", "block1", "widen", "block2", "narrow", "features", "softmax"]
    activations, _ = network(IMAGES)
    model = network.model
    stem = model.stem[1](model.stem[0](IMAGES))
    torch.testing.assert_close(activations["stem"], stem.flatten(1))
    hidden = model.down(stem.relu())
    torch.testing.assert_close(activations["block1"], (hidden + model.block1.convolutions(hidden)).flatten(1))
    hidden = model.narrow(model.block2(model.pool(model.widen(model.block1(hidden)))))
    torch.testing.assert_close(activations["features"], model.collect(hidden))


@pytest.mark.parametrize("architecture", ["resnet18", "torchvision:resnet18"])
def test_blocks_of_residual_networks_are_probed_before_their_last_relu(architecture):
    network = probes(architecture, **({"width": 4} if architecture == "resnet18" else {}))
    activations, _ = network(IMAGES)
    blocks = [f"layer{stage}.{block}" for stage in (1, 2, 3, 4) for block in (0, 1)]
    assert network.names == ["input", "stem", *blocks, "softmax"]
    model = network.model
    stem = model.bn1(model.conv1(IMAGES))
    torch.testing.assert_close(activations["stem"], stem.flatten(1))
    hidden = model.layer1[0](model.maxpool(stem.relu()))
    block = model.layer1[1]
    total = hidden + block.bn2(block.conv2(block.bn1(block.conv1(hidden)).relu()))
    assert (total < 0).any()  # what a hook after the ReLU, or one that keeps what it overwrites, would not have
    torch.testing.assert_close(activations["layer1.1"], total.flatten(1))


def test_bottlenecks_are_probed_as_other_blocks():
    network = probes("resnet50", width=2)
    counts = {1: 3, 2: 4, 3: 6, 4: 3}
    blocks = [f"layer{stage}.{block}" for stage, count in counts.items() for block in range(count)]
    assert network.names == ["input", "stem", *blocks, "softmax"]
    assert (network(IMAGES, ["layer4.2"])[0]["layer4.2"] < 0).any()


def test_wide_residual_networks_are_probed_at_the_sums_of_their_blocks():
    network = probes("wrn28_10", width=1)
    blocks = [f"group{group}.{block}" for group in (1, 2, 3) for block in range(4)]
    assert network.names == ["input", "stem", *blocks, "norm", "softmax"]
    activations, _ = network(IMAGES)
    model = network.model
    hidden = model.group3(model.group2(model.group1(model.conv1(IMAGES))))
    torch.testing.assert_close(activations["group3.3"], hidden.flatten(1))
    torch.testing.assert_close(activations["norm"], model.norm(hidden).flatten(1))
    block = model.group1[0]
    after = block.conv2(block.bn2(block.conv1(block.bn1(model.conv1(IMAGES)).relu())).relu())
    torch.testing.assert_close(activations["group1.0"], (model.conv1(IMAGES) + after).flatten(1))


@pytest.mark.parametrize("architecture", ["net", "lenet5"])
def test_small_convolutional_networks_are_probed_at_every_layer(architecture):
    network = probes(architecture)
    assert network.names == ["input", "conv1", "conv2", "fc1", "fc2", "logits", "softmax"]
    activations, _ = network(IMAGES)
    torch.testing.assert_close(activations["conv1"], network.model.conv1(IMAGES).flatten(1))
    torch.testing.assert_close(activations["logits"], network.model(IMAGES))


def test_vgg16_and_densenet121_are_probed_as_torchvisions_are():
    vgg = probes("vgg16", width=2)
    assert vgg.names == ["input", *(f"conv{number}" for number in range(1, 14)), "softmax"]
    torch.testing.assert_close(vgg(IMAGES)[0]["conv1"], vgg.model.features[0](IMAGES).flatten(1))
    dense = probes("densenet121", width=2)
    blocks = [f"{kind}{number}" for number in (1, 2, 3) for kind in ("denseblock", "transition")]
    assert dense.names == ["input", "stem", *blocks, "denseblock4", "norm5", "softmax"]
    torch.testing.assert_close(dense(IMAGES)[0]["norm5"], dense_features(dense.model).flatten(1))


def test_other_networks_of_torchvision():
    vgg = probes("torchvision:vgg11")
    assert vgg.names == ["input", *(f"conv{number}" for number in range(1, 9)), "softmax"]
    activations, _ = vgg(IMAGES)
    torch.testing.assert_close(activations["conv1"], vgg.model.features[0](IMAGES).flatten(1))
    dense = probes("torchvision:densenet121")
    assert dense.names[1:4] == ["stem", "denseblock1", "transition1"]
    assert dense.names[-2:] == ["norm5", "softmax"]
    activations, _ = dense(IMAGES)
    torch.testing.assert_close(activations["norm5"], dense_features(dense.model).flatten(1))
    with pytest.raises(UserError, match=r"where to probe it is not known; name modules under .*probes, e\.g\. conv1"):
        probes("torchvision:shufflenet_v2_x0_5")
    chosen = probes("torchvision:shufflenet_v2_x0_5", ["stage2", "conv5"])
    assert chosen.names == ["input", "stage2", "conv5", "softmax"]
    with pytest.raises(UserError, match="has no module 'stage22'; try stage2"):
        probes("torchvision:shufflenet_v2_x0_5", ["stage22"])


def dense_features(model):
    """The last batch norm's output, which torchvision's ReLU after it overwrites."""
    with torch.inference_mode():
        return model.features(IMAGES)


def test_only_what_is_wanted_is_kept():
    network = probes("resnet9", width=4)
    activations, _ = network(IMAGES, ["softmax", "stem"])
    assert list(activations) == ["softmax", "stem"]
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.model.modules())


def test_the_same_activations_are_found():
    model = nn.Sequential(nn.Flatten(), nn.Linear(3072, 8), nn.Dropout(), nn.Linear(8, 4))
    points = [ProbePoint("flat", "0"), ProbePoint("hidden", "1"), ProbePoint("dropout", "2"), ProbePoint("logits", "3")]
    activations, _ = Probes(model, points)(IMAGES)
    assert repeated(activations) == {"flat": "input", "dropout": "hidden"}


def test_a_module_that_is_not_run_is_told():
    network = probes("torchvision:resnet18")
    network.model.unused = nn.Identity()
    with pytest.raises(UserError, match="does not run its module 'idle'"):
        Probes(network.model, [ProbePoint("idle", "unused")])(IMAGES)
