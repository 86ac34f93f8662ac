"""Detection metrics against scikit-learn, brute force over orders of ties, and resamples written out."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from difficulty.analysis.bootstrap import resample_counts
from difficulty.analysis.detection import detection_curve, detection_curves, detection_report, resolve_directions
from difficulty.analysis.detection_metrics import METRICS, Ranking, ranking_metrics
from difficulty.analysis.truth import hard_examples
from difficulty.errors import UserError

EXACT = 1e-12
FIRST = ("score", "auroc", "average_precision", "precision_at_prevalence", "recall_at_10", "recall_at_20")


def tied_data(seed, examples=120, levels=15):
    random = np.random.default_rng(seed)
    truth = random.random(examples) < 0.3
    return random.integers(0, levels, examples) + 3.0 * truth, truth


def expected_recall(hardness, truth, k):
    """Mean over orders of ties of the share of positives among the first k, from the definition."""
    above = hardness > np.sort(hardness)[::-1][k - 1]
    tied = hardness == np.sort(hardness)[::-1][k - 1]
    return (truth[above].sum() + (k - above.sum()) * truth[tied].mean()) / truth.sum()


@pytest.mark.parametrize("seed", range(5))
def test_metrics_are_scikit_learns(seed):
    score, truth = tied_data(seed)
    report = detection_report(pd.DataFrame({"s": score}), truth, {"s": 1}, bootstrap=0).iloc[0]
    assert report["auroc"] == pytest.approx(roc_auc_score(truth, score), abs=EXACT)
    assert report["average_precision"] == pytest.approx(average_precision_score(truth, score), abs=EXACT)
    assert report["recall_at_10"] == pytest.approx(expected_recall(score, truth, 12), abs=EXACT)
    assert report["recall_at_20"] == pytest.approx(expected_recall(score, truth, 24), abs=EXACT)
    at_prevalence = expected_recall(score, truth, truth.sum())
    assert report["precision_at_prevalence"] == pytest.approx(at_prevalence, abs=EXACT)


def test_recall_is_the_mean_over_all_orders_of_ties():
    score = np.array([2.0, 1, 1, 1, 0, 0])
    truth = np.array([False, True, False, True, True, False])
    orders = [[0, *middle, *last] for middle in permutations((1, 2, 3)) for last in permutations((4, 5))]
    metrics = dict(zip(METRICS, ranking_metrics(Ranking.of(score, truth))[0], strict=True))
    assert metrics["precision_at_prevalence"] == pytest.approx(np.mean([truth[order[:3]].mean() for order in orders]))
    assert metrics["recall_at_20"] == pytest.approx(np.mean([truth[order[:1]].sum() / 3 for order in orders]))
    assert metrics["recall_at_10"] == 0  # floor(0.1 x 6) examples are none


@pytest.mark.parametrize("seed", range(3))
def test_a_resample_has_the_metrics_of_its_rows_written_out(seed):
    score, truth = tied_data(seed, levels=[5, 40, 10_000][seed])
    counts = np.concatenate(list(resample_counts(len(truth), 20, seed, block=7)), axis=1)
    found = ranking_metrics(Ranking.of(score, truth), counts)
    for metrics, count in zip(found, counts.T, strict=True):
        rows, is_hard = np.repeat(score, count), np.repeat(truth, count)
        expected = [
            roc_auc_score(is_hard, rows),
            average_precision_score(is_hard, rows),
            *(expected_recall(rows, is_hard, k) for k in (is_hard.sum(), 12, 24)),
        ]
        np.testing.assert_allclose(metrics, expected, atol=EXACT)


def test_a_constant_score_finds_what_it_inspects():
    truth = np.arange(50) < 10
    report = detection_report(pd.DataFrame({"s": np.ones(50)}), truth, {"s": 1}, bootstrap=10).iloc[0]
    assert report[list(METRICS)].tolist() == pytest.approx([0.5, 0.2, 0.2, 0.1, 0.2])
    assert (report[["auroc_low", "auroc_high"]] == 0.5).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from([np.exp, lambda x: 3 * x - 7, np.cbrt]))
def test_row_order_and_monotone_transforms_do_not_matter(seed, transform):
    score, truth = tied_data(seed, examples=40)
    order = np.random.default_rng(seed).permutation(40)
    metrics = ranking_metrics(Ranking.of(transform(score)[order], truth[order]))
    np.testing.assert_allclose(metrics, ranking_metrics(Ranking.of(score, truth)), atol=EXACT)


def test_directions_turn_the_order_and_are_never_flipped():
    score, truth = tied_data(0)
    report = detection_report(pd.DataFrame({"up": score, "down": score}), truth, {"up": 1, "down": -1}, bootstrap=0)
    assert report["direction"].tolist() == [1, -1]
    assert report["auroc"].sum() == pytest.approx(1)
    assert report["auroc"].iloc[1] < 0.3


def test_learning_dynamics_are_known_by_name():
    names = ["aum", "loss", "aum_test", "first_learned_ranked", "forgetting_events_validation_ranked", "vog"]
    directions = resolve_directions(names, {"vog": 1})
    assert directions == dict(zip(names, [-1, 1, -1, 1, 1, 1], strict=True))


@pytest.mark.parametrize("directions", [None, {"aum": 1}, {"brightness": 0}, {"brightness": None}])
def test_a_column_without_direction_is_the_users_error(directions):
    scores = pd.DataFrame({"aum": [1.0, 2], "brightness": [1.0, 2]})
    with pytest.raises(UserError, match="no direction known for brightness"):
        detection_report(scores, np.array([True, False]), directions)


def test_report_columns_and_common_examples():
    score, truth = tied_data(1)
    scores = pd.DataFrame({"aum": -score, "first_learned": np.where(np.arange(120) < 20, np.nan, score)})
    report = detection_report(scores, truth, bootstrap=100)
    assert [name for name in report.columns if name in FIRST] == list(FIRST)
    assert set(report.columns) == {
        *(*FIRST, "direction", "examples", "positives", "prevalence"),
        *(f"{metric}_{end}" for metric in METRICS for end in ("low", "high", "low_seeds", "high_seeds")),
    }
    assert report["examples"].tolist() == [100, 100]
    assert report["positives"].tolist() == [truth[20:].sum()] * 2
    assert report["auroc"].iloc[0] == report["auroc"].iloc[1] == pytest.approx(roc_auc_score(truth[20:], score[20:]))
    for metric in METRICS:
        assert report[metric].between(report[f"{metric}_low"], report[f"{metric}_high"]).all()


def test_intervals_depend_on_the_seed_alone():
    score, truth = tied_data(2)
    scores = pd.DataFrame({"loss": score})
    one, same, other = (detection_report(scores, truth, bootstrap=50, seed=seed) for seed in (0, 0, 1))
    pd.testing.assert_frame_equal(one, same)
    assert one["average_precision_low"].iloc[0] != other["average_precision_low"].iloc[0]


def test_intervals_have_the_width_that_hanley_and_mcneil_give():
    """Exponential scores: the standard error of the AUROC in closed form (Radiology 1982, 143, 29)."""
    random = np.random.default_rng(0)
    truth = np.arange(1000) < 200
    score = random.exponential(np.where(truth, 4.0, 1.0))
    report = detection_report(pd.DataFrame({"s": score}), truth, {"s": 1}, bootstrap=2000).iloc[0]
    area = 0.8
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    error = np.sqrt((area * (1 - area) + 199 * (q1 - area**2) + 799 * (q2 - area**2)) / (200 * 800))
    assert report["auroc"] == pytest.approx(area, abs=3 * error)
    assert report["auroc_high"] - report["auroc_low"] == pytest.approx(2 * 1.96 * error, rel=0.15)


@pytest.mark.parametrize("value", [True, False])
def test_one_class_alone_gives_nulls(value):
    report = detection_report(pd.DataFrame({"loss": [1.0, 2, 3]}), np.full(3, value), bootstrap=5)
    assert report[list(METRICS)].isna().all(axis=None)
    assert report["auroc_low"].isna().all()
    assert report["prevalence"].iloc[0] == value


def test_no_common_example_is_the_users_error():
    scores = pd.DataFrame({"loss": [1.0, np.nan], "aum": [np.nan, np.nan]})
    with pytest.raises(UserError, match="no example has all scores; aum is undefined most often"):
        detection_report(scores, np.array([True, False]))


@pytest.mark.parametrize("truth", [np.array([1, 0, 1]), np.array([True, False])])
def test_other_truth_is_refused(truth):
    with pytest.raises(ValueError, match=r"truth is bool \(3,\)"):
        detection_report(pd.DataFrame({"loss": [1.0, 2, 3]}), truth)


def test_curve_by_hand():
    """Hardest first: a negative, then a tie of two positives and a negative, then a positive and a negative tied."""
    score = np.array([-3.0, -2, -2, -2, -1, -1, np.nan])
    truth = np.array([False, True, False, True, True, False, True])
    curve = detection_curve(-score, truth, 1, points=7)
    np.testing.assert_allclose(curve["inspected"], np.arange(7) / 6)
    np.testing.assert_allclose(curve["found"], [0, 0, 2 / 9, 4 / 9, 6 / 9, 5 / 6, 1])


@pytest.mark.parametrize("seed", range(3))
def test_curve_passes_through_the_recalls(seed):
    score, truth = tied_data(seed)
    curve = detection_curve(score, truth, 1, points=121)
    assert curve["found"].iloc[12] == pytest.approx(expected_recall(score, truth, 12))
    assert curve["found"].iloc[24] == pytest.approx(expected_recall(score, truth, 24))
    assert curve["found"].is_monotonic_increasing
    chance = detection_curve(np.zeros(120), truth, 1)
    np.testing.assert_allclose(chance["found"], chance["inspected"], atol=EXACT)


def test_curves_are_on_the_examples_of_the_table():
    """The second score is undefined for the 20 first examples: the curve of the first leaves them out, too."""
    score, truth = tied_data(3, levels=1000)
    scores = pd.DataFrame({"loss": score, "aum": np.where(np.arange(120) < 20, np.nan, -score)})
    curves = detection_curves(scores, truth, {"loss": 1, "aum": -1})
    both = [curves.loc[curves["score"] == name, "found"].to_numpy() for name in scores]
    np.testing.assert_array_equal(*both)
    np.testing.assert_array_equal(both[0], detection_curve(score[20:], truth[20:], 1)["found"])
    report = detection_report(scores, truth, bootstrap=0)
    at_10 = curves.loc[np.isclose(curves["inspected"], 0.1), "found"]
    np.testing.assert_allclose(at_10, report["recall_at_10"])


def test_curve_without_positives_is_undefined():
    assert detection_curve(np.arange(4.0), np.zeros(4, bool), -1)["found"].isna().all()


def test_truth_columns():
    hard, known = hard_examples(pd.Series([True, False, True]))
    assert (hard.tolist(), known.tolist()) == ([True, False, True], [True] * 3)
    hard, known = hard_examples(pd.Series([True, None, False], dtype=object))
    assert (hard.tolist(), known.tolist()) == ([True, False, False], [True, False, True])
    entropy = pd.Series([0.0, 0.5, np.nan, 0.7, 0.5])
    hard, known = hard_examples(entropy, above=0.5)
    assert (hard.tolist(), known.tolist()) == ([False, False, False, True, False], [True, True, False, True, True])
    assert hard_examples(entropy, top=0.5)[0].tolist() == [False, True, False, True, True]
    assert hard_examples(entropy, top=0.25)[0].tolist() == [False, False, False, True, False]
    assert not hard_examples(entropy, top=0.1)[0].any()


@pytest.mark.parametrize(
    ("values", "rule", "message"),
    [
        ([0.1, 0.2], {}, "give either `above` or `top`"),
        ([0.1, 0.2], {"above": 0.1, "top": 0.1}, "give either `above` or `top`"),
        ([True, False], {"above": 0.5}, "leave out `above` and `top`"),
        (["a", "b"], {"above": 0.5}, "expected true/false or numbers, found 'a'"),
    ],
)
def test_truth_columns_that_do_not_fit_are_the_users_errors(values, rule, message):
    with pytest.raises(UserError, match=message):
        hard_examples(pd.Series(values, name="entropy"), **rule)
