"""Correlation of ranks with something taken out: SciPy, scikit-learn, statpsych's interval, Holm's worked example."""

import numpy as np
import pytest
import scipy.stats
from sklearn.linear_model import LinearRegression

from difficulty.analysis.rank_tests import (
    centred_ranks,
    cross_correlation,
    holm,
    intervals,
    p_values,
    relative_class_ranks,
    without_class_means,
    without_column,
)

EXACT = 1e-12
COVERAGE = 0.02  # of a nominal 0.95, over 2,000 samples: four standard errors
SAME_AS_BOOTSTRAP = 0.04  # of an interval's end, for 300 examples


def rounded(*shape, seed=0):
    """Values with ties."""
    return np.round(np.random.default_rng(seed).normal(size=shape), 1)


def test_correlation_and_p_value_are_scipys():
    x, y = rounded(80, 3), rounded(80, 2, seed=1) + rounded(80, 1)
    found = cross_correlation(centred_ranks(x), centred_ranks(y))
    p = p_values(found, len(x) - 2)
    for row, column in np.ndindex(3, 2):
        expected = scipy.stats.spearmanr(x[:, row], y[:, column])
        assert found[row, column] == pytest.approx(expected.statistic, abs=EXACT)
        assert p[row, column] == pytest.approx(expected.pvalue, rel=1e-9)


def test_a_perfect_correlation_is_certain_and_an_undefined_one_nothing():
    found = np.array([1.0, -1.0, np.nan])
    np.testing.assert_array_equal(p_values(found, 8), [0, 0, np.nan])
    low, high = intervals(found, 8)
    np.testing.assert_array_equal([high[0], low[1]], [1, -1])
    assert low[0] == -high[1] == pytest.approx(np.tanh(np.arctanh(1 - 6 / 990) - 1.959964 * np.sqrt(1.5 / 7)), abs=1e-6)
    assert np.isnan([low[2], high[2]]).all()
    constant = cross_correlation(centred_ranks(np.ones((5, 1))), centred_ranks(np.arange(5.0)[:, None]))
    assert np.isnan(constant).all()


def test_interval_is_that_of_statpsych():
    """ci.spear of Bonett's own package for R, its documented example."""
    y = np.array([21, 4, 9, 12, 35, 18, 10, 22, 24, 1, 6, 8, 13, 16, 19.0])
    x = np.array([67, 28, 30, 28, 52, 40, 25, 37, 44, 10, 14, 20, 28, 40, 51.0])
    found = cross_correlation(centred_ranks(x[:, None]), centred_ranks(y[:, None]))
    assert found[0, 0] == pytest.approx(0.8699639, abs=5e-8)
    np.testing.assert_allclose(np.ravel(intervals(found, len(x) - 2)), [0.5840951, 0.9638297], atol=5e-8)


@pytest.mark.parametrize("pearson", [0.0, 0.5, 0.8])
def test_intervals_hold_the_true_correlation_of_normal_variables_as_often_as_they_say(pearson):
    random, truth = np.random.default_rng(0), 6 / np.pi * np.arcsin(pearson / 2)
    x = random.normal(size=(100, 2000))
    y = pearson * x + np.sqrt(1 - pearson**2) * random.normal(size=x.shape)
    found = np.array(
        [cross_correlation(a[:, None], b[:, None])[0, 0] for a, b in zip(*map(by_column, (x, y)), strict=True)]
    )
    low, high = intervals(found, len(x) - 2)
    assert ((low <= truth) & (truth <= high)).mean() == pytest.approx(0.95, abs=COVERAGE)


def by_column(values):
    return centred_ranks(values).T


@pytest.mark.parametrize("kind", ["overall", "within_class", "partial"])
def test_intervals_are_near_scipys_bootstrap(kind):
    random = np.random.default_rng(3)
    classes, light = random.integers(0, 4, 300), random.normal(size=300)
    x = random.normal(size=300) + 0.5 * classes + 0.5 * light
    y = 0.4 * x + random.normal(size=300) - 0.3 * classes

    def correlation(chosen):
        chosen = chosen.astype(int)
        own, columns = classes[chosen], [values[chosen, None] for values in (x, y, light)]
        if kind == "within_class":
            return cross_correlation(*(relative_class_ranks(column, own) for column in columns[:2]))[0, 0]
        ranks = [centred_ranks(column) for column in columns]
        if kind == "partial":
            ranks = [without_class_means(column, own) for column in ranks]
            ranks = [without_column(column, ranks[2][:, 0]) for column in ranks]
        return cross_correlation(*ranks[:2])[0, 0]

    examples = np.arange(300)
    resampled = scipy.stats.bootstrap(
        (examples,), correlation, n_resamples=400, vectorized=False, method="percentile", rng=np.random.default_rng(0)
    ).confidence_interval
    taken_out = {"overall": 0, "within_class": 3, "partial": 4}[kind]
    low, high = intervals(correlation(examples), 298 - taken_out)
    assert (low, high) == pytest.approx((resampled.low, resampled.high), abs=SAME_AS_BOOTSTRAP)


