"""Near duplicates against all pairs at once, and the map against a singular value decomposition."""

import sys

import numpy as np
import pandas as pd
import pytest

from difficulty.analysis import feature_map, similar_images
from difficulty.analysis.feature_map import principal_map, umap_places
from difficulty.analysis.similar_images import similar_pairs, similar_table
from difficulty.datasets.feature_tables import open_features, write_features
from difficulty.errors import UserError

ROUNDING = 1e-5  # of float32


@pytest.fixture
def vectors():
    draws = np.random.default_rng(0)
    vectors = draws.normal(size=(50, 4)).astype(np.float32)
    vectors[30] = 2 * vectors[7]
    return vectors


@pytest.mark.parametrize("rows", [1024, 16, 7])
def test_pairs_are_those_of_the_whole_matrix(vectors, monkeypatch, rows):
    monkeypatch.setattr(similar_images, "_ROWS", rows)
    cosines = np.corrcoef(np.concatenate([vectors, -vectors], axis=1))[:50, :50]  # of rows whose mean is 0
    expected = {(int(a), int(b)) for a, b in np.argwhere(cosines > 0.8) if a < b}
    pairs, found, left_out = similar_pairs(vectors, 0.8)
    assert set(map(tuple, pairs.tolist())) == expected and left_out == 0 and len(expected) > 5
    np.testing.assert_allclose(found, cosines[tuple(pairs.T)], atol=ROUNDING)
    assert pairs[0].tolist() == [7, 30] and (np.diff(found) <= 0).all()


@pytest.mark.parametrize("together", [1, 3, 100])
def test_pairs_are_the_same_however_many_vectors_are_held(vectors, monkeypatch, together, tmp_path):
    write_features(tmp_path / "features.parquet", np.arange(50), vectors, {})
    monkeypatch.setattr(similar_images, "_ROWS", 7)
    expected = similar_pairs(vectors, 0.5)
    monkeypatch.setattr(similar_images, "_BYTES_TOGETHER", 4 * 4 * 7 * together)
    for given in (vectors, open_features(tmp_path / "features.parquet")[1]):
        for found, whole in zip(similar_pairs(given, 0.5), expected, strict=True):
            np.testing.assert_array_equal(found, whole)


def test_the_nearest_pairs_are_kept(vectors, monkeypatch):
    pairs, found, _ = similar_pairs(vectors, 0.5)
    monkeypatch.setattr(similar_images, "_ROWS", 7)
    monkeypatch.setattr(similar_images, "_MOST_PAIRS", 4)
    kept, nearest, left_out = similar_pairs(vectors, 0.5)
    assert kept.tolist() == pairs[:4].tolist() and left_out == len(pairs) - 4
    np.testing.assert_allclose(nearest, found[:4], atol=ROUNDING)


def test_the_table_says_which_kind_a_pair_is(vectors):
    examples = pd.DataFrame(
        {"example_id": 100 + np.arange(50), "split": "train", "sha256": [str(n) for n in range(50)]}
    )
    examples.loc[30, ["split", "sha256"]] = "test", "7"
    table, _ = similar_table(examples, vectors, 0.99)
    assert table.drop(columns="cosine").to_dict("records") == [
        {"example_id": 107, "other_id": 130, "same_split": False, "identical": True}
    ]


def test_a_map_in_parts_is_that_of_the_whole(monkeypatch):
    draws = np.random.default_rng(0)
    vectors = (draws.normal(size=(100, 5)) * [1, 2, 3, 4, 5] + 10).astype(np.float32)
    whole, expected = principal_map(vectors)
    monkeypatch.setattr(feature_map, "_BYTES_TOGETHER", 4 * 5 * 30)
    monkeypatch.setattr(feature_map, "_MEMORY", 4 * 5 * 99)
    monkeypatch.setattr("sklearn.decomposition.PCA", None)
    places, explained = principal_map(vectors)
    np.testing.assert_allclose(places, whole, atol=50 * ROUNDING)
    np.testing.assert_allclose(explained, expected, rtol=ROUNDING)


def test_the_map_is_that_of_the_singular_values(vectors):
    places, explained = principal_map(vectors)
    centred = vectors - vectors.mean(axis=0)
    left, values, _ = np.linalg.svd(centred, full_matrices=False)
    np.testing.assert_allclose(np.abs(places), np.abs(left * values)[:, :2], atol=ROUNDING)
    np.testing.assert_allclose(explained, values[:2] ** 2 / (values**2).sum(), rtol=ROUNDING)


@pytest.mark.parametrize("shape", [(1, 4), (2, 4), (5, 1)])
def test_a_map_of_few_images_or_features_has_its_axes(shape):
    places, explained = principal_map(np.random.default_rng(0).normal(size=shape).astype(np.float32))
    assert places.shape == (shape[0], 2) and np.isfinite(places).all() and len(explained) == 2
    assert np.isfinite(explained).all()


def test_umap_that_is_not_installed_is_one_line(vectors, monkeypatch):
    monkeypatch.setitem(sys.modules, "umap", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"^analyses\.features\.map: umap needs a package; run `pip"):
        umap_places(vectors)
