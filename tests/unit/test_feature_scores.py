"""Scores of given features against scikit-learn's neighbours and probes, and against what is computed one by one."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import PredefinedSplit, cross_val_predict
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from difficulty.errors import UserError
from difficulty.scores.features.neighbors import nearest_others, unit_vectors
from difficulty.scores.features.probe import (
    held_out_logits,
    log_probability_margin,
    probabilities_of,
    probe_logits,
)
from difficulty.scores.features.prototypes import prototypicality
from difficulty.scores.features.scoring import Labelled, feature_scores
from difficulty.training.probe_folds import probe_folds

ROUNDING = 1e-5  # of float32 features
SOLVER = 1e-3  # of two fits of the same probe, in float64
SETTINGS = {"neighbors": 6, "strength": 0.01}


def images(count=90, width=12, classes=3, seed=0, repeated=()) -> Labelled:
    """Vectors around the means of their classes. repeated: (image, the later one that is identical with it)."""
    draws = np.random.default_rng(seed)
    means = np.random.default_rng(7).normal(size=(classes, width))
    labels, content = draws.integers(0, classes, count), np.arange(count)
    vectors = (draws.normal(size=(count, width)) + means[labels] + 1).astype(np.float32)
    for first, other in repeated:
        vectors[other], content[other] = vectors[first], first
    return Labelled(vectors, labels, content)


def folds_of(train: Labelled) -> np.ndarray:
    return probe_folds(train.labels, train.content, 5)


def test_neighbours_are_scikit_learns():
    train, test = images(), images(20, seed=1)
    bank, queries = unit_vectors(train.vectors), unit_vectors(test.vectors)
    expected = NearestNeighbors(n_neighbors=7, metric="cosine").fit(train.vectors)
    distances, indices = expected.kneighbors(test.vectors)
    found = nearest_others(bank, train.content, queries, 1000 + test.content, 7)
    np.testing.assert_array_equal(found[0], indices)
    np.testing.assert_allclose(found[1], distances, atol=ROUNDING)
    distances, indices = expected.kneighbors()  # each row but itself
    found = nearest_others(bank, train.content, bank, train.content, 7)
    np.testing.assert_array_equal(found[0], indices)
    np.testing.assert_allclose(found[1], distances, atol=ROUNDING)


def test_identical_images_are_no_neighbours():
    train, test = images(repeated=[(3, 40), (3, 41), (8, 9)]), images(5, seed=1)
    bank, queries = unit_vectors(train.vectors), unit_vectors(test.vectors)
    queries[2], test.content[:] = bank[3], [100, 101, 3, 102, 103]
    cosines = bank @ bank.T
    for rows, content, products in ((bank, train.content, cosines), (queries, test.content, queries @ bank.T)):
        indices, distances = nearest_others(bank, train.content, rows, content, 5)
        for row in range(len(rows)):
            others = np.flatnonzero(train.content != content[row])
            assert set(indices[row]) <= set(others) and len(set(indices[row])) == 5
            np.testing.assert_allclose(distances[row], 1 - np.sort(products[row, others])[:-6:-1], atol=ROUNDING)
    with pytest.raises(ValueError, match="only 87 neighbours"):
        nearest_others(bank, train.content, bank, train.content, 88)


@pytest.mark.parametrize("classes", [2, 3])
def test_the_probe_is_scikit_learns(classes):
    train = images(classes=classes)
    vectors, fold = train.vectors.astype(np.float64), np.arange(90) % 5
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1000))
    expected = cross_val_predict(pipeline, vectors, train.labels, cv=PredefinedSplit(fold), method="predict_log_proba")
    logits = held_out_logits(vectors, train.labels, fold, classes, 0.01)
    np.testing.assert_allclose(probabilities_of(logits), np.exp(expected), atol=SOLVER)
    rows = np.arange(90)
    others = expected.copy()
    others[rows, train.labels] = -np.inf
    margin = expected[rows, train.labels] - others.max(axis=1)
    np.testing.assert_allclose(log_probability_margin(logits, train.labels), margin, atol=SOLVER)


def test_a_sure_probe_keeps_its_margin():
    logits = np.array([[900.0, 0, 0], [0, 900.0, 1]])
    assert log_probability_margin(logits, np.array([0, 2])).tolist() == [900, -899]


def test_a_label_that_the_probe_has_not_seen_has_no_margin():
    train = images()
    train.labels[:] = train.labels % 2
    train.labels[4] = 2
    fold = np.arange(90) % 3
    logits = held_out_logits(train.vectors, train.labels, fold, 3, 0.01)
    margin, probabilities = log_probability_margin(logits, train.labels), probabilities_of(logits)
    assert np.flatnonzero(np.isnan(margin)).tolist() == [4]
    assert (probabilities[fold == 1, 2] == 0).all() and (probabilities[fold != 1, 2] > 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=ROUNDING)
    one = probe_logits(train.vectors, np.zeros(90, int), train.vectors[:2], 2, 1.0)
    assert probabilities_of(one).tolist() == [[1, 0], [1, 0]]
    assert np.isnan(log_probability_margin(one, np.array([0, 0]))).all()


def test_prototypicality_leaves_the_image_and_its_duplicates_out():
    train, test = images(repeated=[(3, 40), (3, 41), (8, 9)]), images(6, seed=1)
    train.labels[[3, 40]], train.labels[41], train.labels[5] = 1, 2, 3
    bank, queries = unit_vectors(train.vectors), unit_vectors(test.vectors)
    test.content[:] = [200, 201, 3, 202, 203, 204]
    test.labels[:] = [0, 1, 1, 2, 3, 4]
    queries[2] = bank[3]
    for rows, labels, content in ((bank, train.labels, train.content), (queries, test.labels, test.content)):
        found = prototypicality(bank, train.labels, train.content, rows, labels, content)
        for row in range(len(rows)):
            members = (train.labels == labels[row]) & (train.content != content[row])
            mean = bank[members].mean(axis=0) if members.any() else np.full(bank.shape[1], np.nan)
            assert found[row] == pytest.approx(1 - rows[row] @ mean / np.linalg.norm(mean), abs=ROUNDING, nan_ok=True)
        assert np.isnan(found).sum() == 1  # the only one of label 3, and a label without training images


def test_images_of_another_class_are_found_by_all():
    train, test = images(), images(30, seed=1)
    wrong = np.arange(90) < 9
    train.labels[wrong] = (train.labels[wrong] + 1) % 3
    found, probabilities = feature_scores(train, test, folds_of(train), 3, SETTINGS)
    assert probabilities.shape == (120, 3)
    for name, direction in (("knn_label_disagreement", 1), ("probe_margin", -1), ("prototypicality", 1)):
        values = direction * found[name]
        assert values.shape == (120,) and values[:90][wrong].mean() > values[:90][~wrong].mean() + 0.1
    assert ((found["knn_label_disagreement"] >= 0) & (found["knn_label_disagreement"] <= 1)).all()


def test_folds_keep_identical_images_together_and_fit_few_images():
    train = images(repeated=[(3, 40), (3, 41), (8, 9)])
    fold = folds_of(train)
    assert len({*fold[[3, 40, 41]]}) == 1 and len({*fold[[8, 9]]}) == 1 and set(fold) == {0, 1, 2, 3, 4}
    few = images(3)
    assert sorted(folds_of(few)) == [0, 1, 2]
    found, _ = feature_scores(few, images(0), folds_of(few), 3, SETTINGS)
    assert np.isfinite(found["knn_label_disagreement"]).all()


def test_identical_images_alone_are_an_error():
    train = images(2, repeated=[(0, 1)])
    with pytest.raises(UserError, match="all training images are identical"):
        feature_scores(train, images(0), np.zeros(2, int), 3, SETTINGS)
