"""Intervals of detection metrics: closed forms, ends of the range, pairs of scores, how often they hold the truth."""

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.special import ndtr, ndtri
from scipy.stats import multivariate_normal, t

from difficulty.analysis import detection_intervals
from difficulty.analysis.bootstrap import stratified_counts
from difficulty.analysis.detection import detection_tables
from difficulty.analysis.detection_intervals import (
    binormal_variance,
    delong_covariance,
    difference_intervals,
    example_covariances,
    metric_intervals,
    plain_half_widths,
    score_interval,
    seed_covariances,
)
from difficulty.analysis.detection_metrics import METRICS, Ranking, ranking_metrics
from difficulty.analysis.wilson import effective_interval, wilson_interval

EXACT = 1e-12
AUROC, PRECISION = METRICS.index("auroc"), METRICS.index("average_precision")


def placements_by_a_loop(values, truth):
    """Share of the negatives below each positive, and of the positives above each negative, ties counting half."""
    wins = (values[truth][:, None] > values[~truth]) + 0.5 * (values[truth][:, None] == values[~truth])
    return wins.mean(axis=1), wins.mean(axis=0)


def test_delongs_covariance_by_a_loop_over_pairs():
    random, truth = np.random.default_rng(0), np.arange(40) < 12
    hardness = random.integers(0, 6, (3, 40)) + 2.0 * truth
    positive, negative = zip(*(placements_by_a_loop(values, truth) for values in hardness), strict=True)
    expected = np.cov(positive) / 12 + np.cov(negative) / 28
    np.testing.assert_allclose(delong_covariance(hardness, truth), expected, atol=EXACT)
    assert np.isnan(delong_covariance(hardness, np.arange(40) < 1)).all()


def test_stratified_resamples_keep_the_number_of_positives():
    truth = np.arange(30) % 4 == 0
    counts = np.concatenate(list(stratified_counts(truth, 50, seed=1, block=8)), axis=1)
    assert counts.shape == (30, 50)
    assert (counts[truth].sum(axis=0) == 8).all() and (counts[~truth].sum(axis=0) == 22).all()
    assert counts[truth].max() > 1
    np.testing.assert_array_equal(counts, np.concatenate(list(stratified_counts(truth, 50, seed=1)), axis=1))


def test_variance_of_the_binormal_area_is_hanleys_and_mcneils_with_normal_probabilities():
    area, joint = 0.9, multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]])
    both = joint.cdf(np.full(2, ndtri(area)))
    expected = (area * (1 - area) + (14 + 284) * (both - area**2)) / (15 * 285)
    assert binormal_variance(np.array([area]), 15, 285)[0] == pytest.approx(expected, rel=1e-4)
    assert binormal_variance(np.array([0.5]), 15, 285)[0] == pytest.approx((15 + 285 + 1) / (12 * 15 * 285))  # Wilcoxon


def test_score_interval_of_a_share_is_wilsons():
    share, trials = np.array([0.0, 0.1, 0.8, 1.0]), 20
    found = score_interval(share, np.ones(4), 1.959963985, lambda value: value * (1 - value) / trials)
    np.testing.assert_allclose(found, wilson_interval(share, np.full(4, trials)), atol=1e-9)


def test_interval_of_resampled_shares_is_wilsons_where_the_variance_is_binomial_and_at_the_ends():
    share, examples = np.array([0.0, 0.3, 1.0]), np.array([12, 12, 12])
    found = effective_interval(share, share * (1 - share) / 12, examples)
    np.testing.assert_allclose(found, wilson_interval(share, examples), atol=EXACT)
    assert found[0][2] < 0.8 and found[1][0] > 0.2
    doubled = effective_interval(share, 2 * share * (1 - share) / 12, examples)
    assert np.subtract(*doubled)[1] < np.subtract(*found)[1]


def tables(hardness, truth, **settings):
    scores = pd.DataFrame(dict(zip("abcdef", hardness, strict=False)))
    return detection_tables(scores, truth, dict.fromkeys(scores, 1), **{"bootstrap": 100, **settings})


def test_covariances_are_the_same_whatever_is_multiplied_at_a_time(monkeypatch):
    random = np.random.default_rng(7)
    hardness, truth = random.normal(size=(5, 400)), random.random(400) < 0.3
    expected = delong_covariance(hardness, truth)
    monkeypatch.setattr(detection_intervals, "_COLUMNS", 32)
    np.testing.assert_allclose(delong_covariance(hardness, truth), expected, rtol=1e-12)


