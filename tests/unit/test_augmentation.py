"""Batched augmentation does to every image what it says, by draws of the image's own."""

import torch

from difficulty.training.augmentation import augment, draw


def images(count=64, channels=3, height=8, width=10):
    return torch.randint(1, 256, (count, channels, height, width), dtype=torch.uint8)


def augmented(batch, settings):
    return augment(batch, settings, draw(len(batch), settings, torch.Generator().manual_seed(0)))


def test_nothing_is_nothing():
    batch = images()
    assert torch.equal(augmented(batch, {"crop": None, "flip": False}), batch)


def test_flip_flips_about_half():
    batch = images(1000, 1, 2, 3)
    result = augmented(batch, {"flip": True})
    flipped = (result == batch.flip(3)).flatten(1).all(1)
    assert (flipped | (result == batch).flatten(1).all(1)).all()
    assert 430 < flipped.sum() < 570


def test_crop_is_a_window_of_the_zero_padded_image():
    batch = images(200)
    result = augmented(batch, {"crop": 2})
    padded = torch.nn.functional.pad(batch, (2,) * 4)
    offsets = set()
    for image, outcome in zip(padded, result, strict=True):
        found = [
            (top, left)
            for top in range(5)
            for left in range(5)
            if torch.equal(image[:, top : top + 8, left : left + 10], outcome)
        ]
        assert found
        offsets.add(found[0])
    assert len(offsets) == 25


def test_resized_crop_of_everything_is_the_image_and_of_a_part_lies_within_its_range():
    batch = images()
    everything = {"resized_crop": {"scale": [1.0, 1.0], "ratio": [1.0, 1.0]}}
    square = images(height=8, width=8)
    assert torch.equal(augmented(square, everything), square)
    part = augmented(batch, {"resized_crop": {"scale": [0.1, 0.5], "ratio": [0.75, 1.333]}})
    assert part.shape == batch.shape and part.dtype == torch.uint8
    assert (part.amax((2, 3)) <= batch.amax((2, 3))).all() and (part.amin((2, 3)) >= batch.amin((2, 3))).all()


EVERYTHING = {"crop": 2, "flip": True, "resized_crop": {"scale": [0.1, 0.5], "ratio": [0.75, 1.333]}}


def test_draws_follow_from_the_generator():
    batch = images()
    assert torch.equal(augmented(batch, EVERYTHING), augmented(batch, EVERYTHING))


def test_a_part_of_a_batch_is_augmented_as_it_is_within_the_whole():
    batch, rows = images(), torch.tensor([3, 5, 40, 41])
    draws = draw(len(batch), EVERYTHING, torch.Generator().manual_seed(0))
    part = augment(batch[rows], EVERYTHING, {name: values[rows] for name, values in draws.items()})
    assert torch.equal(part, augment(batch, EVERYTHING, draws)[rows])
