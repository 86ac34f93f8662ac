"""Rank correlation against SciPy, its intervals against brute force, stability over seeds."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import rankdata, spearmanr

from difficulty.analysis.bootstrap import resample_counts
from difficulty.analysis.correlation import (
    correlation_table,
    disjoint_halves,
    half_correlation,
    seed_correlations,
    spearman_intervals,
    spearman_matrix,
    stability_table,
)
from difficulty.analysis.ties import midranks, repeated_columns, repetitions, tie_order

EXACT = 1e-12


def tied_values(seed, examples=200):
    random = np.random.default_rng(seed)
    base = random.normal(size=examples)
    return np.stack(
        [base, np.round(base + random.normal(size=examples), 1), random.integers(0, 4, examples), -(base**3)], axis=1
    )


@given(arrays(float, st.integers(1, 30), elements=st.integers(-4, 4).map(float)), st.data())
def test_midranks_are_scipys_also_of_resamples(values, data):
    np.testing.assert_array_equal(midranks(values), rankdata(values))
    counts = np.array(data.draw(st.lists(st.integers(0, 3), min_size=len(values), max_size=len(values))))
    repeated = np.repeat(np.arange(len(values)), counts)
    found = tie_order(values).midranks(counts)[repeated]
    np.testing.assert_array_equal(found, rankdata(values[repeated]))


@pytest.mark.parametrize("seed", range(3))
def test_matrix_is_scipys(seed):
    values = tied_values(seed)
    np.testing.assert_allclose(spearman_matrix(values), spearmanr(values).statistic, atol=EXACT)


def test_monotone_transforms_and_row_order_change_nothing():
    values = tied_values(0)
    changed = np.stack([np.exp(values[:, 0]), values[:, 1] * 3 - 5, values[:, 2] ** 3, values[:, 3]], axis=1)
    np.testing.assert_allclose(spearman_matrix(changed[::-1]), spearman_matrix(values), atol=EXACT)


def test_constant_scores_have_no_correlation():
    matrix = spearman_matrix(np.stack([np.arange(5.0), np.ones(5)], axis=1))
    assert matrix[0, 0] == 1
    assert np.isnan(matrix[[0, 1, 1], [1, 0, 1]]).all()


def test_intervals_rank_every_resample_anew():
    values = tied_values(1, 40)[:, :3]
    resampled = [
        spearmanr(np.repeat(values, counts[:, 0], axis=0)).statistic for counts in resample_counts(40, 50, seed=3)
    ]
    low, high = spearman_intervals(values, 50, seed=3)
    one, other = np.triu_indices(values.shape[1], 1)
    center = np.arctanh(spearmanr(values).statistic[one, other])
    error = np.std(np.arctanh(np.array(resampled)[:, one, other]), axis=0, ddof=1)
    np.testing.assert_allclose(low[one, other], np.tanh(center - 1.959963985 * error), atol=1e-9)
    np.testing.assert_allclose(high[one, other], np.tanh(center + 1.959963985 * error), atol=1e-9)


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    """Normal pairs of correlation r have Spearman's correlation 6 / pi arcsin(r / 2)."""
    random, correlation, hits = np.random.default_rng(5), 0.7, 0
    truth = 6 / np.pi * np.arcsin(correlation / 2)
    for seed in range(120):
        x, noise = random.normal(size=(2, 60))
        pair = np.stack([x, correlation * x + np.sqrt(1 - correlation**2) * noise], axis=1)
        low, high = spearman_intervals(pair, 100, seed)
        hits += low[0, 1] <= truth <= high[0, 1]
    assert 0.87 <= hits / 120 <= 0.99


def test_resamples_have_the_size_of_the_data_and_depend_on_the_seed_alone():
    one = np.concatenate(list(resample_counts(30, 10, seed=1, block=4)), axis=1)
    np.testing.assert_array_equal(one, np.concatenate(list(resample_counts(30, 10, seed=1)), axis=1))
    assert one.shape == (30, 10)
    assert (one.sum(axis=0) == 30).all()
    assert not np.array_equal(one, np.concatenate(list(resample_counts(30, 10, seed=2)), axis=1))


@pytest.mark.parametrize("sign", [1, -1])
def test_perfect_correlation_of_few_examples_has_an_interval_of_some_width(sign):
    """Six images that two scores order alike: every resample does, too."""
    values = np.stack([np.arange(6.0), sign * np.arange(6.0) ** 3], axis=1)
    low, high = spearman_intervals(values, 50)
    ends = sorted([sign * low[0, 1], sign * high[0, 1]])
    # Half a step from 1, 1 - 6 / 210, with Bonett & Wright's error sqrt(1.5 / 3).
    expected = np.tanh(np.arctanh(1 - 6 / 210) - 1.959964 * np.sqrt(0.5))
    assert ends == [pytest.approx(expected, abs=1e-6), 1]
    assert low[0, 0] == high[0, 0] == 1


