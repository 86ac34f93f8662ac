"""What layers see: patches, per-example gradients and covariances, against autograd and unfolding."""

import itertools

import pytest
import torch
from torch import nn
from torch.nn.functional import unfold

from difficulty.scores.influence import covariances
from difficulty.scores.influence.covariances import PatchCovariance
from difficulty.scores.influence.example_gradients import Bases, example_numbers, positions
from difficulty.scores.influence.layer_passes import layer_calls, sampling_loss, summed_loss, summed_negative_margin
from difficulty.scores.influence.tracked_layers import patches, tracked_layers
from difficulty.scores.influence.workspace import Workspace
from tests.support.influence_networks import explicit_gradients, varied_data, varied_network

EXACT = 1e-12  # float64, relative to the largest value
SAME = 2e-6  # float32 in another order of summing, relative to the largest value
MUCH = 1 << 28


def assert_close(found, expected, tolerance=EXACT):
    torch.testing.assert_close(found, expected, rtol=0, atol=tolerance * expected.abs().max().item())


def gradients_of(model, layer, calls, bases=None, memory=MUCH):
    parts = [seen.gradient(bases).clone() for _, seen in positions(layer, calls[layer.name], memory, Workspace())]
    return torch.cat(parts, 1)


def random_bases(layer):
    """Orthogonal matrices."""
    sizes = (layer.inputs, layer.outputs)
    turns = [torch.linalg.qr(torch.randn(layer.groups, d, d, dtype=torch.float64))[0] for d in sizes]
    return Bases(*turns, *(torch.ones(layer.groups, d, dtype=torch.float64) for d in sizes))


@pytest.mark.parametrize("objective", [summed_loss, summed_negative_margin])
def test_gradients_of_every_kind_of_layer_are_those_of_autograd(objective):
    model, (images, labels) = varied_network(), varied_data()
    layers = tracked_layers(model)
    assert [layer.name for layer in layers] == ["strided", "grouped", "dilated", "twice", "mixed", "plain"]
    expected = explicit_gradients(model, layers, images, labels, objective)
    calls = layer_calls(model, layers, images, labels, objective)
    for layer in layers:
        assert_close(gradients_of(model, layer, calls), expected[layer.name])


@pytest.mark.parametrize(
    "convolution",
    [
        nn.Conv2d(3, 4, 1),
        nn.Conv2d(3, 4, 1, bias=False),
        nn.Conv2d(3, 4, 3, padding="same", bias=False),
        nn.Conv2d(3, 4, 4, padding="same"),  # one more column of zeros after than before
        nn.Conv2d(3, 4, 3, padding="valid"),
        nn.Conv2d(3, 4, 3, stride=(2, 3), padding=(0, 1)),
        nn.Conv2d(3, 4, 3, dilation=2, padding=2, stride=2),
        nn.Conv2d(4, 8, (1, 3), groups=4),
        nn.Conv2d(4, 6, 3, groups=2, stride=2, padding=1, bias=False),
    ],
    ids=lambda module: str(module)[6:],
)
@pytest.mark.filterwarnings("ignore:Using padding='same'")
def test_convolutions_are_products_of_patches_and_weights(convolution):
    model = nn.Sequential(convolution, nn.Flatten(), nn.LazyLinear(3)).double()
    images = torch.randn(5, convolution.in_channels, 7, 8, dtype=torch.float64)
    model(images)
    model.eval()
    layer = tracked_layers(model, ["0"])[0]
    weight = convolution.weight.permute(0, 2, 3, 1).reshape(layer.groups, layer.outputs, -1)
    if layer.bias:
        weight = torch.cat([weight, convolution.bias.reshape(layer.groups, layer.outputs, 1)], 2)
    seen = patches(layer, images)
    assert seen.shape == (layer.groups, 5, layer.places(images), layer.inputs)
    outputs = (seen @ weight[:, None].mT).permute(1, 0, 3, 2).reshape(convolution(images).shape)
    assert_close(outputs, convolution(images))
    labels = torch.tensor([0, 1, 2, 1, 0])
    calls = layer_calls(model, [layer], images, labels, summed_loss)
    assert_close(gradients_of(model, layer, calls), explicit_gradients(model, [layer], images, labels)["0"])


