"""Maps of what statistics of images see: the statistics come of them, and they are what scikit-image and SciPy find."""

import numpy as np
import pytest
from scipy.fft import dctn, idctn
from skimage.filters import rank, scharr
from skimage.segmentation import felzenszwalb

from difficulty.config.figures.image_maps import ImageMaps
from difficulty.scores.images.local_entropy import local_entropies, local_entropy
from difficulty.scores.images.statistics import image_maps, image_statistics, kept_coefficients
from tests.support.pictures import EXACT, every_image, luma


@every_image
def test_statistics_come_of_the_maps(image):
    maps, found = image_maps(image), image_statistics(image)
    assert maps["local_entropy"].mean() == pytest.approx(found["local_entropy"], abs=EXACT)
    assert len(np.unique(maps["segments"])) == found["segments"]
    assert maps["edge_strength"].sum() == found["edge_strength"]
    kept = np.isfinite(maps["dct_coefficients"]).sum()
    assert 100 * (kept - 1) / maps["dct_coefficients"].size == found["dct_coefficients"]


@every_image
def test_maps_are_those_of_other_libraries(image):
    maps, grey = image_maps(image), image.shape[2] == 1
    np.testing.assert_allclose(maps["edge_strength"], scharr(luma(image)), rtol=EXACT, atol=EXACT)
    labels = felzenszwalb(image[..., 0] if grey else image, scale=500, sigma=0.5, min_size=20)
    np.testing.assert_array_equal(maps["segments"], labels)
    sizes, kept = np.abs(dctn(luma(image), norm="ortho")), np.isfinite(maps["dct_coefficients"])
    np.testing.assert_allclose(maps["dct_coefficients"][kept], sizes[kept], rtol=EXACT, atol=EXACT)
    assert sizes[kept].min() >= sizes[~kept].max(initial=0) - EXACT
    if grey and min(image.shape[:2]) >= 10:
        expected = rank.entropy(image[..., 0], np.ones((10, 10), np.uint8))[5:-4, 5:-4]
        np.testing.assert_allclose(maps["local_entropy"], expected, atol=EXACT)


@every_image
def test_image_of_the_kept_coefficients_has_its_share_of_the_norm_and_none_fewer_do(image):
    values = luma(image)
    spectrum, sizes = dctn(values, norm="ortho"), image_maps(image)["dct_coefficients"]
    kept = np.isfinite(sizes)
    rebuilt = idctn(np.where(kept, spectrum, 0), norm="ortho")
    assert np.linalg.norm(rebuilt) >= (0.9998 - EXACT) * np.linalg.norm(values)
    smallest = sizes == np.nanmin(sizes)
    if kept.sum() > 1 and smallest.sum() == 1:
        without = np.where(kept & ~smallest, spectrum, 0)
        assert np.linalg.norm(without) < 0.9998 * np.linalg.norm(values)


def test_entropy_of_each_window_is_its_own():
    keys = np.random.default_rng(1).integers(0, 5, (14, 23))
    found = local_entropies(keys)
    assert found.shape == (5, 14)
    for row, column in np.ndindex(found.shape):
        window = keys[row : row + 10, column : column + 10]
        share = np.unique(window, return_counts=True)[1] / 100
        assert found[row, column] == pytest.approx(-(share * np.log2(share)).sum(), abs=EXACT)
        assert found[row, column] == local_entropy(window[None])[0]
    assert local_entropies(keys[:8, :8]).shape == (1, 1) and local_entropies(keys[:8]).shape == (1, 14)


def test_kept_coefficients_are_the_largest_and_of_equal_ones_the_first():
    kept = kept_coefficients(np.array([[1.0, 4.0, 0.0, 0.0], [0.0, 9e8, 0.0, 1.0], [0, 0, 0, 0], [1e-9, 1, 1e-9, 1]]))
    np.testing.assert_array_equal(kept, [[1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0], [0, 1, 0, 1]])


def test_wanted_maps_of_grey_and_black_images():
    black = np.zeros((12, 9), np.uint8)
    maps = image_maps(black, ["edge_strength", "dct_coefficients"])
    assert list(maps) == ["edge_strength", "dct_coefficients"]
    assert not maps["edge_strength"].any() and np.isnan(maps["dct_coefficients"]).all()
    with pytest.raises(ValueError, match="images are uint8"):
        image_maps(np.zeros((8, 8, 4), np.uint8))


def test_configuration_knows_the_maps():
    assert list(image_maps(np.zeros((8, 8), np.uint8))) == list(ImageMaps.statistics)
