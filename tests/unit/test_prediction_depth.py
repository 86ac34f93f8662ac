"""Votes of neighbours and prediction depth: scikit-learn's votes, the definition itself, and cases by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.neighbors import KNeighborsClassifier

from difficulty.scores.depth.prediction_depth import nearest_neighbors, prediction_depth, vote
from difficulty.scores.depth.votes import vote_and_ties


@pytest.mark.parametrize("k", [1, 5, 30])
def test_votes_are_those_of_scikit_learn_where_there_is_no_tie(k):
    rng = np.random.default_rng(k)
    bank, queries = (rng.normal(size=(n, 6)).astype(np.float32) for n in (400, 300))
    labels = (bank[:, 0] > 0).astype(int) + 2 * (bank[:, 1] > 0.5)
    expected = KNeighborsClassifier(k, algorithm="brute").fit(bank, labels).predict(queries)
    indices, distances = nearest_neighbors(bank, queries, k)
    votes, tied = vote_and_ties(labels[indices], distances, 4)
    np.testing.assert_array_equal(votes[~tied], expected[~tied])
    assert (vote_and_ties(labels[indices], None, 4)[0] == expected).all()  # scikit-learn: the lowest class
    assert tied.any() == (k > 1)


@pytest.mark.parametrize(
    ("labels", "distances", "expected"),
    [
        ([2, 2, 1], [1, 2, 0], 2),
        ([1, 2], [1.0, 1.1], 1),
        ([2, 1], [1.0, 1.1], 2),
        ([2, 1], [1.0, 1.0], 1),
        # Distances count as they are, not squared: 0 + 3 < 2 + 2, but 0 + 9 > 4 + 4.
        ([2, 0, 0, 2], [0.0, 2.0, 2.0, 3.0], 2),
        # The third class is nearest of all, but has one vote only.
        ([1, 2, 2, 0, 0], [0.0, 1.0, 4.0, 2.0, 2.5], 0),
    ],
)
def test_ties_go_to_the_nearer_neighbors_then_to_the_lower_class(labels, distances, expected):
    assert vote(np.array([labels]), np.array([distances], float), 3).tolist() == [expected]


def test_many_rows_are_counted_in_parts(monkeypatch):
    rng = np.random.default_rng(0)
    labels, distances = rng.integers(0, 5, (1000, 8)), rng.random((1000, 8))
    whole = vote_and_ties(labels, distances, 5)
    monkeypatch.setattr("difficulty.scores.depth.votes._CELLS", 64)
    for one, other in zip(whole, vote_and_ties(labels, distances, 5), strict=True):
        np.testing.assert_array_equal(one, other)


def test_labels_that_are_no_classes_are_told():
    with pytest.raises(ValueError, match="labels from 0 to 3, expected 0 to 2"):
        vote(np.array([[0, 3]]), np.zeros((1, 2)), 3)
    with pytest.raises(ValueError, match="are not both"):
        vote(np.zeros((2, 3), int), np.zeros((2, 2)), 3)


@pytest.mark.parametrize(
    ("votes", "prediction", "depth"),
    [
        ([1, 1, 1, 1], 1, 0),
        ([0, 1, 1, 1], 1, 1),
        ([1, 0, 1, 1], 1, 2),
        ([1, 1, 0, 1], 1, 3),
        ([1, 1, 1, 0], 1, None),
        ([0, 0, 0, 0], 1, None),
        ([0], 0, 0),
    ],
)
def test_depth_is_where_the_last_unbroken_agreement_begins(votes, prediction, depth):
    found, undefined = prediction_depth(np.array([votes]), np.array([prediction]))
    assert undefined.tolist() == [depth is None]
    assert np.isnan(found[0]) if depth is None else found[0] == depth
    assert found.dtype == np.float64


@given(arrays(np.int64, st.tuples(st.integers(0, 9), st.integers(1, 7)), elements=st.integers(0, 2)), st.integers(0, 2))
def test_depth_is_as_defined(votes, prediction):
    """min over l such that all of l ... L vote the network's class (Baldock et al. 2021, section 2)."""
    found, undefined = prediction_depth(votes, np.full(len(votes), prediction))
    for row, depth, none in zip(votes, found, undefined, strict=True):
        levels = [level for level in range(len(row)) if (row[level:] == prediction).all()]
        assert none == (not levels)
        assert none or depth == min(levels)


def test_shapes_that_do_not_fit_are_told():
    with pytest.raises(ValueError, match="are not"):
        prediction_depth(np.zeros((3, 2)), np.zeros(2))