def test_relative_ranks_by_a_loop():
    values, classes = rounded(60, 2), np.random.default_rng(1).choice([7, 3, 5], 60, p=[0.7, 0.2, 0.1])
    expected = np.empty_like(values)
    for label in (3, 5, 7):
        own = classes == label
        expected[own] = (scipy.stats.rankdata(values[own], axis=0) - 0.5) / own.sum() - 0.5
    np.testing.assert_allclose(relative_class_ranks(values, classes), expected, atol=EXACT)
    one = relative_class_ranks(values, np.zeros(60))
    np.testing.assert_allclose(one * 60, centred_ranks(values), atol=EXACT)


def test_plain_ranks_of_unequal_classes_correlate_by_size_alone():
    """Two columns of noise, 900 and 100 examples: plain ranks within classes do, relative ones do not."""
    random, classes = np.random.default_rng(0), np.repeat([0, 1], [900, 100])
    noise = random.normal(size=(1000, 2))
    plain = np.concatenate([scipy.stats.rankdata(noise[classes == label], axis=0) for label in (0, 1)])
    between, within = 0.9 * 0.1 * (450 - 50) ** 2, (0.9 * 900**2 + 0.1 * 100**2) / 12  # variances
    assert np.corrcoef(plain.T)[0, 1] == pytest.approx(between / (between + within), abs=3 / np.sqrt(1000))  # 0.19
    relative = relative_class_ranks(noise, classes)
    assert cross_correlation(relative[:, :1], relative[:, 1:])[0, 0] == pytest.approx(0, abs=3 / np.sqrt(1000))


def test_without_classes_partial_correlation_is_the_closed_form():
    z = rounded(70, 1)
    x, y = z + rounded(70, 1, seed=1), rounded(70, 1, seed=2) - z
    r = scipy.stats.spearmanr(np.hstack([x, y, z])).statistic
    expected = (r[0, 1] - r[0, 2] * r[1, 2]) / np.sqrt((1 - r[0, 2] ** 2) * (1 - r[1, 2] ** 2))
    light = centred_ranks(z)[:, 0]
    found = cross_correlation(*(without_column(centred_ranks(values), light) for values in (x, y)))
    assert found[0, 0] == pytest.approx(expected, abs=EXACT)


def test_with_classes_residuals_are_scikit_learns():
    values, classes = rounded(90, 2), np.random.default_rng(4).integers(0, 5, 90)
    light = centred_ranks(rounded(90, 1, seed=5) + classes[:, None])
    design = np.hstack([classes[:, None] == np.unique(classes), light])
    ranks = centred_ranks(values)
    expected = ranks - LinearRegression().fit(design, ranks).predict(design)
    found = without_column(without_class_means(ranks, classes), without_class_means(light, classes)[:, 0])
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_what_the_classes_explain_wholly_is_nothing():
    classes = np.array([0, 0, 0, 1, 1, 2, 2])
    assert not without_class_means(centred_ranks(classes[:, None] / 3), classes).any()
    column = without_class_means(centred_ranks(rounded(7, 1)), classes)
    assert not without_column(column, column[:, 0]).any()
    assert np.array_equal(without_column(column, np.zeros(7)), column)


def test_holms_worked_example():
    """As in p.adjust of R and in Holm's procedure by hand: 4 x 0.005, 3 x 0.01, 2 x 0.03, then never less."""
    np.testing.assert_allclose(holm(np.array([0.01, 0.04, 0.03, 0.005])), [0.03, 0.06, 0.06, 0.02])
    np.testing.assert_allclose(holm(np.array([0.01, np.nan, 0.04, 0.03, 0.005])), [0.03, np.nan, 0.06, 0.06, 0.02])
    np.testing.assert_array_equal(holm(np.array([0.9, 0.8])), [1, 1])
    assert np.isnan(holm(np.array([np.nan]))).all() and len(holm(np.array([]))) == 0
