"""Memorization and consistency, against all subsets of a set small enough to train on each of them."""

from itertools import combinations

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from difficulty.scores.memorization import memorization


def test_every_subset_of_a_small_set_with_a_classifier_that_memorises():
    """One nearest neighbour is right about what it has seen; of the others a loop counts."""
    generator = np.random.default_rng(0)
    images, labels = generator.normal(size=(8, 2)), np.array([0, 0, 0, 0, 1, 1, 1, 0])
    correct, trained_on = [], []
    for subset in combinations(range(8), 5):
        inside = np.isin(np.arange(8), subset)
        fitted = KNeighborsClassifier(1).fit(images[inside], labels[inside])
        correct.append(fitted.predict(images) == labels)
        trained_on.append(inside)
    found = memorization(np.array(correct, float), np.array(trained_on))
    for example in range(8):
        held_out = [right[example] for right, inside in zip(correct, trained_on, strict=True) if not inside[example]]
        assert len(held_out) == 21  # 7 choose 5 subsets lack one of the 8
        assert found["consistency"][example] == pytest.approx(sum(held_out) / 21)
        assert found["memorization"][example] == pytest.approx(1 - sum(held_out) / 21)
    assert found["consistency"].nunique() > 3


def test_probabilities_missing_values_and_sides_without_a_run():
    correct = [[0.9, 0.5, np.nan, 0.25], [0.3, 0.1, 0.5, np.nan], [0.1, 0.8, 0.7, 0.5]]
    trained_on = np.array([[1, 1, 0, 1], [0, 1, 0, 0], [0, 1, 0, 1]], bool)
    found = memorization(correct, trained_on)
    np.testing.assert_allclose(found["memorization"], [0.9 - 0.2, np.nan, np.nan, np.nan])
    np.testing.assert_allclose(found["consistency"], [0.2, np.nan, 0.6, np.nan])


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match="trained_on bool"):
        memorization(np.ones((2, 3)), np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"\(2, 3\)"):
        memorization(np.ones((2, 3)), np.ones((3, 2), bool))
