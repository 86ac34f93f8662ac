"""Rank correlation against SciPy, its intervals against brute force, stability over seeds."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import rankdata, spearmanr

from difficulty.analysis import correlation
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
from difficulty.analysis.reliability import corrected_correlations, seeds_for, spearman_brown
from difficulty.analysis.score_order import in_order, similar_order
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


@pytest.mark.parametrize("examples", [7, 1 << 24, (1 << 24) + 2])
def test_centred_ranks_are_held_exactly(examples):
    last = (examples - 1) / 2
    assert correlation._kind_of_ranks(examples)(last) == last


def test_ranks_in_half_the_memory_give_the_same_bits(monkeypatch):
    values = tied_values(0, 1001)
    found = [spearman_matrix(values), *spearman_intervals(values, 20)]
    monkeypatch.setattr(correlation, "_kind_of_ranks", lambda examples: np.float64)
    np.testing.assert_array_equal(found, [spearman_matrix(values), *spearman_intervals(values, 20)])


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


def test_table_compares_the_examples_that_two_scores_have_in_common():
    scores = pd.DataFrame(tied_values(2), columns=list("abcd"))
    scores.loc[:9, "a"] = np.nan
    scores.loc[5:14, "b"] = np.nan
    table = correlation_table(scores, replicates=20)
    assert list(table["score_a"][:4]) == ["a"] * 4
    assert list(table["score_b"][:4]) == list("abcd")
    for row in table.itertuples():
        common = scores[[row.score_a, row.score_b]].dropna().to_numpy()
        assert row.examples == len(common)
        assert row.spearman == pytest.approx(spearmanr(common[:, 0], common[:, -1]).statistic, abs=EXACT)
        assert row.low <= row.spearman <= row.high
    counts = table.set_index(["score_a", "score_b"])["examples"]
    assert (counts["a", "b"], counts["a", "a"], counts["c", "d"]) == (185, 190, 200)


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


def test_reliability_of_all_seeds_is_cronbachs_alpha_of_ranks():
    """Without ties ranks have equal variances, so that alpha is Spearman-Brown's formula of the mean correlation."""
    random = np.random.default_rng(1)
    values = random.normal(size=300) + random.normal(size=(4, 300))
    ranks = rankdata(values, axis=1)
    alpha = 4 / 3 * (1 - ranks.var(axis=1, ddof=1).sum() / ranks.sum(axis=0).var(ddof=1))
    table = stability_table(values)
    assert table["seeds_per_half"].tolist() == [1, 2]
    assert table["reliability"].iloc[0] == pytest.approx(alpha, abs=EXACT)
    assert table["reliability"].iloc[1] == pytest.approx(alpha, abs=0.02)


def test_spearman_brown():
    assert spearman_brown(0.5, 2) == pytest.approx(2 / 3)  # a test of twice the length
    assert spearman_brown(0.8, 1) == pytest.approx(0.8)
    assert spearman_brown(0.0, 3) == 0 and np.isnan(spearman_brown(-0.2, 3)) and np.isnan(spearman_brown(np.nan, 3))


def test_number_of_seeds_for_a_reliability():
    """Of signal and noise of variance 1 a mean over k seeds has the reliability k / (k + 1): 9 seeds have 0.9."""
    assert seeds_for(0.5, 1) == 9 and seeds_for(2 / 3, 2) == 9 and seeds_for(0.75, 3) == 9
    assert (seeds_for(0.95, 1), seeds_for(1.0, 2), seeds_for(0.5, 1, 0.8)) == (1, 1, 4)
    assert np.isnan(seeds_for(0.0, 1)) and np.isnan(seeds_for(-0.3, 1)) and np.isnan(seeds_for(np.nan, 1))
    table = stability_table(np.array([[1.0, 2, 3, 4], [4, 3, 2, 1]]))
    assert table[["reliability", "seeds_for_90"]].isna().all(axis=None)


def test_correction_finds_the_correlation_behind_noise_that_scores_of_a_run_share():
    """True values correlate by 0.5; each run adds its own noise, and more to the first score than to the second."""
    random = np.random.default_rng(2)
    true = random.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], 40_000)
    noise = random.normal(size=(3, 40_000, 1)) * [1.0, 0.5]
    found = corrected_correlations(true + noise, lambda values: np.corrcoef(values.T))
    np.testing.assert_allclose(found, [[1, 0.5], [0.5, 1]], atol=0.02)
    of_means = np.corrcoef((true + noise).mean(axis=0).T)[0, 1]
    assert of_means / np.sqrt(0.75 * 12 / 13) == pytest.approx(2 / 3, abs=0.02)  # what the formula makes of one run


def test_correction_is_spearmans_of_1904_on_the_examples_that_both_have():
    random = np.random.default_rng(3)
    values = random.normal(size=(60, 1)) + random.normal(size=(2, 60, 3))
    values[:, :7, 2] = np.nan
    found = corrected_correlations(values, spearman_matrix)
    (first, second), known = values, slice(7, None)
    across = [spearmanr(one[known, 0], other[known, 2]).statistic for one, other in ((first, second), (second, first))]
    own = [spearmanr(first[rows, n], second[rows, n]).statistic for rows, n in ((slice(None), 0), (known, 2))]
    assert found[0, 2] == pytest.approx(np.mean(across) / np.sqrt(own[0] * own[1]), abs=EXACT)
    assert np.isnan(corrected_correlations(values[:1], spearman_matrix)).all()
    opposed = np.stack([values[0], -values[0]])
    assert np.isnan(corrected_correlations(opposed, spearman_matrix)).all()


def test_similar_scores_stand_next_to_each_other():
    random = np.random.default_rng(4)
    one, other = random.normal(size=(2, 200))
    scores = pd.DataFrame({"a": one, "b": other, "c": -one, "d": other + 0.1 * one, "e": one + 0.1 * other})
    table = correlation_table(scores, replicates=10).assign(direction_a=1, direction_b=1)
    for end in ("a", "b"):
        table.loc[table[f"score_{end}"] == "c", f"direction_{end}"] = -1
    order = similar_order(table)
    assert {*order[:2]} == {"b", "d"} or {*order[3:]} == {"b", "d"}
    ordered = in_order(table[table["score_a"].isin(["b", "a"]) & table["score_b"].isin(["b", "a"])], ["b", "x"])
    assert list(zip(ordered["score_a"], ordered["score_b"], strict=True)) == [(x, y) for x in "ba" for y in "ba"]


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


def test_sums_over_blocks_of_examples_are_exact(monkeypatch):
    """Twice a centred rank is a whole number, and so are four times the sums."""
    values = np.random.default_rng(8).normal(size=(1000, 4)).round(1)
    expected = [spearman_matrix(values), *spearman_intervals(values, 20)]
    monkeypatch.setattr(correlation, "_EXAMPLES_AT_ONCE", 64)
    for whole, blocks in zip(expected, [spearman_matrix(values), *spearman_intervals(values, 20)], strict=True):
        np.testing.assert_array_equal(blocks, whole)
