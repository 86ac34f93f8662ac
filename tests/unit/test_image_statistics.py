"""Statistics of images against plain loops, scikit-image and NumPy."""

import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import PIL.Image
import pytest
from scipy.fft import dctn
from skimage.filters import laplace, rank, scharr
from skimage.segmentation import felzenszwalb

from difficulty.config.analyses.images import Images
from difficulty.datasets.images import ImageFiles
from difficulty.errors import UserError
from difficulty.scores.images import local_entropy as module
from difficulty.scores.images.local_entropy import local_entropy
from difficulty.scores.images.statistics import (
    STATISTICS,
    coefficients_needed,
    image_statistics,
    image_statistics_table,
    shrunk,
)
from tests.support.pictures import EXACT, IMAGES, RANDOM, every_image, luma, noise


def key(image):
    """Luma times 10,000, a whole number; levels of grey."""
    image = image.astype(int)
    return image[..., 0] if image.shape[2] == 1 else 2989 * image[..., 0] + 5870 * image[..., 1] + 1140 * image[..., 2]


def entropy_by_loops(values):
    height, width = (min(10, side) for side in values.shape)
    entropies = []
    for row in range(values.shape[0] - height + 1):
        for column in range(values.shape[1] - width + 1):
            _, counts = np.unique(values[row : row + height, column : column + width], return_counts=True)
            share = counts / counts.sum()
            entropies.append(-(share * np.log2(share)).sum())
    return np.mean(entropies)


def coefficients_by_loop(values):
    sizes = sorted(np.abs(dctn(values, norm="ortho")).ravel(), reverse=True)
    whole, found = np.linalg.norm(sizes), 0.0
    for count, size in enumerate(sizes, start=1):
        found = np.hypot(found, size)
        if found / whole >= 0.9998:
            return 100 * (count - 1) / values.size
    raise AssertionError


@every_image
def test_local_entropy_counts_the_exact_values_of_every_window(image):
    assert image_statistics(image)["local_entropy"] == pytest.approx(entropy_by_loops(key(image)), abs=EXACT)


@every_image
def test_local_entropy_of_eight_bits(image):
    levels = image[..., 0] if image.shape[2] == 1 else np.rint(255 * luma(image)).astype(np.uint8)
    found = image_statistics(image)["local_entropy_u8"]
    assert found == pytest.approx(entropy_by_loops(levels), abs=EXACT)
    if min(levels.shape) >= 10:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = rank.entropy(levels, np.ones((10, 10), np.uint8))[5:-4, 5:-4].mean()
        assert found == pytest.approx(expected, abs=EXACT)


def test_local_entropy_of_what_is_known():
    assert local_entropy(np.arange(225).reshape(1, 15, 15))[0] == pytest.approx(np.log2(100), abs=EXACT)
    assert local_entropy(np.zeros((1, 15, 15), int))[0] == 0
    halves = np.indices((1, 20, 20)).sum(axis=0) % 2
    assert local_entropy(halves)[0] == pytest.approx(1, abs=EXACT)


@pytest.mark.parametrize("at_once", [1, 2000, 5000, 1 << 24])
def test_local_entropy_is_the_same_however_much_is_counted_at_once(at_once, monkeypatch):
    keys = RANDOM.integers(0, 9, (5, 23, 17))
    expected, before = local_entropy(keys), keys.copy()
    monkeypatch.setattr(module, "_VALUES_AT_ONCE", at_once)
    np.testing.assert_array_equal(local_entropy(keys), expected)
    np.testing.assert_array_equal(keys, before)


def test_pixels_are_alike_where_their_exact_luma_is():
    image = np.zeros((10, 10, 3), np.uint8)
    image[:5, :, 2], image[5:, :, 2] = 100, 101  # luma 11.40 and 11.51 of 255
    found = image_statistics(image)
    assert found["local_entropy"] == pytest.approx(1, abs=EXACT)
    assert found["local_entropy_u8"] == pytest.approx(1, abs=EXACT)
    image[5:, :, 2] = 99  # 11.29, which is 11 as well
    found = image_statistics(image)
    assert found["local_entropy"] == pytest.approx(1, abs=EXACT) and found["local_entropy_u8"] == 0


@every_image
def test_dct_coefficients(image):
    found, values = image_statistics(image), luma(image)
    assert found["dct_coefficients"] == pytest.approx(coefficients_by_loop(values), abs=EXACT)
    if np.ptp(values) == 0:
        assert np.isnan(found["dct_coefficients_ac"]) and found["dct_coefficients"] == 0
    else:
        expected = coefficients_by_loop(values - values.mean())
        assert found["dct_coefficients_ac"] == pytest.approx(expected, abs=EXACT)


def test_black_has_no_coefficients():
    found = image_statistics(np.zeros((16, 16, 3), np.uint8))
    assert np.isnan(found["dct_coefficients"]) and np.isnan(found["dct_coefficients_ac"])
    assert not np.isnan([found[name] for name in STATISTICS if "dct" not in name]).any()


