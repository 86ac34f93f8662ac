"""Networks whose features are used: what they give against torchvision's own extractor, and mistakes in one line."""

import numpy as np
import pytest
import torch
import torchvision
from safetensors.torch import save_file
from torchvision.models.feature_extraction import create_feature_extractor

from difficulty.datasets.feature_tables import read_features
from difficulty.errors import UserError
from difficulty.models.building import build_model
from difficulty.models.feature_networks import feature_network, network_settings
from tests.support.scripts import run_script, succeed

ROUNDING = 1e-4  # of batch norm that is folded into convolutions
OWN = {"architecture": "resnet9", "width": 4}


@pytest.fixture(scope="module")
def resnet18(tmp_path_factory):
    """torchvision's network with random weights, and a file of these."""
    torch.manual_seed(0)
    model = torchvision.models.resnet18().eval()
    path = tmp_path_factory.mktemp("weights") / "resnet18.safetensors"
    save_file(model.state_dict(), path)
    return model, {"weights": str(path), "architecture": "torchvision:resnet18"}


@pytest.mark.parametrize(("layer", "node"), [(None, "flatten"), ("layer3", "layer3"), ("avgpool", "avgpool")])
def test_features_are_those_of_torchvisions_extractor(resnet18, layer, node):
    model, settings = resnet18
    images = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = create_feature_extractor(model, [node])(images)[node]
    expected = expected.mean((2, 3)) if expected.ndim == 4 else expected
    network = feature_network(settings | ({"layer": layer} if layer else {}), 1, (8, 8))
    torch.testing.assert_close(network(images), expected, atol=ROUNDING, rtol=ROUNDING)


def test_torchvisions_weights_say_what_they_expect(resnet18):
    network = feature_network(resnet18[1], 1, (8, 8))
    assert network.size == 224 and network.channels == 3
    assert network.normalization.mean == (0.485, 0.456, 0.406) and network.normalization.std == (0.229, 0.224, 0.225)
    other = feature_network({**resnet18[1], "size": 64, "normalization": {"mean": [0.5], "std": [0.25]}}, 3, (8, 8))
    assert other.size == 64 and other.normalization.mean == (0.5,) * 3
    known = network_settings({"weights": "torchvision:resnet50", "layer": "layer4"})
    assert known == {"architecture": "torchvision:resnet50", "weights": "DEFAULT"}


def test_a_network_of_ours_takes_images_as_they_are(tmp_path):
    model = build_model(OWN, 1, (8, 8), 10, seed=3).eval()
    torch.save(model.state_dict(), tmp_path / "own.pt")
    network = feature_network({**OWN, "weights": str(tmp_path / "own.pt")}, 1, (8, 8))
    assert network.size is None and network.normalization is None and network.channels == 1
    images = torch.randn(2, 1, 8, 8)
    with torch.no_grad():
        logits = model(images)
        weight = next(reversed([each for each in model.modules() if isinstance(each, torch.nn.Linear)]))
        found = getattr(model, "output_scale", 1.0) * weight(network(images))
    torch.testing.assert_close(found, logits, atol=ROUNDING, rtol=ROUNDING)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"layer": "layer33"}, "features.layer: the network has no module 'layer33'; try layer3"),
        ({"layer": "fc"}, "features.layer: the last layer is not that of the weights; leave it out for its input"),
        ({"architecture": "torchvision:resnet34"}, "weights missing ['layer1.2"),
        ({"architecture": "torchvision:resnet00"}, "torchvision has no network 'resnet00'; see torchvision.models."),
        ({"normalization": {"mean": [0.1, 0.2], "std": [1, 1]}}, "features.normalization: 2 numbers for 3 channels"),
    ],
)
def test_each_mistake_is_one_line(resnet18, changes, text):
    with pytest.raises(UserError) as error:
        feature_network({**resnet18[1], **changes}, 3, (32, 32))
    assert text in str(error.value) and len(str(error.value).splitlines()) == 1


@pytest.fixture
def dataset(tmp_path):
    """A prepared data set of 12 grey images of 8 x 8 pixels."""
    folder = tmp_path / "few"
    settings = {"source": "digits", "limit": {"train": 8, "test": 4}, "limit_seed": 0}
    outputs = {name: folder / f"{name}.parquet" for name in ("examples", "pixels", "files")}
    assert run_script("prepare_dataset", settings=settings, images=folder / "images", **outputs).returncode == 0
    return outputs


def test_features_of_a_data_set(dataset, resnet18, tmp_path):
    output, log = tmp_path / "few" / "features.parquet", tmp_path / "log"
    succeed("extract_features", settings={**resnet18[1], "size": 32}, **dataset, output=output, log=log)
    ids, vectors = read_features(output)
    assert vectors.shape == (12, 512) and (np.diff(ids) > 0).all()
    assert "12 images of 32 x 32 pixels, 512 features: " in log.read_text() and "s per 1,000 images" in log.read_text()
    succeed("map_features", settings={"map": "pca"}, features=output, output=tmp_path / "map.parquet", log=log)
    examples = dataset["examples"]
    similar = {"features": output, "examples": examples, "output": tmp_path / "similar.parquet", "log": log}
    succeed("find_similar", settings={"similar_above": 0.5}, **similar)
    assert "66 pairs of 12 images have a cosine of 0.5 or more, 32 of them across splits" in log.read_text()


def test_images_without_a_direction_are_named(dataset, tmp_path):
    model = build_model(OWN, 1, (8, 8), 10, seed=3)
    for parameter in model.parameters():
        torch.nn.init.zeros_(parameter)
    save_file(model.state_dict(), tmp_path / "zero.safetensors")
    settings, output = {**OWN, "weights": str(tmp_path / "zero.safetensors")}, tmp_path / "features.parquet"
    failed = run_script("extract_features", settings=settings, **dataset, output=output, log=tmp_path / "log")
    assert failed.returncode == 1 and len(failed.stderr.splitlines()) == 1
    assert "features: 12 of 12 images have features that are not finite, or all zeros, the first is" in failed.stderr
