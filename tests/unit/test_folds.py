"""Folds: of equal size, each with its share of every class, and no image on both sides of a cut."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from difficulty.training.folds import stratified_folds


def numbered(values):
    """Values counted from 0 without gaps."""
    return np.unique(np.asarray(values, dtype=int), return_inverse=True)[1]


def class_counts(fold, classes, folds):
    """(folds, classes)."""
    counts = np.zeros((folds, classes.max() + 1), int)
    np.add.at(counts, (fold, classes), 1)
    return counts


@given(st.lists(st.integers(0, 4), min_size=1, max_size=80), st.integers(2, 7))
def test_different_images_are_dealt_class_by_class_like_cards(classes, folds):
    """Reference: every `folds`-th one of the examples sorted by class."""
    classes = numbered(classes)
    dealt = np.empty(len(classes), int)
    dealt[np.argsort(classes, kind="stable")] = np.arange(len(classes)) % folds
    assert (stratified_folds(classes, np.arange(len(classes)), folds) == dealt).all()


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 30)), min_size=1, max_size=80), st.integers(2, 5))
def test_identical_images_stay_together_whatever_their_labels(examples, folds):
    classes, content = map(numbered, zip(*examples, strict=True))
    fold = stratified_folds(classes, content, folds)
    assert fold.min() >= 0 and fold.max() < folds
    assert all(len(set(fold[content == each])) == 1 for each in np.unique(content))


@given(st.integers(2, 5), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_folds_are_as_equal_as_without_identical_images(folds, classes, seed):
    """A fifth of the images occur twice, with the same label: sizes differ by one, in each class and in all."""
    draws = np.random.default_rng(seed)
    count = 20 * folds * classes
    classes = numbered(draws.permutation(np.arange(count) % classes))
    content = np.arange(count)
    for own in np.unique(classes):
        members = np.flatnonzero(classes == own)
        pairs = draws.permutation(members)[: len(members) // 5 * 2].reshape(-1, 2)
        content[pairs[:, 1]] = content[pairs[:, 0]]
    counts = class_counts(stratified_folds(classes, numbered(content), folds), classes, folds)
    assert np.ptp(counts, axis=0).max() <= 1 and np.ptp(counts.sum(axis=1)) <= 1


def test_a_group_larger_than_a_fold_is_one_fold_and_the_others_share_the_rest():
    classes, content = np.zeros(20, int), numbered([0] * 10 + list(range(1, 11)))
    fold = stratified_folds(classes, content, 3)
    assert sorted(np.bincount(fold)) == [5, 5, 10] and len(set(fold[:10])) == 1
