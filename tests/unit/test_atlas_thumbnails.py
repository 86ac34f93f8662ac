"""Sheets of thumbnails, against the images that they are made of."""

import io

import numpy as np
import pytest
from PIL import Image

from difficulty.atlas.thumbnails import Tiles, sheets, tiles_for


def opened(sheet):
    return np.asarray(Image.open(io.BytesIO(sheet)).convert("RGB"))


@pytest.mark.parametrize("channels", [1, 3])
def test_tiles_lie_where_the_page_looks_for_them(channels):
    images = np.random.default_rng(0).integers(0, 256, (11, 4, 6, channels), np.uint8)
    tiles = Tiles(6, 4, 3, 6)
    found = [opened(sheet) for sheet in sheets(images, tiles)]
    assert [sheet.shape for sheet in found] == [(8, 18, 3), (8, 18, 3)]
    for number, image in enumerate(images):
        place = number % 6
        top, left = place // 3 * 4, place % 3 * 6
        np.testing.assert_array_equal(
            found[number // 6][top : top + 4, left : left + 6], np.broadcast_to(image, (4, 6, 3))
        )
    assert (found[1][4:, 12:] == 255).all()


def test_large_images_shrink_and_keep_their_proportions():
    images = np.zeros((2, 100, 200, 3), np.uint8)
    images[1] = 200
    (sheet,) = sheets(images, Tiles(40, 20, 2, 2))
    assert opened(sheet).shape == (20, 80, 3)
    np.testing.assert_allclose(opened(sheet)[:, 48:72], 200, atol=6)


@pytest.mark.parametrize(
    ("count", "size", "expected"),
    [
        (1797, (8, 8), (8, 8)),
        (60_000, (32, 32), (32, 32)),
        (240, (224, 224), (224, 224)),
        (60_000, (64, 128), (45, 23)),
    ],
)
def test_sizes(count, size, expected):
    tiles = tiles_for(count, *size)
    assert (tiles.width, tiles.height) == expected and tiles.per_sheet % tiles.per_row == 0


def test_many_large_images_fit_the_budget():
    tiles = tiles_for(20_000, 224, 224)
    assert 32 <= tiles.width < 64 and 20_000 * tiles.width * tiles.height * 0.24 <= 1.05 * 14 * 2**20