def test_no_interval_of_three_examples():
    low, high = spearman_intervals(np.random.default_rng(0).normal(size=(3, 2)), 50)
    assert np.isnan(low).all() and np.isnan(high).all()


def test_columns_that_repeat_another_are_found():
    random = np.random.default_rng(0)
    one = random.integers(0, 20, 60).astype(float)
    table = pd.DataFrame({"a": one, "b": random.random(60), "c": (one / 37).astype(np.float32), "d": one**3, "e": -one})
    table["part"] = table["a"].where(np.arange(60) < 50)  # known of fewer
    table["part_again"] = table["part"] / 3
    table["above"] = (one > 10).astype(float)  # orders no pair otherwise, but says less
    table["constant"], table["constant_again"] = 1.0, 2.0
    assert repeated_columns(table) == {"c": "a", "d": "a", "part_again": "part"}
    assert repetitions({"c": "a"}) == ["c = a"]


def test_table_compares_common_examples():
    scores = pd.DataFrame(tied_values(2), columns=list("abcd"))
    scores.loc[:9, "a"] = np.nan
    scores.loc[5:14, "b"] = np.nan
    table = correlation_table(scores, replicates=20)
    assert (table["examples"] == 185).all()
    assert list(table["score_a"][:4]) == ["a"] * 4
    assert list(table["score_b"][:4]) == list("abcd")
    row = table[(table["score_a"] == "b") & (table["score_b"] == "c")].iloc[0]
    expected = spearmanr(scores["b"][15:], scores["c"][15:]).statistic
    assert row["spearman"] == pytest.approx(expected, abs=EXACT)
    assert row["low"] <= row["spearman"] <= row["high"]


def test_no_common_example_gives_nulls():
    table = correlation_table(pd.DataFrame({"a": [1.0, np.nan], "b": [np.nan, 1.0]}), replicates=5)
    assert table[["spearman", "low", "high"]].isna().all(axis=None)


@settings(max_examples=50)
@given(st.integers(2, 9), st.integers(1, 4), st.integers(1, 30))
def test_halves_are_disjoint_and_different(runs, size, at_most):
    if 2 * size > runs:
        return
    halves = disjoint_halves(runs, size, at_most, np.random.default_rng(0))
    assert len({frozenset(map(frozenset, pair)) for pair in halves}) == len(halves) <= at_most
    assert all(len(a) == len(b) == size and not set(a) & set(b) for a, b in halves)


def test_all_halves_are_taken_where_there_are_few():
    assert disjoint_halves(3, 1, 20, np.random.default_rng(0)) == [((0,), (1,)), ((0,), (2,)), ((1,), (2,))]
    assert len(disjoint_halves(4, 2, 20, np.random.default_rng(0))) == 3


def test_stability_of_signal_and_noise():
    """Signal and noise of variance 1: means of k seeds have the reliability k / (k + 1)."""
    random = np.random.default_rng(0)
    values = random.normal(size=20_000) + random.normal(size=(6, 20_000))
    table = stability_table(values, splits=10)
    pearson = np.array([k / (k + 1) for k in (1, 2, 3)])
    assert table["seeds_per_half"].tolist() == [1, 2, 3]
    assert table["splits"].tolist() == [10, 10, 10]
    np.testing.assert_allclose(table["spearman_mean"], 6 / np.pi * np.arcsin(pearson / 2), atol=0.02)
    assert (table["spearman_min"] <= table["spearman_mean"]).all()
    assert (table["spearman_std"] > 0).all()
    pd.testing.assert_frame_equal(table, stability_table(values, splits=10))


def test_stability_uses_what_is_defined():
    values = np.array([[1.0, 2, 3, np.nan], [1, 3, 2, 4]])
    correlation, examples = half_correlation(values, [0], [1])
    assert (correlation, examples) == (pytest.approx(0.5), 3)
    table = stability_table(values)
    assert table[["splits", "examples"]].to_numpy().tolist() == [[1, 3]]
    assert np.isnan(table["spearman_std"].iloc[0])
    assert stability_table(values[:1]).empty


def test_pairs_of_seeds():
    values = np.array([[1.0, 2, 3, np.nan], [1, 3, 2, 4], [3, 2, 1, 0]])
    table = seed_correlations(values, ["seed-0", "seed-1", "seed-2"]).set_index(["seed_a", "seed_b"])["spearman"]
    assert table["seed-0", "seed-0"] == 1
    assert table["seed-0", "seed-1"] == table["seed-1", "seed-0"] == pytest.approx(0.5)
    assert table["seed-0", "seed-2"] == -1
