"""Small pictures of all kinds, and their luma by the standard's weights."""

import numpy as np
import pytest

EXACT = 1e-12
RANDOM = np.random.default_rng(0)


def noise(*shape, levels=256):
    return RANDOM.integers(0, levels, shape).astype(np.uint8)


def smooth(height, width):
    """A picture with areas, edges and few alike pixels: rows and columns fade, one corner is plain."""
    rows, columns = np.mgrid[:height, :width]
    image = np.stack([rows * 255 // height, columns * 255 // width, (rows + columns) % 64], axis=2)
    image[: height // 2, : width // 2] = (200, 30, 90)
    return image.astype(np.uint8)


IMAGES = {
    "noise": noise(32, 32, 3),
    "few levels": noise(32, 24, 3, levels=2),
    "smooth": smooth(40, 32),
    "plain": np.full((16, 16, 3), 77, np.uint8),
    "white": np.full((16, 16, 3), 255, np.uint8),
    "grey": noise(20, 31, 1, levels=17),
    "small": noise(8, 8, 1),
    "low": noise(7, 31, 3, levels=4),
    "narrow": noise(12, 3, 3, levels=4),
    "pixel": noise(1, 1, 3),
}


def every_image(function):
    return pytest.mark.parametrize("image", IMAGES.values(), ids=IMAGES)(function)


def luma(image):
    return image[..., 0] / 255 if image.shape[2] == 1 else (image / 255) @ np.array([0.2989, 0.5870, 0.1140])
