"""Stratified selection: strata, budgets and what is left out."""

import numpy as np
import pytest

from difficulty.datasets.selection import stratified


def counts(scores, chosen, edges):
    return np.histogram(scores[chosen], edges)[0].tolist()


def test_every_stratum_gives_the_same_as_far_as_it_has_so_many():
    """Strata of 4, 10, 20 and 66; of 40 the smallest gives its 4, the others (40 - 4) / 3 each, as far as they can."""
    sizes = {0.1: 66, 0.35: 20, 0.6: 10, 0.9: 4}
    scores = np.repeat(list(sizes), list(sizes.values()))
    scores[0], scores[-1] = 0.0, 1.0
    chosen = stratified(scores, 40, strata=4)
    assert counts(scores, chosen, [0, 0.25, 0.5, 0.75, 1]) == [13, 13, 10, 4]
    assert chosen.tolist() == sorted(set(chosen.tolist())) and len(chosen) == 40 and chosen.dtype == np.int64


def test_the_hardest_are_left_out_before():
    scores = np.arange(100.0)
    chosen = stratified(scores, 90, drop_hardest=0.1)
    assert chosen.tolist() == list(range(90))
    tied = np.repeat([0.0, 1.0], 50)
    assert (stratified(tied, 75, drop_hardest=0.25)[:50] == np.arange(50)).all()
    assert (stratified(tied, 60, drop_hardest=0.25) >= 50).sum() == 25  # ten of the stratum of 50


def test_draws_depend_on_the_seed_alone():
    scores = np.random.default_rng(0).random(200)
    first, again, other = (stratified(scores, 50, seed=seed) for seed in (1, 1, 2))
    assert first.tolist() == again.tolist() != other.tolist()


def test_fewer_than_strata_are_of_all_levels_as_well():
    """Of 50 strata of two, 10 are drawn: five on average from the easier half, +-0.11 over 200 draws."""
    scores = np.arange(100.0)
    easy = [(stratified(scores, 10, seed=seed) < 50).sum() for seed in range(200)]
    assert np.mean(easy) == pytest.approx(5, abs=0.5)


def test_equal_scores_are_one_stratum():
    assert len(set(stratified(np.ones(30), 12).tolist())) == 12
    assert stratified(np.ones(30), 0).tolist() == stratified(np.empty(0), 0).tolist() == []


@pytest.mark.parametrize("count, options", [(31, {}), (28, {"drop_hardest": 0.1}), (-1, {})])
def test_more_than_there_are_cannot_be_drawn(count, options):
    with pytest.raises(ValueError, match="count: expected 0"):
        stratified(np.arange(30.0), count, **options)


def test_scores_are_numbers():
    with pytest.raises(ValueError, match="finite numbers"):
        stratified(np.array([0.0, np.nan]), 1)
    with pytest.raises(ValueError, match="strata >= 1"):
        stratified(np.arange(3.0), 1, drop_hardest=1.0)