def test_a_perfect_score_has_intervals_of_some_width():
    """All 15 positives on top: every resample is perfect, too, which says nothing about other examples."""
    truth = np.arange(300) < 15
    report = tables([-np.arange(300.0)], truth)[0].iloc[0]
    low = wilson_interval(np.array([1.0]), np.array([15]))[0][0]
    for metric in METRICS[1:]:
        assert report[metric] == report[f"{metric}_high"] == 1
        assert report[f"{metric}_low"] == pytest.approx(low, abs=0.02)  # t in place of the normal quantile
    assert 0.9 < report["auroc_low"] < 0.99 and report["auroc_high"] == 1
    worst = tables([np.arange(300.0)], truth)[0].iloc[0]
    assert worst["auroc_low"] == 0 and worst["auroc_high"] == pytest.approx(1 - report["auroc_low"], abs=1e-6)
    assert worst["recall_at_20_low"] == 0 < worst["recall_at_20_high"]


def test_recall_is_bounded_by_what_can_be_inspected():
    """50 of 100 examples are positive: among the hardest 10 there are at most a fifth of them."""
    truth = np.arange(100) < 50
    report = tables([-np.arange(100.0)], truth)[0].iloc[0]
    assert report["recall_at_10"] == report["recall_at_10_high"] == 0.2
    assert report["recall_at_10_low"] < 0.16
    assert tables([np.arange(8.0)], np.arange(8) < 3)[0][["recall_at_10_low", "recall_at_10_high"]].eq(0).all(axis=None)


def test_one_positive_has_wide_intervals_and_a_constant_score_none():
    truth = np.arange(50) == 3
    report = tables([-np.arange(50.0)], truth)[0]
    assert report["auroc_high"][0] - report["auroc_low"][0] > 0.3
    constant = tables([np.zeros(50)], np.arange(50) < 3)[0].iloc[0]
    for metric in METRICS:
        assert constant[f"{metric}_low"] == pytest.approx(constant[f"{metric}_high"], abs=EXACT)


def test_differences_are_of_every_pair_once_and_paired():
    random, truth = np.random.default_rng(1), np.arange(400) < 60
    first = random.normal(size=400) + 1.5 * truth
    hardness = [first, first + 0.1 * random.normal(size=400), random.normal(size=400) + 1.5 * truth, np.exp(first)]
    report, differences = tables(hardness, truth)
    assert len(differences) == 6 * len(METRICS)
    rows = differences[differences["metric"] == "auroc"].set_index(["score_a", "score_b"])
    assert rows.loc[("a", "c"), "difference"] == pytest.approx(report["auroc"][0] - report["auroc"][2])
    width = (rows["high"] - rows["low"]).to_dict()
    assert width["a", "b"] < 0.5 * width["a", "c"]  # nearly the same score, but not quite
    assert (rows.loc[("a", "d"), ["difference", "low", "high"]] == 0).all()  # the same order
    assert rows["low_seeds"].isna().all()
    covariance = delong_covariance(np.stack([hardness[0], hardness[2]]), truth)
    error = np.sqrt(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    assert width["a", "c"] == pytest.approx(2 * 1.96 * error, rel=0.1)


@pytest.mark.parametrize(("own", "shared"), [(0.01, 0.0), (0.005, 0.005)])
def test_scores_of_equal_worth_that_miss_a_few_positives_are_seldom_said_to_differ(own, shared):
    """Both rank a positive among the negatives with the same chance; intervals made from those of the two alone said in
    20 to 30 of 100 samples that they differ."""
    random, truth, wrong, samples = np.random.default_rng(0), np.arange(1437) < 144, 0, 80
    pairs, numbers = np.array([[0, 1]]), (144, 1437 - 144)
    for _ in range(samples):
        both, place, hardness = random.random(1437) < shared, random.normal(size=1437), []
        for _ in range(2):
            found = truth & ~both & (random.random(1437) >= own)
            hardness.append(np.where(both, place, random.normal(size=1437) + 6 * found))
        metrics = np.concatenate([ranking_metrics(Ranking.of(values, truth)) for values in hardness])
        covariances = np.stack([delong_covariance(np.stack(hardness), truth)] * len(METRICS))
        low, high = metric_intervals(metrics, covariances, *numbers)
        least = plain_half_widths(covariances, pairs, min(numbers))
        ends = difference_intervals(metrics, low, high, covariances, pairs, least)
        wrong += not ends[0][0, AUROC] <= 0 <= ends[1][0, AUROC]
    assert wrong <= 8  # 4 are expected, and as many as that once in 40 such tests


def test_a_difference_reaches_at_least_as_far_as_its_standard_error():
    covariances = np.array([[[4e-4, 3e-4], [3e-4, 9e-4]]])
    half = plain_half_widths(covariances, np.array([[0, 1]]), 50)
    assert half[0, 0] == pytest.approx(t.ppf(0.975, 59) * np.sqrt(4e-4 + 9e-4 - 6e-4))
    seeds = plain_half_widths(covariances, np.array([[0, 1]]), 50, 4 * covariances, 3)
    freedom = 5**2 / (1 / 59 + 4**2 / 2)
    assert seeds[0, 0] == pytest.approx(t.ppf(0.975, freedom) * np.sqrt(5 * 7e-4))
    assert np.isnan(plain_half_widths(covariances, np.array([[0, 1]]), 50, np.nan * covariances, 0)).all()


def test_jackknife_over_seeds_is_the_variance_of_a_mean():
    values = np.array([3.0, 5.0, 10.0, 6.0])
    left_out = np.array([np.delete(values, out).mean() for out in range(4)])[:, None, None]
    assert seed_covariances(left_out)[0, 0, 0] == pytest.approx(values.var(ddof=1) / 4)


def test_intervals_over_seeds_are_wider_and_only_where_there_are_seeds():
    random, truth = np.random.default_rng(2), np.arange(500) < 80
    seeds = random.normal(size=500) + np.array([1.0, 1.5, 2.0])[:, None] * truth
    other = random.normal(size=500) + truth
    report, differences = tables([seeds.mean(axis=0), other], truth, by_seed=[("a", seeds)])
    first, second = report.iloc[0], report.iloc[1]
    for metric in METRICS:
        assert first[f"{metric}_low_seeds"] < first[f"{metric}_low"]
        assert first[f"{metric}_high_seeds"] > first[f"{metric}_high"]
        assert np.isnan(second[f"{metric}_low_seeds"])
    assert differences["low_seeds"].isna().all()
    alone = tables([seeds[0]], truth, by_seed=[("a", seeds[:1])])[0]
    assert alone["auroc_low_seeds"].isna().all() and alone["auroc_low"].notna().all()


def normal_scores(random, positives, examples, areas):
    """Scores (2, N) correlated 0.5 given the truth, whose AUROCs are `areas`."""
    truth = np.arange(examples) < positives
    noise = random.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], examples).T
    return noise + np.sqrt(2) * ndtri(areas)[:, None] * truth, truth


