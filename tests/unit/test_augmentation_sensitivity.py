"""Augmentation sensitivity: its divergence against other libraries, and the copies that predictions are made of."""

from argparse import Namespace

import numpy as np
import pandas as pd
import PIL.Image
import pytest
import torch
from scipy.special import rel_entr, softmax
from torch.nn import functional

import score_augmentation_sensitivity as program
from difficulty.datasets.images import ImageFiles, RandomCrop
from difficulty.datasets.loading import Normalization
from difficulty.models.building import build_model
from difficulty.random_streams import derived_seed
from difficulty.saved_runs.augmented_images import AugmentedImages
from difficulty.saved_runs.runs import SavedRun
from difficulty.scores.augmentation_sensitivity import divergence
from difficulty.training.augmentation import augment, draw
from difficulty.training.passes import LabelledImages, evaluation_batches

COUNT, DRAWS = 150, 3  # images of more than one batch
NORMALIZATION = Normalization((0.5,), (0.25,))


def test_divergence_is_that_of_scipy_and_of_torch():
    plain, other = np.random.default_rng(0).normal(scale=3, size=(2, 40, 7)).astype(np.float32)
    p, q = (softmax(logits.astype(float), axis=1) for logits in (plain, other))
    np.testing.assert_allclose(divergence(plain, other), rel_entr(p, q).sum(axis=1), rtol=1e-10)
    logarithms = [functional.log_softmax(torch.from_numpy(logits).double(), 1) for logits in (other, plain)]
    torchs = functional.kl_div(*logarithms, reduction="none", log_target=True).sum(1)
    np.testing.assert_allclose(divergence(plain, other), torchs, rtol=1e-10)


def test_divergence_is_zero_of_the_same_and_finite_of_what_is_sure():
    logits = np.random.default_rng(1).normal(scale=20, size=(50, 5)).astype(np.float32)
    assert (divergence(logits, logits) == 0).all()
    assert (divergence(logits, logits + 3) >= 0).all()
    sure, opposite = np.array([[90, 0]], np.float32), np.array([[0, 90]], np.float32)
    assert divergence(sure, opposite).item() == pytest.approx(90)


def labelled(images) -> LabelledImages:
    return LabelledImages(images, torch.zeros(len(images), dtype=torch.int64), NORMALIZATION)


def pictures() -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(2).integers(0, 256, (COUNT, 8, 8, 1), dtype=np.uint8))


def test_copies_are_those_of_training_and_the_same_every_time():
    settings = {"crop": 2, "flip": True}
    copies = AugmentedImages.of(labelled(pictures()), settings, seed=7)
    batches = evaluation_batches(COUNT)
    chance, plain = torch.Generator().manual_seed(7), pictures().permute(0, 3, 1, 2)
    expected = [augment(plain[rows], settings, draw(len(plain[rows]), settings, chance)) for rows in batches]
    for _ in range(2):
        assert all(torch.equal(*pair) for pair in zip(copies.batches(batches), expected, strict=True))
    other = next(AugmentedImages.of(labelled(pictures()), settings, seed=8).batches(batches))
    assert not torch.equal(other, expected[0])


def test_images_in_files_are_cropped_at_their_full_resolution(tmp_path):
    image = np.random.default_rng(3).integers(0, 256, (40, 30), dtype=np.uint8)
    PIL.Image.fromarray(image).save(tmp_path / "0.png")
    files, ranges = ImageFiles(tmp_path, ["0.png"], (8, 8, 1)), {"scale": [0.2, 0.5], "ratio": [0.9, 1.1]}
    copies = AugmentedImages.of(labelled(files), {"resized_crop": ranges, "flip": False}, seed=5)
    (found,) = copies.batches([slice(0, 1)])
    expected = files.decoded([0], RandomCrop((0.2, 0.5), (0.9, 1.1), 5, 0))
    np.testing.assert_array_equal(found.permute(0, 2, 3, 1), expected)


def of_copies(monkeypatch, images, augmentation) -> tuple[np.ndarray, np.ndarray, torch.nn.Module]:
    """What the program gives of a fresh network as the run `seed-4`, sensitivity and margin, and that network."""
    model = build_model({"architecture": "resnet9", "width": 4}, 1, (8, 8), 3, seed=4).eval()
    monkeypatch.setattr(program, "saved_epochs", lambda checkpoints: [1])
    monkeypatch.setattr(SavedRun, "network", lambda run, epoch: Namespace(model=model, normalization=NORMALIZATION))
    monkeypatch.setattr(program, "targets_of", lambda labels: torch.zeros(len(images), dtype=torch.int64))
    settings = {"device": "cpu", "precision": "float32", "draws": DRAWS, "augmentation": augmentation}
    folder = program.Path("plain/seed-4/checkpoints")
    labels = pd.DataFrame({"label": np.arange(len(images)) % 3})
    run = SavedRun(folder, labels, images, folder, folder, settings, torch.device("cpu"), workers=0)
    found = program.of_copies(run)
    return found["augmentation_sensitivity"], found["view_margin"], model


def test_the_score_is_the_mean_over_draws(monkeypatch):
    augmentation = {"crop": 1}
    found, margin, model = of_copies(monkeypatch, pictures(), augmentation)
    plain, expected, means = pictures().permute(0, 3, 1, 2), 0, 0
    for number in range(DRAWS):
        chance = torch.Generator().manual_seed(derived_seed(4, "augmentation sensitivity", number))
        draws = [draw(len(plain[rows]), augmentation, chance) for rows in evaluation_batches(COUNT)]
        copies = augment(plain, augmentation, {"offset": torch.cat([each["offset"] for each in draws])})
        with torch.no_grad():
            logits = [functional.log_softmax(model(NORMALIZATION(each)).double(), 1) for each in (copies, plain)]
        pairs = [
            (row[label] - np.delete(row, label).max())
            for label, row in zip(np.arange(COUNT) % 3, logits[0].numpy(), strict=True)
        ]
        means += np.array(pairs) / DRAWS
        expected += functional.kl_div(*logits, reduction="none", log_target=True).sum(1) / DRAWS
    assert found.min() > 0
    np.testing.assert_allclose(found, expected, rtol=1e-2)
    np.testing.assert_allclose(margin, means, atol=1e-4)


def test_mirroring_symmetric_images_changes_nothing(monkeypatch):
    half = pictures()[:, :, :4]
    symmetric = torch.cat([half, half.flip(2)], dim=2)
    assert (of_copies(monkeypatch, symmetric, {"flip": True})[0] == 0).all()
    assert (of_copies(monkeypatch, pictures(), {"flip": True})[0] > 0).mean() > 0.5
