"""Logits and what follows from them are exact to rounding, however sure the network is and in whatever it computes."""

from decimal import Decimal, localcontext

import numpy as np
import pytest
import torch

from difficulty.datasets.loading import Normalization
from difficulty.devices import autocast, choose_device
from difficulty.models.building import build_model, final_linear
from difficulty.models.classifier import Classifier, cross_entropy, log_probabilities
from difficulty.models.inference import inference_copy
from difficulty.saved_runs.influence import in_precision
from difficulty.scores.influence.layer_passes import layer_calls, summed_loss
from difficulty.scores.influence.tracked_layers import tracked_layers
from difficulty.training.outcomes import example_outcomes
from difficulty.training.passes import LabelledImages, predict_logits
from difficulty.training.set_outcomes import set_loss

SURE = [(40.0, 0.0), (200.0, 0.0, -3.0), (0.0, 17.5, 17.0), (-60.0, 20.0, 0.0, 1.0), (3.0, 3.0, 3.0), (1e4, 0.0)]
KINDS = [torch.float32, torch.float64]


def exact(logits, label):
    """Outcomes of one example with 400 digits."""
    with localcontext(prec=400):
        weights = [Decimal(logit).exp() for logit in logits]
        p = [weight / sum(weights) for weight in weights]
        errors = [each - (number == label) for number, each in enumerate(p)]
        return {
            "probability": p[label],
            "loss": -p[label].ln(),
            "el2n": sum(error**2 for error in errors).sqrt(),
            "entropy": -sum(each * each.ln() for each in p),
        }


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("logits", SURE)
def test_outcomes_of_sure_predictions(logits, kind):
    spread = max(logits) - min(logits)
    rounding = torch.finfo(kind).eps * min(max(8, spread), 1000)  # exp multiplies the rounding of what it is taken of
    for label in range(len(logits)):
        found = example_outcomes(torch.tensor([logits], dtype=kind), torch.ones(1, 1), torch.tensor([label]))
        for name, value in exact(logits, label).items():
            smallest = torch.finfo(kind).tiny  # what is less is stored as 0, or with fewer digits
            assert found[name].dtype == kind
            assert found[name].item() == pytest.approx(float(value), rel=rounding, abs=smallest), name


def test_forty_against_nothing_is_not_zero():
    found = example_outcomes(torch.tensor([[40.0, 0.0]]), torch.ones(1, 1), torch.tensor([0]))
    assert found["loss"].item() == pytest.approx(4.248354e-18, rel=1e-6)
    assert found["el2n"].item() == pytest.approx(2**0.5 * 4.248354e-18, rel=1e-6)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("logits", [(40.0, -40.0, 60.0), (17.0, -20.0, 2.0), (-80.0, 1.0, 0.5)])
def test_outcomes_of_sure_sets(logits, sign):
    logits = [sign * logit for logit in logits]
    targets = (1.0, 0.0, 1.0)
    found = example_outcomes(torch.tensor([logits]), torch.ones(1, 1), torch.tensor([targets]))
    with localcontext(prec=200):
        shares = [1 / (1 + Decimal(-logit).exp()) for logit in logits]
        right = [share if target else 1 - share for share, target in zip(shares, targets, strict=True)]
        expected = {
            "loss": -sum(each.ln() for each in right) / 3,
            "el2n": sum((1 - each) ** 2 for each in right).sqrt(),
            "entropy": -sum(p * p.ln() + (1 - p) * (1 - p).ln() for p in shares),
            "probability": right[0] * right[1] * right[2],
        }
    for name, value in expected.items():
        assert found[name].item() == pytest.approx(float(value), rel=4e-6, abs=1e-37), name


def test_gradients_of_sure_predictions():
    logits = torch.tensor([[40.0, 0.0, 1.0]], requires_grad=True)
    (gradient,) = torch.autograd.grad(cross_entropy(logits, torch.tensor([0])).sum(), logits)
    others = np.exp([-40.0, -39.0])
    np.testing.assert_allclose(gradient[0], [-others.sum(), *others], rtol=1e-5)
    targets = torch.tensor([[1.0, 0.0, 0.0]])
    (gradient,) = torch.autograd.grad(set_loss(40 - 80 * (1 - targets) + 0 * logits, targets).sum(), logits)
    assert gradient.abs().sum() == 0  # of nothing: the logits do not count
    sure = torch.tensor([[40.0, -40.0]], requires_grad=True)
    (gradient,) = torch.autograd.grad(set_loss(sure, torch.tensor([[1.0, 0.0]])).sum(), sure)
    np.testing.assert_allclose(gradient[0], np.array([-1, 1]) * np.exp(-40.0) / 2, rtol=1e-5)


def test_log_probabilities_of_ordinary_logits():
    logits = torch.randn(100, 7, dtype=torch.float64) * 5
    torch.testing.assert_close(log_probabilities(logits), logits.log_softmax(1))
    labels = torch.arange(100) % 7
    expected = torch.nn.functional.cross_entropy(logits, labels, reduction="none")
    torch.testing.assert_close(cross_entropy(logits, labels), expected)


@pytest.mark.parametrize("architecture", ["mlp", "resnet9", "torchvision:mobilenet_v3_small"])
def test_logits_are_float32_under_autocast(architecture):
    model = build_model({"architecture": architecture}, 3, (32, 32), 10, seed=0).eval()
    images = torch.randint(0, 256, (4, 32, 32, 3), dtype=torch.uint8)
    assert isinstance(final_linear(model), Classifier)
    settings = {"precision": "bfloat16", "device": "cpu"}
    for network in (model, inference_copy(model)):
        with torch.no_grad(), autocast(settings, torch.device("cpu")):
            logits = network(torch.rand(4, 3, 32, 32))
        assert logits.dtype == torch.float32 and (logits != logits.bfloat16()).any()
    data = LabelledImages(images, torch.zeros(4, dtype=torch.int64), Normalization((0.5,) * 3, (0.3,) * 3))
    found = torch.from_numpy(predict_logits(model, data, settings))
    assert (found != found.bfloat16()).any()


def test_a_network_in_bfloat16_keeps_its_classifier():
    model = in_precision(
        build_model({"architecture": "resnet9", "width": 4}, 3, (8, 8), 5, seed=0).eval(), torch.bfloat16
    )
    images, labels = torch.randn(6, 3, 8, 8).bfloat16(), torch.arange(6) % 5
    assert model.stem[0].weight.dtype == torch.bfloat16 and model.linear.weight.dtype == torch.float32
    assert model(images).dtype == torch.float32
    for calls in layer_calls(model, tracked_layers(model), images, labels, summed_loss).values():
        assert {calls[0].inputs.dtype, calls[0].gradients.dtype} == {torch.bfloat16}


def test_float32_is_float32_from_the_choice_of_a_device_on():
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = True
    choose_device({"device": "cpu"})
    assert not torch.backends.cudnn.allow_tf32 and not torch.backends.cuda.matmul.allow_tf32