def test_gradients_are_turned_into_a_basis_whichever_way_is_cheaper():
    """Among the layers are more positions than inputs, than outputs, than both, fewer than both, and one."""
    model, (images, labels) = varied_network(), varied_data()
    layers = tracked_layers(model)
    calls = layer_calls(model, layers, images, labels, summed_loss)
    expected = explicit_gradients(model, layers, images, labels)
    for layer in layers:
        bases = random_bases(layer)
        turned = bases.outputs.mT[:, None] @ expected[layer.name] @ bases.inputs[:, None]
        assert_close(gradients_of(model, layer, calls, bases), turned)
        weights = torch.rand(turned[:, 0].shape, dtype=torch.float64)
        for _, seen in positions(layer, calls[layer.name], MUCH, Workspace()):
            assert_close(seen.squares(bases), turned.square().sum(1))
            assert_close(seen.weighted_squares(weights, bases), (weights[:, None] * turned**2).sum((0, 2, 3)))
            assert_close(seen.weighted_squares(None), (expected[layer.name] ** 2).sum((0, 2, 3)))


def test_blocks_of_examples_fit_into_the_memory():
    model, (images, labels) = varied_network(), varied_data()
    layers = tracked_layers(model)
    calls = layer_calls(model, layers, images, labels, summed_loss)
    for layer in layers:
        whole = gradients_of(model, layer, calls)
        size = 8 * example_numbers(layer, calls[layer.name])
        parts = list(positions(layer, calls[layer.name], 5 * size, Workspace()))
        assert [rows.indices(12)[:2] for rows, _ in parts] == [(0, 5), (5, 10), (10, 12)]
        assert_close(gradients_of(model, layer, calls, memory=5 * size), whole)
        assert_close(gradients_of(model, layer, calls, memory=1), whole)


def fitting_shapes():
    """Sizes of images, padding, kernel and stride, where the kernel is not larger than the padded image."""
    sizes, kernels = (
        [(8, 8), (5, 4), (2, 2), (1, 1), (7, 12)],
        [((3, 3), 1), ((5, 5), 2), ((2, 3), (1, 2)), ((4, 4), 3)],
    )
    for size, padding, (kernel, stride) in itertools.product(sizes, (0, 1, 2), kernels):
        if all(n + 2 * padding >= k for n, k in zip(size, kernel, strict=True)):
            yield size, padding, kernel, stride


@pytest.mark.parametrize(("size", "padding", "kernel", "stride"), list(fitting_shapes()))
def test_covariance_by_shifts_is_that_of_patches(monkeypatch, size, padding, kernel, stride):
    convolution = nn.Conv2d(3, 2, kernel, stride, padding, bias=False)
    monkeypatch.setattr(covariances, "_shifts_pay", lambda *_: True)
    layer = tracked_layers(nn.Sequential(convolution))[0]
    images = torch.randn(4, 3, *size, dtype=torch.float64)
    columns = unfold(images, convolution.kernel_size, padding=padding, stride=stride)  # channels first
    columns = columns.unflatten(1, (3, -1)).transpose(1, 2).flatten(1, 2)
    expected = torch.einsum("nit,njt->ij", columns, columns)[None]
    sums = PatchCovariance(layer, MUCH, Workspace())
    sums.add(images[:3])
    sums.add(images[3:])
    assert sums.positions == columns.shape[0] * columns.shape[2]
    assert_close(sums.total(), expected)


def test_covariance_by_shifts_is_that_of_patches_in_float32():
    convolution = nn.Conv2d(32, 2, 3, padding=1, bias=False)
    layer, images = tracked_layers(nn.Sequential(convolution))[0], torch.randn(16, 32, 8, 8).relu()
    assert covariances._shifts_pay(layer, 8, 8)
    sums = PatchCovariance(layer, MUCH, Workspace())
    sums.add(images)
    seen = patches(layer, images).flatten(1, 2)
    assert_close(sums.total(), seen.mT @ seen, SAME)


@pytest.mark.parametrize("memory", [MUCH, 1])
def test_covariance_of_patches_that_take_several_blocks(monkeypatch, memory):
    monkeypatch.setattr(covariances, "_BLOCK", 7)
    model, (images, labels) = varied_network(), varied_data()
    for layer in tracked_layers(model):
        seen = layer_calls(model, [layer], images, labels, summed_loss)[layer.name]
        sums = PatchCovariance(layer, memory, Workspace())
        for call in seen:
            sums.add(call.inputs)
        rows = torch.cat([patches(layer, call.inputs) for call in seen], 2).flatten(1, 2)
        assert_close(sums.total(), rows.mT @ rows)
        assert sums.positions == rows.shape[1]


