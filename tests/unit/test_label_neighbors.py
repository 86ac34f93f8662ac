"""The neighbours' vote on a label."""

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from difficulty.scores.label_neighbors import label_disagreement


def test_as_a_weighted_classifier_of_scikit_learn():
    generator = np.random.default_rng(0)
    known, queries = generator.normal(size=(90, 5)), generator.normal(size=(40, 5))
    labels, given = generator.integers(0, 4, 90), generator.integers(0, 4, 40)
    distances, places = KNeighborsClassifier(7).fit(known, labels).kneighbors(queries)
    weigh = lambda found: np.exp(-found / np.median(distances))  # noqa: E731
    voted = KNeighborsClassifier(7, weights=weigh).fit(known, labels).predict_proba(queries)
    found = label_disagreement(labels[places], distances, given)
    np.testing.assert_allclose(found, 1 - voted[np.arange(40), given], atol=1e-12)


def test_equal_distances_count_votes():
    votes = [[1, 1, 2, 0], [3, 3, 3, 3], [0, 1, 2, 4]]
    for distance in (0.0, 2.5, 1e300):
        found = label_disagreement(votes, np.full((3, 4), distance), [1, 3, 3])
        np.testing.assert_allclose(found, [0.5, 0, 1], atol=1e-12)


def test_far_examples_and_duplicates_have_votes():
    """Weights that would all vanish are relative to the nearest; at the median zero only the nearest vote."""
    near, far = [1.0, 1.0, 1.0], [1e5, 1e5, 2e5]
    found = label_disagreement([[0, 0, 0], [0, 0, 0], [0, 1, 1]], [near, near, far], [0, 0, 0])
    np.testing.assert_allclose(found, [0, 0, 0.5], atol=1e-12)
    duplicates = label_disagreement([[0, 1, 1], [0, 1, 1]], [[0, 0, 5], [0, 0, 0]], [0, 0])
    np.testing.assert_allclose(duplicates, [0.5, 2 / 3])


@pytest.mark.parametrize(
    "votes, distances, labels, message",
    [
        ([[0, 1]], [[1.0]], [0], "are .N, k., not"),
        ([[0, 1]], [[1.0, 2.0]], [0, 1], "is .N,. of 1 examples"),
        ([[0, 1]], [[1.0, -2.0]], [0], "not negative"),
        ([[0, 1]], [[1.0, np.nan]], [0], "not negative"),
        (np.empty((1, 0)), np.empty((1, 0)), [0], "are .N, k., not"),
    ],
)
def test_wrong_arguments_are_refused(votes, distances, labels, message):
    with pytest.raises(ValueError, match=message):
        label_disagreement(votes, distances, labels)
