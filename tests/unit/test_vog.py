"""Variance of gradients against the authors' published scores, closed forms, finite differences and another order."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from torch import nn

from difficulty.errors import UserError
from difficulty.models.building import build_model
from difficulty.models.inference import inference_copy
from difficulty.scores.vog.variance import (
    StreamingVariance,
    class_normalized,
    gradients_and_predictions,
    input_gradients,
    variance_of_gradients,
)

ORACLE = Path(__file__).parents[3] / "shared" / "oracles" / "vog_oracle_small.npz"
PUBLISHED = 1e-6  # agreement with the authors' scores, absolute
SAME = 1e-5  # the same arithmetic in another order, float32, relative to the largest value
STAGES = {"early": slice(0, 3), "middle": slice(3, 6), "late": slice(6, 9), "complete": slice(0, 9)}

maps = hnp.arrays(
    np.float64, st.tuples(st.integers(1, 5), st.integers(1, 4), st.just(3), st.just(2)), elements=st.floats(-10, 10)
)


def network(seed=0, size=(8, 8), channels=1):
    settings = {"architecture": "resnet9", "width": 4}
    return build_model(settings, channels=channels, size=size, classes=10, seed=seed).eval()


@pytest.mark.skipif(not ORACLE.exists(), reason="the published scores are not here")
@pytest.mark.parametrize("stage", STAGES)
def test_the_published_scores(stage):
    with np.load(ORACLE, allow_pickle=False) as oracle:
        np.testing.assert_allclose(
            variance_of_gradients(oracle["grads"][STAGES[stage]]), oracle[f"vog_{stage}"], rtol=0, atol=PUBLISHED
        )


def test_by_hand():
    """One pixel at 1, 3 and the other at 0, 0: standard deviations 1 and 0, their mean 1/2."""
    gradients = np.array([[[[1.0, 0.0]]], [[[3.0, 0.0]]]])
    assert variance_of_gradients(gradients) == [0.5]


@given(maps)
def test_is_the_standard_deviation_over_checkpoints(gradients):
    expected = gradients.std(axis=0).mean(axis=(1, 2))
    np.testing.assert_allclose(variance_of_gradients(gradients), expected, rtol=1e-9, atol=1e-9)


@given(maps, st.randoms(use_true_random=False))
def test_the_order_of_checkpoints_does_not_matter(gradients, random):
    order = list(range(len(gradients)))
    random.shuffle(order)
    np.testing.assert_allclose(
        variance_of_gradients(gradients[order]), variance_of_gradients(gradients), rtol=1e-9, atol=1e-9
    )


@pytest.mark.parametrize("kind", [np.asarray, torch.from_numpy])
def test_streaming_gives_what_stacking_gives(kind):
    gradients = 1000 + np.random.default_rng(0).standard_normal((9, 5, 4, 4))  # a mean far above the deviation
    streaming = StreamingVariance()
    for at_checkpoint in gradients:
        streaming.update(kind(at_checkpoint))
    np.testing.assert_allclose(np.asarray(streaming.finish()), variance_of_gradients(gradients), rtol=1e-9)


def test_streaming_refuses_other_images_than_before():
    streaming = StreamingVariance()
    streaming.update(np.zeros((3, 2, 2)))
    with pytest.raises(UserError, match=r"expected \(3, 2, 2\)"):
        streaming.update(np.zeros((1, 2, 2)))
    with pytest.raises(UserError, match="no checkpoint"):
        StreamingVariance().finish()
    with pytest.raises(UserError, match="checkpoints, examples"):
        variance_of_gradients(np.zeros((2, 3)))


def linear(weights):
    model = nn.Sequential(nn.Flatten(), nn.Linear(weights.shape[1], weights.shape[0], bias=False))
    with torch.no_grad():
        model[1].weight.copy_(torch.from_numpy(weights))
    return model.eval()


def test_a_linear_network_gives_its_weights_and_one_vog_per_class():
    """d logit_y / d x of z = W x is the row of W, whatever the image."""
    draws = np.random.default_rng(0)
    weights = draws.standard_normal((4, 3, 2 * 2 * 2)).astype(np.float32)
    images = torch.from_numpy(draws.standard_normal((10, 2, 2, 2)).astype(np.float32))
    classes = torch.arange(10) % 3
    gradients = np.stack([input_gradients(linear(each), images, classes).numpy() for each in weights])
    rows = weights.reshape(4, 3, 2, 2, 2).mean(axis=2)  # over channels
    np.testing.assert_allclose(gradients, rows[:, classes], rtol=1e-6)
    vog = variance_of_gradients(gradients)
    for label in range(3):
        expected = rows[:, label].std(axis=0).mean()
        np.testing.assert_allclose(vog[classes == label], expected, rtol=1e-6)
    values, undefined = class_normalized(vog, classes.numpy())
    assert undefined.all() and np.isnan(values).all()  # no spread within a class


def test_finite_differences_agree():
    model = network().double()
    images = torch.randn(3, 1, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    classes, step = torch.tensor([1, 4, 7]), 1e-6
    gradients = input_gradients(model, images, classes)
    for y, x in ((0, 0), (3, 5), (7, 7)):
        moved = images.clone()
        moved[:, :, y, x] += step
        with torch.no_grad():
            change = (model(moved) - model(images)).gather(1, classes[:, None])[:, 0]
        torch.testing.assert_close(gradients[:, y, x], (change / step).float(), rtol=1e-3, atol=1e-6)


def test_a_batch_gives_what_single_images_give():
    model, images = network(channels=3), torch.randn(6, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    classes = torch.tensor([0, 1, 2, 3, 4, 9])
    batched = input_gradients(model, images, classes)
    single = torch.cat(
        [input_gradients(model, image[None], label[None]) for image, label in zip(images, classes, strict=True)]
    )
    torch.testing.assert_close(batched, single, rtol=0, atol=SAME * batched.abs().max().item())


def test_folded_batch_norm_gives_the_same_maps():
    model, images = network(), torch.randn(6, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    expected = input_gradients(model, images)
    folded = input_gradients(inference_copy(model).eval(), images)
    torch.testing.assert_close(folded, expected, rtol=0, atol=SAME * expected.abs().max().item())


def test_the_class_may_be_given_predicted_or_one_for_all():
    model, images = network(), torch.randn(5, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    predicted = model(images).argmax(1)
    own, told, confidence = gradients_and_predictions(model, images)
    torch.testing.assert_close(confidence, model(images).detach().softmax(1).amax(1))
    assert torch.equal(told, predicted)
    assert torch.equal(own, input_gradients(model, images, predicted))
    third = gradients_and_predictions(model, images, 3)[0]
    assert torch.equal(third, input_gradients(model, images, torch.full((5,), 3)))
    with pytest.raises(UserError, match=r"expected a class 0\.\.9 of the network, got 10"):
        gradients_and_predictions(model, images, 10)


def test_no_parameter_gradient_is_computed_and_the_network_is_left_as_it_was():
    model, images = network(), torch.randn(2, 1, 8, 8)
    next(model.parameters()).requires_grad_(False)
    wanted = [parameter.requires_grad for parameter in model.parameters()]
    input_gradients(model, images)
    assert all(parameter.grad is None for parameter in model.parameters())
    assert [parameter.requires_grad for parameter in model.parameters()] == wanted
    assert not images.requires_grad


@pytest.mark.parametrize("part", ["", "stem.1"])
def test_a_network_in_training_mode_is_refused(part):
    model = network()
    model.get_submodule(part).train()
    with pytest.raises(UserError, match="in training mode; call eval"):
        input_gradients(model, torch.randn(2, 1, 8, 8))


def test_z_scores_within_a_class():
    vog = np.array([1.0, 2.0, 3.0, 10.0, 30.0, 7.0, np.nan])
    labels = np.array([0, 0, 0, 1, 1, 2, 1])
    values, undefined = class_normalized(vog, labels)
    root = np.sqrt(3 / 2)
    np.testing.assert_allclose(values, [-root, 0, root, -1, 1, np.nan, np.nan])
    assert undefined.tolist() == [False] * 5 + [True, True]


@given(hnp.arrays(np.float64, st.integers(2, 30), elements=st.floats(0, 100)), st.floats(0.1, 10), st.floats(0, 10))
def test_z_scores_know_neither_scale_nor_origin(vog, scale, shift):
    labels = np.arange(len(vog)) % 2
    values, undefined = class_normalized(vog, labels)
    assert (undefined == np.isnan(values)).all()
    for label in (0, 1):
        members = values[(labels == label) & ~undefined]
        if len(members):
            assert abs(members.mean()) < 1e-6 and abs(members.std() - 1) < 1e-6
    spread = np.ptp(vog[labels == 0]) > 1e-3 * max(1, vog.max())
    if spread:
        again, _ = class_normalized(scale * vog + shift, labels)
        np.testing.assert_allclose(again[labels == 0], values[labels == 0], atol=1e-6)