def test_coefficients_needed_are_the_largest():
    needed = coefficients_needed(
        np.array([[1.0, 4.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0], [0.0, 9e8, 0.0, 1.0], [0, 0, 0, 0]])
    )
    np.testing.assert_array_equal(needed, [25, 75, 0, np.nan])


@every_image
def test_segments_are_those_of_scikit_image(image):
    given = image[..., 0] if image.shape[2] == 1 else image
    labels = felzenszwalb(given, scale=500, sigma=0.5, min_size=20)
    assert image_statistics(image)["segments"] == len(np.unique(labels))


def test_segments_of_what_is_seen():
    assert image_statistics(IMAGES["plain"])["segments"] == 1
    assert image_statistics(IMAGES["smooth"])["segments"] > 1


@every_image
def test_edges_and_light(image):
    found, values = image_statistics(image), luma(image)
    edges = scharr(values)
    assert found["edge_strength"] == pytest.approx(edges.sum(), rel=EXACT, abs=EXACT)
    assert found["edge_strength_per_pixel"] == pytest.approx(edges.mean(), rel=EXACT, abs=EXACT)
    assert found["brightness"] == pytest.approx(values.mean(), abs=EXACT)
    assert found["contrast"] == pytest.approx(values.std(), abs=EXACT)
    assert found["sharpness"] == pytest.approx(laplace(values).var(), abs=EXACT)


def test_white_is_not_quite_one():
    found = image_statistics(IMAGES["white"])
    assert found["brightness"] == pytest.approx(0.9999, abs=EXACT)
    assert image_statistics(np.full((16, 16), 255, np.uint8))["brightness"] == 1


def test_table_has_a_row_per_image_in_order():
    images = noise(6, 12, 14, 3)
    table = image_statistics_table(images)
    assert list(table) == list(STATISTICS) and set(table.dtypes) == {np.dtype(float)}
    for row, image in enumerate(images):
        np.testing.assert_allclose(table.loc[row], list(image_statistics(image).values()), rtol=EXACT, atol=EXACT)
    some = image_statistics_table(images, statistics=["sharpness", "segments"])
    pd.testing.assert_frame_equal(some, table[["sharpness", "segments"]])
    assert list(image_statistics_table(images[:0])) == list(STATISTICS)


@pytest.fixture
def in_files(tmp_path):
    images = noise(5, 20, 16, 3)
    for number, image in enumerate(images):
        PIL.Image.fromarray(image).save(tmp_path / f"{number}.png")
    return images, ImageFiles(tmp_path, [f"{number}.png" for number in range(5)], (20, 16, 3))


def test_any_number_of_processes_gives_the_same_bytes(in_files, monkeypatch):
    images, files = in_files
    monkeypatch.setattr("difficulty.scores.images.statistics._PIXELS_AT_ONCE", 700)
    expected = image_statistics_table(images)
    for several in (image_statistics_table(images, processes=2), image_statistics_table(files, processes=3)):
        assert several.to_numpy().tobytes() == expected.to_numpy().tobytes()


@pytest.mark.parametrize("processes", [1, 2])
def test_file_that_cannot_be_decoded_is_named(in_files, processes, monkeypatch):
    _, files = in_files
    monkeypatch.setattr("difficulty.scores.images.statistics._PIXELS_AT_ONCE", 700)
    (files.folder / "3.png").write_bytes(b"no picture")
    with pytest.raises(UserError, match=r"3\.png: cannot be decoded any more"):
        image_statistics_table(files, processes)


def test_larger_images_are_shrunk_to_the_longer_side():
    images = np.full((2, 40, 20, 3), 9, np.uint8)
    images[:, 20:] = 200
    smaller = shrunk(images, 10)
    assert smaller.shape == (2, 10, 5, 3) and set(np.unique(smaller[:, [0, 1, -2, -1]])) == {9, 200}
    assert shrunk(images[..., :1], 10).shape == (2, 10, 5, 1)
    assert shrunk(images, 40) is images and shrunk(images, 99) is images and shrunk(images, None) is images
    pd.testing.assert_frame_equal(image_statistics_table(images, size=10), image_statistics_table(smaller))


@pytest.mark.parametrize(
    "image",
    [np.zeros((8, 8, 3)), noise(8, 8, 4), noise(8, 8, 2), noise(0, 8, 3), noise(8)],
    ids=lambda image: image.shape,
)
def test_other_arrays_are_refused(image):
    with pytest.raises(ValueError, match="images are uint8"):
        image_statistics(image)


def test_configuration_knows_the_statistics():
    assert Images().statistics == list(STATISTICS)
    assert set(Images.undirected) == {name for name, column in STATISTICS.items() if column.direction is None}


def test_no_torch_is_loaded():
    code = "import sys, difficulty.scores.images.statistics; sys.exit('torch' in sys.modules)"
    scripts = Path(__file__).parents[2] / "workflow" / "scripts"
    assert subprocess.run([sys.executable, "-c", code], cwd=scripts).returncode == 0
