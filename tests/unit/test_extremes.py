"""The easiest and the hardest tenth, where scores are tied or not."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from difficulty.analysis.extremes import extreme_weights


def test_without_ties_they_are_the_first_and_the_last():
    hardness = np.random.default_rng(0).permutation(40)
    easiest, hardest = extreme_weights(hardness, 0.1)
    assert easiest.tolist() == (hardness < 4).tolist() and hardest.tolist() == (hardness >= 36).tolist()


def test_ties_across_the_border_count_in_part():
    easiest, hardest = extreme_weights(np.array([1, 1, 1, 1, 2, 2, 3, 3, 3, 4.0]), 0.2)
    np.testing.assert_allclose(easiest, [0.5] * 4 + [0] * 6)
    np.testing.assert_allclose(hardest, [0] * 6 + [1 / 3] * 3 + [1])


@given(st.lists(st.integers(0, 3), min_size=1, max_size=30), st.floats(0.05, 0.5))
def test_they_are_as_many_as_wanted_and_one_at_least(values, fraction):
    weights = extreme_weights(np.array(values, float), fraction)
    for each in weights:
        np.testing.assert_allclose(each.sum(), max(int(fraction * len(values)), 1))
        assert (each >= 0).all() and (each <= 1).all()
    np.testing.assert_allclose(extreme_weights(-np.array(values, float), fraction), weights[::-1])


def test_they_are_means_over_random_orders_of_ties():
    values, random = np.array([1, 1, 1, 2, 2, 3, 3, 3, 3, 3.0]), np.random.default_rng(0)
    orders = [np.lexsort((random.random(10), values)) for _ in range(4000)]
    found = (
        np.stack(
            [
                np.bincount(np.concatenate([order[:4] for order in orders]), minlength=10),
                np.bincount(np.concatenate([order[-4:] for order in orders]), minlength=10),
            ]
        )
        / 4000
    )
    np.testing.assert_allclose(extreme_weights(values, 0.4), found, atol=0.03)
