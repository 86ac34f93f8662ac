"""Networks whose batch norm is folded: the same function, and the gradients of the original."""

import pytest
import torch
from torch import nn

from difficulty.models.building import build_model
from difficulty.models.folding import folded
from difficulty.scores.influence.layer_passes import FoldedNetwork, layer_calls, summed_loss
from difficulty.scores.influence.tracked_layers import tracked_layers

EXACT = 1e-9  # float64, relative to the largest value


def assert_close(found, expected):
    torch.testing.assert_close(found, expected, rtol=0, atol=EXACT * expected.abs().max().item())


def with_statistics(model: nn.Module) -> nn.Module:
    """In float64, with batch norm of arbitrary statistics, in evaluation mode."""
    draws = torch.Generator().manual_seed(0)
    for module in model.double().modules():
        if isinstance(module, nn.BatchNorm2d) and module.track_running_stats:
            module.running_mean.normal_(generator=draws)
            module.running_var.uniform_(0.5, 2, generator=draws)
            if module.affine:
                with torch.no_grad():
                    module.weight.normal_(generator=draws)
                    module.bias.normal_(generator=draws)
    return model.eval()


class Odd(nn.Module):
    """Batch norm that can be folded, without and with a bias before it, and that cannot."""

    def __init__(self):
        super().__init__()
        self.first = nn.Sequential(nn.BatchNorm2d(2), nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4, affine=False), nn.ReLU())
        self.twice, self.norm = nn.Conv2d(4, 4, 1), nn.BatchNorm2d(4)
        self.seen, self.last = nn.Conv2d(4, 6, 3, groups=2, bias=False), nn.BatchNorm2d(6)
        self.batch = nn.BatchNorm2d(6, track_running_stats=False)
        self.linear = nn.Linear(6, 3)

    def forward(self, images):
        hidden = self.norm(self.twice(self.norm(self.twice(self.first(images)))))
        seen = self.seen(hidden)
        hidden = self.last(seen) + seen.tanh()
        return self.linear(hidden.mean((2, 3)))


def networks():
    images = torch.randn(5, 3, 32, 32, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    for architecture in ("resnet9", "resnet18", "resnet50", "vgg16", "wrn28_10", "densenet121"):
        model = build_model({"architecture": architecture, "width": 4, "stem": "cifar"}, 3, (32, 32), 10, seed=0)
        yield pytest.param(with_statistics(model), images, id=architecture)
    yield pytest.param(with_statistics(Odd()), images[:, :2, :9, :9].contiguous(), id="odd")


@pytest.mark.parametrize(("model", "images"), list(networks()))
def test_folded_networks_give_the_same_logits(model, images):
    before = [parameter.clone() for parameter in model.state_dict().values()]
    copy, scales = folded(model)
    assert_close(copy(images), model(images))
    assert scales
    for old, new in zip(before, model.state_dict().values(), strict=True):
        torch.testing.assert_close(old, new, rtol=0, atol=0)


@pytest.mark.parametrize(("model", "images"), list(networks()))
def test_gradients_times_their_scales_are_those_of_the_network(model, images):
    layers = tracked_layers(model)
    labels = torch.arange(5) % 3
    expected = layer_calls(model, layers, images, labels, summed_loss)
    network = FoldedNetwork.of(model, layers)
    found = network.calls(images, labels, summed_loss)
    for layer in layers:
        scale = network.scales.get(layer.name, torch.ones(layer.groups, layer.outputs, dtype=torch.float64)).flatten()
        for own, other in zip(found[layer.name], expected[layer.name], strict=True):
            assert_close(own.inputs, other.inputs)
            form = (1, -1, 1, 1) if layer.kind == "conv2d" else (1, -1)
            assert_close(own.gradients * scale.view(form), other.gradients)


def test_only_what_sees_a_convolution_alone_is_folded():
    _, scales = folded(with_statistics(Odd()))
    assert scales.keys() == {"first.1"}


def test_a_network_that_cannot_be_traced_is_used_as_it_is():
    class Branching(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(4, 3)

        def forward(self, images):
            return self.linear(images if images.sum() > 0 else -images)

    model = Branching().eval()
    assert FoldedNetwork.of(model, tracked_layers(model)).model is model


class Shared(nn.Module):
    """A ReLU in two places, one of which sees what is needed later; a convolution whose weight is read elsewhere."""

    def __init__(self):
        super().__init__()
        self.first, self.norm = nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4)
        self.second, self.other = nn.Conv2d(4, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4)
        self.relu, self.linear = nn.ReLU(), nn.Linear(4, 3)

    def forward(self, images):
        seen = self.relu(self.norm(self.first(images)))
        hidden = self.other(self.second(seen)) + nn.functional.conv2d(seen, self.second.weight)[..., :1, :1]
        return self.linear((hidden + self.relu(hidden)).mean((2, 3)))


def test_what_is_used_in_several_places_stays_as_it_is():
    model = with_statistics(Shared())
    images = torch.randn(5, 3, 8, 8, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    copy, scales = folded(model)
    assert scales.keys() == {"first"} and not copy.relu.inplace
    assert_close(copy(images), model(images))


def test_bfloat16_is_folded_in_float32():
    model = with_statistics(build_model({"architecture": "resnet9", "width": 4}, 3, (32, 32), 10, seed=0)).bfloat16()
    copy, scales = folded(model)
    expected, _ = folded(model.float())
    for name, scale in scales.items():
        assert scale.dtype == torch.float32
        own, other = copy.get_submodule(name).weight, expected.get_submodule(name).weight
        assert own.dtype == torch.bfloat16
        torch.testing.assert_close(own, other.bfloat16(), rtol=0, atol=0)
