"""Projections of activations keep distances as well as they say."""

import numpy as np
import pytest
import scipy.fft
import torch

from difficulty.models.building import build_model
from difficulty.models.probing import Probes, probe_points
from difficulty.scores.depth.projection import Projection, ReducedProbes, relative_error

GENERATOR = torch.Generator().manual_seed(0)


@pytest.mark.parametrize("length", [16, 17])
def test_all_coordinates_are_an_orthogonal_transform(length):
    """Of the Hartley transform, as scipy has the Fourier transform."""
    vectors = torch.randn(5, length, generator=GENERATOR)
    projection = Projection(length, length)
    spectrum = scipy.fft.fft((vectors * projection._signs).numpy())
    np.testing.assert_allclose(projection(vectors), (spectrum.real - spectrum.imag) / np.sqrt(length), atol=1e-5)
    torch.testing.assert_close(projection(vectors).norm(dim=1), vectors.norm(dim=1))


@pytest.mark.parametrize("kept", [64, 1024])
def test_distances_err_as_much_as_is_said(kept):
    """Also of differences in one number only, and of smooth ones."""
    length, pairs = 4096, 400
    projection, steps = Projection(length, kept), torch.linspace(0, 3, length)
    differences = torch.cat(
        [
            torch.randn(pairs, length, generator=GENERATOR),
            torch.eye(length)[:pairs],
            torch.sin(steps * torch.rand(pairs, 1, generator=GENERATOR) * 9),
        ]
    )
    ratio = projection(differences).norm(dim=1) / differences.norm(dim=1)
    for part in ratio.split(pairs):
        assert abs(part.mean() - 1) < 3 * relative_error(kept, length)
        assert part.std() < 1.25 * relative_error(kept, length)
    assert ratio[:pairs].std() > 0.75 * relative_error(kept, length)


def test_only_probes_of_many_numbers_are_projected():
    network = build_model({"architecture": "resnet9", "width": 4}, 3, (16, 16), 4, seed=0).eval()
    probes = Probes(network, probe_points("resnet9", network))
    images = torch.randn(6, 3, 16, 16, generator=GENERATOR)
    expected, predicted = probes(images)
    reduced = ReducedProbes(probes, 300)
    found, own_predicted = reduced(images)
    assert torch.equal(predicted, own_predicted)
    assert reduced.lengths == {name: values.shape[1] for name, values in expected.items()}
    for name, values in expected.items():
        if values.shape[1] <= 300:
            assert torch.equal(found[name], values)
        else:
            assert found[name].shape == (6, 300)
            assert torch.equal(found[name], Projection(values.shape[1], 300)(values))
    assert {len(values[0]) > 300 for values in expected.values()} == {True, False}
    assert len(reduced.remarks(expected)) == sum(len(values[0]) > 300 for values in expected.values())
    assert reduced.remarks(["input"]) == [
        "input: 768 numbers per image, projected to 300; distances are right to 3.2% or so"
    ]
    (one,) = reduced(images, ["softmax"])[0].values()
    assert torch.equal(one, expected["softmax"])
