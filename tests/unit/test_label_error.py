"""Evidence that labels are wrong, of networks, features and given probabilities: by hand."""

import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import spearmanr

from difficulty.scores.label_error.evidence import (
    PooledNetworks,
    combined,
    normal_scores,
    predicted_evidence,
    skill,
    trained_on_evidence,
    weights_of,
)
from difficulty.scores.label_error.networks import Networks, skill_of_trained
from difficulty.scores.label_error.noise_model import NoisyLabels
from difficulty.scores.label_error.outside import (
    held_out_evidence,
    kinds_of_evidence,
    networks_evidence,
    sound,
    weighed,
)
from tests.support.noisy_labels import ASYMMETRIC, simulated

SIXTH = 0.967421566101701  # the quantile of a normal distribution that 5 / 6 of it are below


def test_normal_scores_are_quantiles_of_the_ranks():
    np.testing.assert_allclose(normal_scores(np.array([7.0, -1, 100])), [0, -SIXTH, SIXTH], atol=1e-12)
    third = 0.430727299295457  # two thirds are below: equal values share the rank 3 / 2
    np.testing.assert_allclose(normal_scores(np.array([5.0, np.nan, 5, 9])), [-third, np.nan, -third, SIXTH])


def test_kinds_of_evidence_count_once_each_where_they_are_known():
    one, two = np.array([1.0, 2, 3]), np.array([30.0, np.nan, 10])
    low, high = -0.6744897501960817, 0.6744897501960817  # quartiles: two known values
    np.testing.assert_allclose(combined([one, two]), [(high - SIXTH) / 2, 0, (low + SIXTH) / 2], atol=1e-12)
    np.testing.assert_allclose(combined([one]), [-SIXTH, 0, SIXTH], atol=1e-12)
    assert np.isnan(combined([np.array([np.nan, 1.0])])[0])
    np.testing.assert_allclose(combined([one, two], [3, 1]), [(high - 3 * SIXTH) / 4, 0, (low + 3 * SIXTH) / 4])


def test_kinds_weigh_by_their_skill_squared():
    predicted, labels = np.array([0, 0, 1, 2, 3]), np.array([0, 0, 1, 2, 2])
    assert skill(predicted, labels) == pytest.approx((0.8 - 0.4) / 0.6)
    assert skill(predicted[[2] * 5], labels) == 0 and skill(predicted[:2], labels[:2]) == 0
    assert weights_of(["a", "b", "c"], {"a": 0.4, "b": 0.8}) == [0.25, 1, 1]
    assert weights_of(["a", "b"], {}) == [1, 1] and weights_of(["a", "b"], {"a": 0.0, "b": 0.5})[0] == pytest.approx(
        1e-4
    )


def test_networks_that_have_seen_all_images_weigh_by_what_holds_for_test_images():
    labels = np.array([0, 0, 1, 2])
    networks = Networks(PooledNetworks(np.arange(4)), fitted=[0.8, 1.0], tested=[0.75])
    assert skill_of_trained(networks, labels) == pytest.approx(0.5 * 0.5 / 0.8)  # (0.75 - 0.5) / 0.5, (0.9 - 0.5) / 0.5
    networks.fitted[:] = [0.7]
    assert skill_of_trained(networks, labels) == pytest.approx(0.5)
    networks.tested.clear()
    assert skill_of_trained(networks, labels) is None
    kinds = {"networks": np.array([3.0, 2, 1, 0]), "features": np.array([0.0, 1, 2, 3])}
    probe = np.eye(3)[[0, 0, 1, 0]]  # skill 0.5
    own, other = (normal_scores(kinds[kind]) for kind in kinds)
    for known, weight in ((0.25, 0.25), (0.9, 1), (None, 1)):
        found = weighed(kinds, {"features": probe}, labels, known)
        np.testing.assert_allclose(found, (weight * own + other) / (1 + weight), atol=1e-12)


def test_late_epochs_and_augmented_views_count_where_a_network_was_trained_on_an_image():
    margin = np.array([[1.0, -3], [4, 0]])
    np.testing.assert_allclose(trained_on_evidence(margin), [-(1 * 1 + 2 * 4) / 3, 1])
    np.testing.assert_allclose(trained_on_evidence(margin, np.array([1.0, 1])), [-(3 + 1) / 2, -(-1 + 1) / 2])


def test_unseen_examples_count_once_their_probabilities_are_calibrated():
    """A predictor that is too dull and prefers a class tells as much as one that states what it knows."""
    stated, _, given = simulated(2000, ASYMMETRIC)
    good, biased = softmax(stated, axis=1), softmax(stated / 4 + [2, 0, 0], axis=1)
    told = predicted_evidence(good, given)
    assert spearmanr(predicted_evidence(biased, given), told)[0] < 0.95
    assert spearmanr(held_out_evidence(biased, NoisyLabels(given)), told)[0] > 0.97
    few = held_out_evidence(good[:299], NoisyLabels(given[:299]))  # too few to calibrate
    np.testing.assert_array_equal(few, predicted_evidence(good[:299], given[:299]))


def test_networks_that_have_seen_an_example_and_those_that_have_not_count_alike():
    trained, probabilities, labels = (
        np.array([3.0, 1, 2]),
        np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]]),
        np.zeros(3, int),
    )
    np.testing.assert_allclose(networks_evidence(trained, None, NoisyLabels(labels)), [SIXTH, -SIXTH, 0], atol=1e-12)
    both = networks_evidence(trained, probabilities, NoisyLabels(labels))
    np.testing.assert_allclose(both, [0, 0, 0], atol=1e-12)
    unseen = networks_evidence(np.full(3, np.nan), probabilities, NoisyLabels(labels))
    np.testing.assert_allclose(unseen, [-SIXTH, SIXTH, 0], atol=1e-12)


def test_given_probabilities_count_by_loss_and_margin():
    probabilities = np.array([[0.7, 0.2, 0.1], [0.7, 0.2, 0.1], [1, 0, 0]])
    found = predicted_evidence(probabilities, np.array([0, 1, 1]))
    by_hand = [(-np.log(0.7) - np.log(3.5)) / 2, (-np.log(0.2) - np.log(2 / 7)) / 2, -np.log(1e-12)]
    np.testing.assert_allclose(found, by_hand)


def test_networks_are_averaged_over_the_runs_that_know_an_example():
    pooled = PooledNetworks(np.array([2, 5, 9]))
    pooled.add(np.array([2, 9]), np.array([1.0, 4]))
    pooled.add(np.array([9]), np.array([2.0]))
    np.testing.assert_array_equal(pooled.mean(), [1, np.nan, 3])


def test_what_knows_nothing_of_the_labels_is_left_out():
    stated, _, given = simulated(300, ASYMMETRIC)
    known = softmax(stated, axis=1)
    kept, lines = sound({"networks": known, "given probabilities": np.roll(known, 1, axis=1)}, given)
    assert list(kept) == ["networks"]
    assert list(lines) == ["given probabilities"]
    assert lines["given probabilities"].startswith("given probabilities are left out: they predict ")
    assert sound({"networks": np.roll(known, 1, axis=1)}, given)[1] == {} and sound({}, given) == ({}, {})
    said = np.zeros(300)
    assert kinds_of_evidence(said, {}, ["networks"], np.arange(300), NoisyLabels(given), None) == {}
    assert list(kinds_of_evidence(said, {}, [], np.arange(300), NoisyLabels(given), None)) == ["networks"]
