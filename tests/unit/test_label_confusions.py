"""Which classes the labels confuse, and what that says of a label: by hand and by Bayes' rule."""

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.metrics import average_precision_score

from difficulty.scores.label_error.confusions import error_ratios, log_odds, shift, with_confusions
from difficulty.scores.label_error.evidence import (
    normal_scores,
)
from difficulty.scores.label_error.noise_model import NoisyLabels
from tests.support.noisy_labels import simulated


def test_errors_of_pairs_are_compared_with_alike_ones_two_more_of_each():
    pairs = np.array([[88.0, 12, 0], [0, 50, 0], [4, 0, 46]])
    ratios, share = error_ratios(pairs)
    assert share == 16 / 200
    np.testing.assert_allclose(ratios, [[0, 14 / 6, 2 / 6], [2 / 4, 0, 2 / 4], [6 / 4, 2 / 4, 0]])
    assert error_ratios(np.diag([100.0, 100]))[1] == 0.01


def test_the_shift_is_that_of_the_log_odds_by_bayes_rule():
    generator = np.random.default_rng(2)
    predicted, labels = generator.dirichlet(np.ones(4), 30), generator.integers(0, 4, 30)
    ratios, share = np.array([[0, 3, 0.5, 1], [1, 0, 1, 1], [0.2, 2, 0, 4], [1, 1, 1, 0]]), 0.12
    alike = np.full((4, 4), share / 3) + (1 - share - share / 3) * np.eye(4)
    by_pair = ratios * share / 3
    np.fill_diagonal(by_pair, 1 - by_pair.sum(axis=1))
    expected = {}
    for name, transitions in (("alike", alike), ("by pair", by_pair)):
        joint = predicted * transitions[:, labels].T
        right = joint[np.arange(30), labels]
        expected[name] = np.log((joint.sum(axis=1) - right) / right)
    np.testing.assert_allclose(log_odds(predicted, labels, share), expected["alike"])
    np.testing.assert_allclose(shift(predicted, labels, ratios, share), expected["by pair"] - expected["alike"])


def test_pairs_of_classes_that_labels_confuse_are_more_suspect():
    """The one class is taken for the next in a third of the cases, others never; evidence knows nothing of that."""
    confusing = np.array([[0.67, 0.33, 0], [0, 1, 0], [0, 0, 1]])
    stated, true, given = simulated(2000, confusing, sharpness=1.5)
    evidence = -stated[np.arange(2000), given]
    changed = with_confusions(evidence, [softmax(stated, axis=1)], NoisyLabels(given))
    before, after = (average_precision_score(true != given, values) for values in (evidence, changed))
    assert 1 - after < (1 - before) / 2
    assert changed.mean() == pytest.approx(0, abs=1e-9) and changed.std() == pytest.approx(1, abs=0.01)
    two = changed[(given == 1) & (stated.argmax(axis=1) == 0)], changed[(given == 2) & (stated.argmax(axis=1) == 0)]
    assert two[0].mean() > two[1].mean()


def test_where_all_pairs_are_confused_alike_the_order_stays():
    stated, _, given = simulated(4000, np.full((3, 3), 0.05) + 0.85 * np.eye(3))
    evidence = -stated[np.arange(4000), given]
    changed = with_confusions(evidence, [softmax(stated, axis=1)], NoisyLabels(given))
    np.testing.assert_array_equal(np.argsort(changed, kind="stable"), np.argsort(evidence, kind="stable"))
    assert (
        with_confusions(np.arange(3.0), [np.ones((3, 1))], NoisyLabels(np.zeros(3, int))).tolist()
        == normal_scores(np.arange(3.0)).tolist()
    )


def test_a_score_that_separates_everything_keeps_its_order():
    """No errors are found, so that probabilities are all but 0: evidence must not be lost in rounding."""
    predicted = softmax(simulated(400, np.eye(3), sharpness=0.1)[0], axis=1)
    evidence = np.random.default_rng(0).normal(size=400)
    changed = with_confusions(evidence, [predicted], NoisyLabels(predicted.argmax(axis=1)))
    np.testing.assert_array_equal(np.argsort(changed), np.argsort(evidence))