def true_precision(area, prevalence):
    def precision(share):
        threshold = np.sqrt(2) * ndtri(area) - ndtri(share)
        return prevalence * share / (prevalence * share + (1 - prevalence) * ndtr(-threshold))

    return quad(precision, 0, 1)[0]


@pytest.mark.parametrize(("positives", "examples", "area"), [(15, 300, 0.9), (50, 500, 0.8), (144, 1437, 0.95)])
def test_intervals_hold_the_truth_as_often_as_they_say(positives, examples, area):
    """95 of 100 within four standard errors; benchmarks/coverage_of_intervals.py does it at length."""
    random, areas, samples = np.random.default_rng(0), np.array([area, area - 0.1]), 100
    truths = np.array([[true_precision(value, positives / examples), value] for value in areas])
    hits = np.zeros(4)
    for _ in range(samples):
        hardness, truth = normal_scores(random, positives, examples, areas)
        rankings = [Ranking.of(values, truth) for values in hardness]
        metrics = np.concatenate([ranking_metrics(ranking) for ranking in rankings])
        covariances = example_covariances(rankings, hardness, truth, 60)
        low, high = metric_intervals(metrics, covariances, positives, examples - positives)
        ends = difference_intervals(metrics, low, high, covariances, np.array([[0, 1]]))
        for place, (metric, true) in enumerate(((PRECISION, truths[:, 0]), (AUROC, truths[:, 1]))):
            hits[place] += low[0, metric] <= true[0] <= high[0, metric]
            hits[2 + place] += ends[0][0, metric] <= true[0] - true[1] <= ends[1][0, metric]
    error = np.sqrt(0.95 * 0.05 / samples)
    assert (np.abs(hits / samples - 0.95) < 4 * error).all(), hits / samples


@pytest.mark.parametrize(("positives", "examples"), [(15, 300), (50, 500), (144, 1437)])
@pytest.mark.parametrize("area", [0.8, 0.95])
def test_intervals_of_the_area_cover_95_percent(positives, examples, area):
    """Of 1,000 samples 95 % within 1.5 % and two standard errors."""
    random, samples, truth = np.random.default_rng(1), 1000, np.arange(examples) < positives
    hardness = random.normal(size=(samples, examples)) + np.sqrt(2) * ndtri(area) * truth
    covariances = np.zeros((len(METRICS), samples, samples))
    metrics = np.full((samples, len(METRICS)), 0.5)
    for place, values in enumerate(hardness):
        positive, _ = (part for part in (values[truth], values[~truth]))
        covariances[AUROC, place, place] = delong_covariance(values[None], truth)[0, 0]
        below = np.searchsorted(np.sort(values[~truth]), positive)
        metrics[place, AUROC] = below.mean() / (~truth).sum()
    low, high = metric_intervals(metrics, covariances, positives, examples - positives)
    hit = (low[:, AUROC] <= area) & (area <= high[:, AUROC])
    assert hit.mean() == pytest.approx(0.95, abs=0.015 + 2 * 0.007)
