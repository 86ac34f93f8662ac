"""Networks are what their papers say, for the images that they are given."""

import pytest
import torch
import torchvision
from torch import nn

from difficulty.errors import UserError
from difficulty.models.building import FeatureTap, build_model, final_linear, load_weights, set_training_mode
from difficulty.models.inference import inference_copy


def build(architecture="resnet9", channels=3, size=(32, 32), classes=10, seed=0, **settings):
    return build_model({"architecture": architecture, **settings}, channels, size, classes, seed)


def parameters(model):
    return sum(parameter.numel() for parameter in model.parameters())


def test_resnet9_has_the_published_number_of_parameters():
    assert parameters(build()) == 2_274_880


def test_resnet18_is_torchvisions():
    torch.manual_seed(0)
    reference = torchvision.models.resnet18(num_classes=10)
    model = build("resnet18", stem="imagenet", size=(64, 64))
    model.load_state_dict(reference.state_dict())
    images = torch.randn(2, 3, 64, 64)
    torch.testing.assert_close(model.eval()(images), reference.eval()(images))


def test_mlp_counts():
    assert parameters(build("mlp", 1, (8, 8), width=32, depth=3)) == 65 * 32 + 2 * 33 * 32 + 33 * 10


@pytest.mark.parametrize("size", [(6, 6), (8, 8), (10, 10), (11, 11), (28, 28), (33, 47)])
@pytest.mark.parametrize("channels", [1, 3])
def test_resnet9_takes_any_size(size, channels):
    assert build(channels=channels, size=size, width=4)(torch.randn(2, channels, *size)).shape == (2, 10)


def test_resnet9_names_images_that_are_too_small():
    with pytest.raises(UserError, match="at least 6 x 6 pixels, not 5 x 9"):
        build(size=(5, 9))


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


ARCHITECTURES = ["resnet9", "resnet18", "mlp", "torchvision:densenet121", "torchvision:mobilenet_v3_small"]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_inference_copy_gives_the_same_logits_and_leaves_the_network_alone(architecture):
    model = build(architecture, **({"width": 8} if architecture in ("resnet9", "resnet18") else {}))
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
    if architecture == "resnet9":
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
