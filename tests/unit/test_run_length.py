"""From when on something holds for good."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from difficulty.scores.dynamics.run_length import run_length

MATCHES = arrays(bool, array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=9), elements=st.booleans())


def first_index_that_stays(column):
    return next((start for start in range(len(column)) if all(column[start:])), len(column))


@given(MATCHES)
def test_is_the_first_index_from_which_a_column_stays_true(matches):
    expected = [first_index_that_stays(list(column)) for column in matches.T]
    assert run_length(matches).tolist() == expected


def test_examples_of_each_case():
    columns = [[True] * 3, [False] * 3, [True, False, True], [True, True, False], [False, True, True]]
    assert run_length(np.array(columns).T).tolist() == [0, 3, 2, 3, 1]


@pytest.mark.parametrize("matches", [np.ones((2, 2)), np.ones(3, dtype=bool)])
def test_refuses_what_is_not_a_boolean_table(matches):
    with pytest.raises(ValueError, match=r"bool \(E, N\)"):
        run_length(matches)
