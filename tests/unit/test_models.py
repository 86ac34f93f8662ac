"""Networks are what their papers say, for the images that they are given."""

import json

import pytest
import torch
import torchvision
from torch import nn

from difficulty.config.training.architectures import settings_of
from difficulty.errors import UserError
from difficulty.models.building import (
    FeatureTap,
    build_model,
    description,
    final_linear,
    load_weights,
    rebuild_model,
    set_training_mode,
)
from difficulty.models.inference import inference_copy
from difficulty.random_streams import derived_seed

# Architecture -> a width with which it is quickly built, None where it has none.
SMALL = {
    "mlp": 8,
    "net": None,
    "lenet5": None,
    "resnet9": 4,
    "resnet18": 4,
    "resnet50": 2,
    "vgg16": 4,
    "wrn28_10": 1,
    "densenet121": 2,
}
TORCHVISIONS = {"resnet18": "resnet18", "resnet50": "resnet50", "vgg16": "vgg16_bn", "densenet121": "densenet121"}


def build(architecture="resnet9", channels=3, size=(32, 32), classes=10, seed=0, **settings):
    return build_model({"architecture": architecture, **settings}, channels, size, classes, seed)


def small(architecture, channels=3, size=(32, 32), **settings):
    if SMALL[architecture] is not None:
        settings = {"width": SMALL[architecture], **settings}
    return build(architecture, channels, size, **settings)


def parameters(model):
    return sum(parameter.numel() for parameter in model.parameters())


def shapes(model):
    return {name: tuple(value.shape) for name, value in model.state_dict().items()}


def randomized(model):
    """With weights drawn so that activations neither vanish nor explode."""
    model, draws = model.to_empty(device="cpu"), torch.Generator().manual_seed(0)
    for name, value in model.state_dict().items():
        if value.ndim > 1:
            bound = (6 / value[0].numel()) ** 0.5
            value.uniform_(-bound, bound, generator=draws)
        elif value.is_floating_point():
            value.uniform_(0.5 if name.endswith("var") else -0.5, 1.5, generator=draws)
        else:
            value.zero_()
    return model.eval()


@pytest.mark.parametrize(
    ("architecture", "channels", "side", "classes", "settings", "published"),
    [
        ("net", 3, 32, 10, {}, 62_006),
        ("lenet5", 1, 32, 10, {}, 61_706),
        ("lenet5", 1, 28, 10, {}, 61_706),
        ("resnet9", 3, 32, 10, {}, 2_274_880),
        ("resnet18", 3, 32, 10, {}, 11_173_962),  # this and the next two: github.com/kuangliu/pytorch-cifar
        ("resnet50", 3, 32, 10, {}, 23_520_842),
        ("vgg16", 3, 32, 10, {}, 14_728_266),
        ("resnet18", 3, 224, 1000, {}, 11_689_512),  # this and the next three: torchvision's documentation
        ("resnet50", 3, 224, 1000, {}, 25_557_032),
        ("vgg16", 3, 224, 1000, {}, 138_365_992),
        ("densenet121", 3, 224, 1000, {}, 7_978_856),
        ("densenet121", 3, 32, 1000, {}, 7_978_856 - 3 * 64 * (7 * 7 - 3 * 3)),
        ("wrn28_10", 3, 32, 10, {}, 36_479_194),
        ("wrn28_10", 3, 32, 10, {"width": 2}, 1_467_610),  # WRN-28-2 (Oliver et al. 2018: 1.5 million)
    ],
)
def test_numbers_of_parameters_are_those_published(architecture, channels, side, classes, settings, published):
    with torch.device("meta"):
        model = build(architecture, channels, (side, side), classes, **settings)
    assert parameters(model) == published