def test_the_margin_measures_the_label_against_all_others():
    logits, labels = torch.tensor([[1.0, 2.0, 0.5], [0.0, 0.0, 4.0]]), torch.tensor([1, 2])
    probability = logits.softmax(1)[torch.arange(2), labels]
    torch.testing.assert_close(summed_negative_margin(logits, labels), -(probability / (1 - probability)).log().sum())


def test_sampled_labels_follow_the_softmax_and_the_position_alone():
    logits = torch.tensor([2.0, 0.0, 1.0, -30.0]).log_softmax(0).expand(20_000, 4).clone().requires_grad_()
    labels = torch.zeros(len(logits), dtype=torch.int64)
    given = torch.autograd.grad(sampling_loss("empirical", 0, 0)(logits, labels), logits)[0]
    assert (given[:, 0] < 0).all()

    def drawn(first, rows):
        gradients = torch.autograd.grad(sampling_loss("sampled", 3, first)(logits[rows], labels[rows]), logits)[0]
        return gradients[rows].argmin(1)  # the gradient is softmax less one at the label

    everyone = drawn(0, slice(None))
    assert torch.equal(everyone[7:5000], drawn(7, slice(7, 5000)))
    shares = everyone.bincount(minlength=4) / len(everyone)
    torch.testing.assert_close(shares, logits[0].detach().exp(), rtol=0, atol=0.01)


def test_no_parameter_gets_a_gradient_and_the_network_is_left_as_it_was():
    model, (images, labels) = varied_network(), varied_data()
    model.twice.weight.requires_grad_(False)
    wanted = [parameter.requires_grad for parameter in model.parameters()]
    layer_calls(model, tracked_layers(model), images, labels, summed_loss)
    with pytest.raises(RuntimeError):
        layer_calls(model, tracked_layers(model), images[:, :1], labels, summed_loss)
    assert all(parameter.grad is None for parameter in model.parameters())
    assert [parameter.requires_grad for parameter in model.parameters()] == wanted
    assert not any(module._forward_hooks for module in model.modules())


class Odd(nn.Module):
    """Layers that cannot be tracked, each in its way."""

    def __init__(self, fault: str):
        super().__init__()
        self.fault = fault
        self.first, self.second = nn.Linear(4, 4), nn.Linear(4, 4)
        if fault == "the same weight":
            self.second.weight = self.first.weight

    def forward(self, rows):
        hidden = self.first(rows)
        if self.fault == "takes no part":
            return hidden
        if self.fault == "cannot be told apart":
            return self.second(hidden.view(-1, 2, 4).sum(1)).repeat_interleave(2, 0)
        result = self.second(hidden)
        if self.fault == "changed in place":
            hidden += 1
        return result


@pytest.mark.parametrize("fault", ["the same weight", "takes no part", "cannot be told apart", "changed in place"])
def test_layers_that_cannot_be_tracked_are_told(fault):
    model = Odd(fault).eval()
    with pytest.raises(ValueError, match=fault):
        layer_calls(model, tracked_layers(model), torch.randn(4, 4), torch.arange(4), summed_loss)
    assert layer_calls(model, tracked_layers(model, ["first"]), torch.randn(4, 4), torch.arange(4), summed_loss)


@pytest.mark.parametrize(
    ("model", "modules", "text"),
    [
        (
            nn.Sequential(nn.Conv2d(1, 2, 3, padding=1, padding_mode="reflect")),
            None,
            "0: padding_mode 'reflect' is not",
        ),
        (nn.Sequential(nn.ReLU()), None, "no linear layer or convolution that could be tracked"),
        (nn.Sequential(nn.ReLU()), ["0"], "has no linear layer or convolution"),
        (varied_network(), ["plane"], "has no linear layer or convolution 'plane'; did you mean 'plain'"),
    ],
)
def test_wrong_layers_are_told(model, modules, text):
    with pytest.raises(ValueError, match=text):
        tracked_layers(model, modules)
