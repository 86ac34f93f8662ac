"""Batched augmentation does to every image what it says, by draws of the image's own."""

import torch

from difficulty.training.augmentation import augment


def images(count=64, channels=3, height=8, width=10):
    return torch.randint(1, 256, (count, channels, height, width), dtype=torch.uint8)


def generator():
    return torch.Generator().manual_seed(0)


def test_nothing_is_nothing():
    batch = images()
    assert torch.equal(augment(batch, {"crop": None, "flip": False}, generator()), batch)


def test_flip_flips_about_half():
    batch = images(1000, 1, 2, 3)
    result = augment(batch, {"flip": True}, generator())
    flipped = (result == batch.flip(3)).flatten(1).all(1)
    assert (flipped | (result == batch).flatten(1).all(1)).all()
    assert 430 < flipped.sum() < 570


def test_crop_is_a_window_of_the_zero_padded_image():
    batch = images(200)
    result = augment(batch, {"crop": 2}, generator())
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
    assert torch.equal(augment(square, everything, generator()), square)
    part = augment(batch, {"resized_crop": {"scale": [0.1, 0.5], "ratio": [0.75, 1.333]}}, generator())
    assert part.shape == batch.shape and part.dtype == torch.uint8
    assert (part.amax((2, 3)) <= batch.amax((2, 3))).all() and (part.amin((2, 3)) >= batch.amin((2, 3))).all()


def test_draws_follow_from_the_generator():
    batch = images()
    settings = {"crop": 2, "flip": True}
    assert torch.equal(augment(batch, settings, generator()), augment(batch, settings, generator()))