@pytest.mark.parametrize(("architecture", "name"), TORCHVISIONS.items())
def test_with_the_imagenet_stem_weights_of_torchvision_fit_and_give_the_same_logits(architecture, name):
    with torch.device("meta"):
        reference, model = torchvision.models.get_model(name), build(architecture, size=(224, 224), classes=1000)
    assert list(shapes(model).items()) == list(shapes(reference).items())
    state = randomized(reference).state_dict()
    model.load_state_dict(state, assign=True)
    images = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        logits = reference(images)
        assert logits.std() > 0.1
        torch.testing.assert_close(model.eval()(images), logits, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("architecture", ["resnet18", "densenet121"])
def test_initial_weights_are_those_that_torchvision_draws(architecture):
    torch.manual_seed(derived_seed(3, "initialization"))
    reference = torchvision.models.get_model(architecture, num_classes=10).state_dict()
    own = build(architecture, size=(64, 64), seed=3).state_dict()
    assert all(torch.equal(own[name], value) for name, value in reference.items())


def test_mlp_counts():
    assert parameters(build("mlp", 1, (8, 8), width=32, depth=3)) == 65 * 32 + 2 * 33 * 32 + 33 * 10


@pytest.mark.parametrize("size", [(6, 6), (8, 8), (10, 10), (11, 11), (28, 28), (33, 47)])
@pytest.mark.parametrize("channels", [1, 3])
def test_resnet9_takes_any_size(size, channels):
    assert build(channels=channels, size=size, width=4)(torch.randn(2, channels, *size)).shape == (2, 10)


def test_images_that_are_too_small_are_named_with_a_remedy():
    with pytest.raises(UserError, match="at least 6 x 6 pixels, not 5 x 9: use mlp"):
        build(size=(5, 9))
    with pytest.raises(UserError, match="net needs images of at least 16 x 16 pixels, not 32 x 15: use lenet5 or mlp"):
        build("net", size=(32, 15))
    with pytest.raises(UserError, match=r"the stem cifar needs .* at least 8 x 8 pixels, not 7 x 7: use resnet18"):
        build("densenet121", size=(7, 7))
    with pytest.raises(UserError, match=r"the stem imagenet needs .* 29 x 29 pixels, not 28 x 28: set stem: cifar"):
        build("densenet121", size=(28, 28), stem="imagenet")


@pytest.mark.parametrize(
    ("architecture", "size", "settings"),
    [
        ("net", (16, 16), {}),
        ("net", (33, 47), {}),
        ("lenet5", (8, 8), {}),
        ("lenet5", (31, 50), {}),
        ("resnet50", (5, 8), {}),
        ("resnet50", (33, 47), {"stem": "imagenet"}),
        ("vgg16", (1, 2), {}),
        ("vgg16", (28, 31), {}),
        ("vgg16", (64, 64), {}),
        ("wrn28_10", (5, 8), {}),
        ("wrn28_10", (33, 47), {}),
        ("densenet121", (8, 9), {}),
        ("densenet121", (29, 30), {"stem": "imagenet"}),
    ],
)
@pytest.mark.parametrize("channels", [1, 4])
def test_images_of_any_size_and_number_of_channels(architecture, size, settings, channels):
    images = torch.randn(2, channels, *size)
    assert small(architecture, channels, size, **settings)(images).shape == (2, 10)


def test_lenet5_puts_two_pixels_around_28():
    padded, model = small("lenet5", 1, (32, 32)), small("lenet5", 1, (28, 28))
    images = torch.randn(2, 1, 28, 28)
    torch.testing.assert_close(model(images), padded(nn.functional.pad(images, (2, 2, 2, 2))))


def test_only_poolings_that_leave_something_are_in_vgg16():
    for side, poolings in ((1, 0), (4, 2), (31, 4), (32, 5), (64, 5)):
        features = small("vgg16", size=(side, side)).features
        assert sum(isinstance(layer, nn.MaxPool2d) for layer in features) == poolings
        assert features(torch.randn(2, 3, side, side)).shape[2:] == (side >> poolings, side >> poolings)


def test_which_architectures_have_a_width():
    assert all(("width" in settings_of(name)) == (width is not None) for name, width in SMALL.items())


@pytest.mark.parametrize("architecture", SMALL)
def test_saved_networks_are_built_again_and_have_features_and_gradients(architecture):
    settings = {"architecture": architecture} | ({"width": SMALL[architecture]} if SMALL[architecture] else {})
    model = small(architecture, seed=5).eval()
    about = description({**settings, "epochs": 3}, 3, (32, 32), 10, [0.5], [0.5])
    again = rebuild_model(json.loads(about), model.state_dict())
    tap, images = FeatureTap(again), torch.randn(3, 3, 32, 32, requires_grad=True)
    logits = again(images)
    torch.testing.assert_close(logits, model(images), rtol=0, atol=0)
    scale = getattr(again, "output_scale", 1.0)
    torch.testing.assert_close(final_linear(again)(tap.features) * scale, logits)
    (gradients,) = torch.autograd.grad(logits.sum(), images)
    assert (gradients.flatten(1).abs().amax(1) > 0).all()


def test_torchvision_by_name():
    model = build("torchvision:squeezenet1_1".replace("squeezenet1_1", "mobilenet_v3_small"), 1, (32, 32), 7)
    assert model(torch.randn(2, 1, 32, 32)).shape == (2, 7)
    with pytest.raises(UserError, match="no classification network 'resnet19'"):
        build("torchvision:resnet19")


def test_initialisation_is_a_function_of_the_seed_and_leaves_the_global_generator_alone():
    torch.manual_seed(5)
    state = torch.get_rng_state()
    first, same, other = (build(width=4, seed=seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[name], same[name]) for name in first)
    assert not torch.equal(first["linear.weight"], other["linear.weight"])
    assert torch.equal(torch.get_rng_state(), state)


def test_feature_tap_gives_the_input_of_the_last_layer():
    model = build(width=4).eval()
    tap = FeatureTap(model)
    logits = model(torch.randn(3, 3, 32, 32))
    torch.testing.assert_close(tap.features @ final_linear(model).weight.T * model.output_scale, logits)


@pytest.mark.parametrize("architecture", [*SMALL, "torchvision:mobilenet_v3_small"])
def test_inference_copy_gives_the_same_logits_and_leaves_the_network_alone(architecture):
    model = small(architecture) if architecture in SMALL else build(architecture)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(std=0.1)
            module.running_var.uniform_(0.5, 2)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    in_place = [module.inplace for module in model.modules() if isinstance(module, nn.ReLU)]
    images = torch.randn(4, 3, 32, 32)
    with torch.no_grad():
        copy = inference_copy(model)
        torch.testing.assert_close(copy(images), model(images), rtol=1e-4, atol=1e-4)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert [module.inplace for module in model.modules() if isinstance(module, nn.ReLU)] == in_place
    if architecture in ("resnet9", "resnet18", "resnet50", "vgg16"):
        assert not any(isinstance(module, nn.BatchNorm2d) for module in copy.modules())


def test_a_network_that_cannot_be_traced_is_evaluated_as_it_is():
    class Branching(nn.Module):
        def forward(self, inputs):
            return inputs if inputs.sum() > 0 else -inputs

    model = nn.Sequential(Branching(), nn.Linear(2, 2))
    assert inference_copy(model) is model and not model.training


def test_frozen_backbone_trains_the_last_layer_only_and_keeps_its_batch_norm():
    model = build(width=4, freeze="backbone")
    set_training_mode(model)
    assert [name for name, p in model.named_parameters() if p.requires_grad] == ["linear.weight"]
    before = {name: value.clone() for name, value in model.state_dict().items()}
    model(torch.randn(8, 3, 32, 32))
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_weights_of_another_number_of_classes_keep_a_fresh_last_layer(tmp_path):
    torch.save({"state_dict": build(width=4, classes=5).state_dict()}, tmp_path / "w.pt")
    model = build(width=4, classes=10, seed=3, weights=str(tmp_path / "w.pt"))
    assert torch.equal(model.stem[0].weight, build(width=4, classes=5).stem[0].weight)
    assert torch.equal(model.linear.weight, build(width=4, classes=10, seed=3).linear.weight)


@pytest.mark.parametrize("content", [b"", b"rubbish", b"\x80\x04\x95"])
def test_bad_weights_are_named(tmp_path, content):
    for name in ("w.pt", "w.safetensors"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UserError, match=rf"{name}: weights"):
            load_weights(build(width=4), tmp_path / name)


def test_weights_that_execute_code_are_refused(tmp_path):
    torch.save({"x": print}, tmp_path / "w.pt")
    with pytest.raises(UserError, match="cannot be read"):
        load_weights(build(width=4), tmp_path / "w.pt")
    with pytest.raises(UserError, match="no such file"):
        load_weights(build(width=4), tmp_path / "none.pt")


@pytest.mark.parametrize("name", ["googlenet", "inception_v3"])
def test_auxiliary_classifiers_are_left_out(name):
    model = build(f"torchvision:{name}", 3, (96, 96), 7).train()
    logits = model(torch.randn(2, 3, 96, 96))
    assert logits.shape == (2, 7)
    logits.sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
