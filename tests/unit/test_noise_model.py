"""The noise model and its estimates, against simulated truth and a general optimiser."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from difficulty.analysis.label_errors.summary import confusion, summary
from difficulty.analysis.label_errors.trust import Facts
from difficulty.scores.label_error import calibration, class_arrays, noise_model
from difficulty.scores.label_error.confusions import with_confusions
from difficulty.scores.label_error.estimate import are_enough, estimate_wrong_labels, in_order_of, recommended_cut
from difficulty.scores.label_error.log_probabilities import inputs_of
from difficulty.scores.label_error.noise_likelihood import NoiseLikelihood
from difficulty.scores.label_error.noise_model import (
    NoisyLabels,
    fit_noise_model,
    in_groups,
    likely_classes,
    wrong_labels,
)
from difficulty.scores.label_error.outside import taken_for_others
from tests.support.noisy_labels import ASYMMETRIC, simulated


def test_the_model_finds_noise_and_sharpness():
    stated, true, given = simulated(6000, ASYMMETRIC, sharpness=2.0)
    model = fit_noise_model([np.exp(stated)], given)
    np.testing.assert_allclose(np.diag(model.fit.weights), 2, atol=0.3)
    np.testing.assert_allclose(model.fit.transitions[0], ASYMMETRIC, atol=0.025)
    wrong = wrong_labels([np.exp(stated)], given, model, model.group)
    assert wrong.sum() == pytest.approx((true != given).sum(), rel=0.1)
    for low, high in ((0, 0.1), (0.1, 0.5), (0.5, 0.9), (0.9, 1)):  # calibrated
        within = (wrong >= low) & (wrong < high)
        assert wrong[within].mean() == pytest.approx((true != given)[within].mean(), abs=0.08)


def test_the_fit_is_the_maximum_of_the_likelihood():
    """Against a general optimiser that knows nothing of expectation maximisation and of gradients."""
    transitions = np.array([[0.85, 0.15], [0.05, 0.95]])
    stated, _, given = simulated(300, transitions, sharpness=1.5)

    def loss(parameters):
        a, b, c, d, one, two, common, first, second = parameters
        predicted = softmax(stated @ [[a, b], [c, d]] + [one, two], axis=1)
        noise = softmax([[0, common + first], [common + second, 0]], axis=1)
        penalty = 30 * (b**2 + c**2 + 2 * ((a - d) / 2) ** 2) + 10 * (one**2 + two**2) + (first**2 + second**2) / 2
        return penalty - np.log((predicted @ noise)[np.arange(len(given)), given]).sum()

    starts = ([1, 0, 0, 1, 0, 0, -2, 0, 0], [2, 0, 0, 2, 0, 0, -1, 0, -1], [0.5, 0, 0, 0.5, 0.2, 0, -3, 0, 1])
    best = min((minimize(loss, start, tol=1e-10) for start in starts), key=lambda found: found.fun)
    model = fit_noise_model([np.exp(stated)], given)
    fit = model.fit
    found = [*fit.weights.ravel(), fit.common, fit.pairs[0, 1], fit.pairs[1, 0]]
    assert loss(found) == pytest.approx(best.fun, abs=1e-4)
    shown = softmax([[0, best.x[6] + best.x[7]], [best.x[6] + best.x[8], 0]], axis=1)
    np.testing.assert_allclose(fit.transitions[0], shown, atol=2e-3)
    right = minimize(lambda map: loss([*map, -40, 0, 0]), [1, 0, 0, 1, 0, 0], tol=1e-10)
    assert model.gain == pytest.approx(right.fun - best.fun, abs=1e-3) and model.shows_noise


def test_the_map_of_many_classes_is_a_factor_for_each_predictor_and_biases(monkeypatch):
    """The maximum against a general optimiser, and class probabilities against the map that is written out."""
    monkeypatch.setattr(calibration, "_MOST_CLASSES", 1)
    stated, _, given = simulated(300, np.array([[0.85, 0.15], [0.05, 0.95]]), sharpness=1.5)
    other = log_softmax(stated + np.random.default_rng(5).normal(size=stated.shape), axis=1)

    def predicted_by(one, two, *biases):
        return softmax(one * stated + two * other + np.array(biases), axis=1)

    def loss(parameters):
        *weights, common, first, second = parameters
        noise = softmax([[0, common + first], [common + second, 0]], axis=1)
        penalty = 10 * (weights[2] ** 2 + weights[3] ** 2) + (first**2 + second**2) / 2
        return penalty - np.log((predicted_by(*weights) @ noise)[np.arange(len(given)), given]).sum()

    starts = ([0.5, 0.5, 0, 0, -2, 0, 0], [2, 0, 0, 0, -1, 0, -1], [0.5, 0, 0.2, 0, -3, 0, 1])
    best = min((minimize(loss, start, tol=1e-10) for start in starts), key=lambda found: found.fun)
    predictors = [np.exp(stated), np.exp(other)]
    model = fit_noise_model(predictors, given)
    fit = model.fit
    assert fit.weights.shape == (4,)
    assert loss([*fit.weights, fit.common, fit.pairs[0, 1], fit.pairs[1, 0]]) == pytest.approx(best.fun, abs=1e-4)
    ((_, found),) = noise_model.class_probabilities(predictors, model)
    np.testing.assert_allclose(found.T, predicted_by(*fit.weights), rtol=1e-9)
    right = minimize(lambda weights: loss([*weights, -40, 0, 0]), [0.5, 0.5, 0, 0], tol=1e-10)
    assert model.gain == pytest.approx(right.fun - best.fun, abs=1e-3)


@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_wrong_labels_of_many_classes(noise, monkeypatch):
    """Of seeds 0 to 11, seed 0 shows noise where there is none, with matrices as well: one in twenty may."""
    monkeypatch.setattr(calibration, "_MOST_CLASSES", 11)
    transitions = np.eye(12) * (1 - noise) + np.roll(np.eye(12), 1, axis=1) * noise
    stated, true, given = simulated(1800, transitions, sharpness=1.5, seed=1)
    found = estimate_wrong_labels([softmax(stated, axis=1)], NoisyLabels(given))
    assert found.low <= (true != given).sum() <= found.high
    assert found.wrong.sum() == pytest.approx((true != given).sum(), rel=0.15, abs=1)


def test_groups_have_a_common_factor_of_the_odds():
    """Against the likelihood that is written out, with gradients by differences."""
    stated, _, given = simulated(90, ASYMMETRIC)
    model = in_groups([np.exp(stated)], given, fit_noise_model([np.exp(stated)], given), 2)

    def loss(odds):
        common, shifts, pairs = odds[0], odds[1:3], np.zeros((3, 3))
        pairs[~np.eye(3, dtype=bool)] = odds[3:]
        noise = [softmax(np.where(np.eye(3), 0, common + pairs + shift), axis=1) for shift in shifts]
        predicted = softmax(stated @ model.fit.weights[:-1] + model.fit.weights[-1], axis=1)
        rows = [predicted[row] @ noise[model.group[row]][:, given[row]] for row in range(90)]
        return (pairs**2).sum() / 2 + (shifts**2).sum() / 2 - np.log(rows).sum()

    found = np.array([model.fit.common, *model.fit.groups, *model.fit.pairs[~np.eye(3, dtype=bool)]])
    assert -model.log_likelihood == pytest.approx(loss(found))
    assert minimize(loss, found, tol=1e-10).fun == pytest.approx(loss(found), abs=1e-4)


def test_probabilities_follow_from_the_fitted_parameters_by_bayes_rule():
    stated, _, given = simulated(50, ASYMMETRIC)
    model = fit_noise_model([np.exp(stated)], given)
    predicted = softmax(stated @ model.fit.weights[:-1] + model.fit.weights[-1], axis=1)
    ((_, likely),) = likely_classes([np.exp(stated)], given, model, model.group)
    for row in range(5):
        joint = predicted[row] * model.fit.transitions[0][:, given[row]]
        np.testing.assert_allclose(likely[:, row], joint / joint.sum(), atol=1e-9)


def test_an_interval_covers_the_number_of_wrong_labels():
    for seed in range(3):
        stated, true, given = simulated(600, ASYMMETRIC, seed=seed)
        found = estimate_wrong_labels([softmax(stated, axis=1)], NoisyLabels(given))
        assert found.low <= (true != given).sum() <= found.high
        assert found.low <= found.wrong.sum() <= found.high < 4 * found.low


@pytest.mark.parametrize("classes", [2, 4])
def test_labels_cannot_tell_whose_errors_they_are_where_predictions_are_all_equally_sure(classes):
    """None is called wrong, and the range reaches to all that are predicted otherwise."""
    true = np.random.default_rng(0).integers(0, classes, 600)
    given = np.where(np.arange(600) < 50, (true + 1) % classes, true)
    found = estimate_wrong_labels([np.eye(classes)[true]], NoisyLabels(given))
    assert found.wrong.sum() == found.low == 0 and found.high > 49


@pytest.mark.parametrize(("examples", "classes"), [(300, 3), (400, 10), (1500, 3), (1000, 20)])
def test_right_labels_are_not_suspected(examples, classes):
    stated, _, given = simulated(examples, np.eye(classes))
    found = estimate_wrong_labels([softmax(stated, axis=1)], NoisyLabels(given))
    assert found.low == 0 and found.wrong.sum() < 1 and recommended_cut(found.wrong).examples == 0


def test_classes_that_look_alike_are_not_taken_for_wrong_labels():
    """Predictors know the pair, and not which of the two."""
    generator = np.random.default_rng(0)
    true, sure = generator.integers(0, 10, 2000), generator.normal(0.5, 0.05, 2000)
    stated = np.full((2000, 10), 0.002)
    stated[np.arange(2000), true ^ 1], stated[np.arange(2000), true] = 1 - sure, sure
    found = estimate_wrong_labels([stated / stated.sum(axis=1, keepdims=True)], NoisyLabels(true))
    assert found.low == 0 and found.wrong.sum() < 1


@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_a_zero_of_twenty_votes_does_not_rule_a_class_out(noise):
    stated, true, given = simulated(3000, np.eye(5) * (1 - 1.25 * noise) + noise / 4, sharpness=2.0)
    votes = np.array([np.random.default_rng(3).multinomial(20, each) for each in softmax(stated, axis=1)]) / 20
    found = estimate_wrong_labels([votes], NoisyLabels(given))
    assert found.low <= (true != given).sum() <= found.high
    assert np.array_equal(true, given) == (found.wrong.sum() == 0)


def test_one_class_that_is_often_called_another_is_no_doubt_of_the_predictor():
    """Of weights that have learned the errors, the likelihood has a maximum without any."""
    stated, true, given = simulated(2000, np.roll(np.eye(5), 1, axis=1) * 0.4 + np.eye(5) * 0.6)
    found = estimate_wrong_labels([softmax(stated, axis=1)], NoisyLabels(given))
    assert found.wrong.sum() == pytest.approx((true != given).sum(), rel=0.1)


def test_predictors_are_weighed_by_what_they_know():
    stated, true, given = simulated(3000, ASYMMETRIC)
    ignorant = log_softmax(np.random.default_rng(9).normal(size=stated.shape), axis=1)
    model = fit_noise_model([np.exp(stated), np.exp(ignorant)], given)
    of_both = [np.diag(model.fit.weights[rows]).mean() for rows in (slice(0, 3), slice(3, 6))]
    assert of_both[0] == pytest.approx(1, abs=0.2) and abs(of_both[1]) < 0.1
    wrong = wrong_labels([np.exp(stated), np.exp(ignorant)], given, model, model.group)
    assert wrong.sum() == pytest.approx((true != given).sum(), rel=0.15)


def test_a_class_without_examples_and_one_class_alone():
    predicted, labels = [np.array([[0.8, 0.1, 0.1], [0.2, 0.7, 0.1]] * 20)], np.array([0, 1] * 20)
    model = in_groups(predicted, labels, fit_noise_model(predicted, labels), 2)
    assert all(np.isfinite(likely).all() for _, likely in likely_classes(predicted, labels, model, model.group))
    found = estimate_wrong_labels([np.ones((30, 1))], NoisyLabels(np.zeros(30, int)))
    assert found.wrong.sum() == 0


def test_the_only_image_of_a_class_has_no_estimate_and_changes_none():
    stated, _, given = simulated(600, ASYMMETRIC)
    known = np.pad(softmax(stated, axis=1), ((0, 0), (0, 1)), constant_values=1e-4)
    of_others = estimate_wrong_labels([known], NoisyLabels(given))
    found = estimate_wrong_labels([np.concatenate([known, known[:1]])], NoisyLabels(np.append(given, 3)))
    assert np.isnan(found.wrong[-1]) and all(600 not in places for places, _ in found.likely())
    np.testing.assert_array_equal(found.wrong[:-1], of_others.wrong)
    handed = in_order_of(np.append(np.arange(600.0), 1000), found.wrong)
    assert np.isnan(handed[-1]) and handed[-2] == of_others.wrong.max()
    row = summary(Facts(601, 0.4, 0.9, 0.8, 0.9), ["networks"], found)
    assert row["estimated_wrong"] == pytest.approx(of_others.wrong.sum())
    assert row["reason"].endswith(
        "1 image is the only one with its label, so that its probability of being wrong is not known"
    )
    pairs = confusion(found, handed, np.append(given, 3), ["a", "b", "c", "d"])
    assert set(pairs["given"]) == {0, 1, 2} and pairs["expected"].sum() == pytest.approx(np.nansum(handed))


def test_few_images_of_each_label_permit_no_estimate():
    stated, _, given = simulated(59, ASYMMETRIC)
    assert estimate_wrong_labels([softmax(stated, axis=1)], NoisyLabels(given)) is None
    assert estimate_wrong_labels([], NoisyLabels(given)) is None
    row = summary(Facts(59, 0.4, 0.9, 0.9, 0.9), ["networks"], None)
    assert "with fewer than 20 images for each label" in row["reason"]
    assert not are_enough(np.repeat(np.arange(50), 49)) and are_enough(np.repeat(np.arange(50), 50))
    assert not are_enough(np.repeat([0, 1], 19)) and are_enough(np.repeat([0, 1], 20))


def test_a_label_that_is_another_ones_is_named():
    labels = np.repeat([0, 1, 2], 30)
    swapped = np.eye(3)[np.choose(labels, [0, 2, 1])]
    lines = [*taken_for_others({"given probabilities": swapped}, labels, ["ant", "bee", "cat"])]
    assert [line.partition(";")[0] for line in lines] == [
        "given probabilities predict cat for 100% of the images labelled bee",
        "given probabilities predict bee for 100% of the images labelled cat",
    ]
    assert not [*taken_for_others({"networks": np.eye(3)[labels]}, labels, ["ant", "bee", "cat"])]


def test_probabilities_are_handed_out_in_the_order_of_the_score():
    handed = in_order_of(np.array([3.0, 1, 2, 2]), np.array([0.1, 0.9, 0.3, 0.5]))
    np.testing.assert_allclose(handed, [0.9, 0.1, 0.4, 0.4])


def test_the_cut_has_those_that_are_likelier_wrong_than_right():
    cut = recommended_cut(np.array([0.9, 0.6, 0.5, 0.2]))
    assert (cut.examples, cut.precision, cut.recall) == (2, pytest.approx(0.75), pytest.approx(1.5 / 2.2))
    none = recommended_cut(np.zeros(3))
    assert (none.examples, none.precision, none.recall) == (0, None, None)


def test_of_many_examples_a_sample_says_where_the_fit_to_all_begins():
    stated, _, given = simulated(4000, ASYMMETRIC, sharpness=2.0)
    whole = fit_noise_model([np.exp(stated)], given)
    sampled = fit_noise_model([np.exp(stated)], given, for_starts=1000)
    assert sampled.log_likelihood == pytest.approx(whole.log_likelihood, abs=0.05)
    wrong = [wrong_labels([np.exp(stated)], given, each, each.group) for each in (sampled, whole)]
    np.testing.assert_allclose(*wrong, atol=0.02)


def test_sums_over_blocks_are_those_over_all_examples(monkeypatch):
    """To rounding for one value and its gradient; a fit then ends within what the optimiser calls converged."""
    stated, _, given = simulated(4000, ASYMMETRIC, sharpness=2.0)
    predictors, evidence = [np.exp(stated)], -stated[np.arange(len(given)), given]
    whole = fit_noise_model(predictors, given)
    of_all = inputs_of(predictors, whole.zeros), given, 3, noise_model.ALIKE
    ((_, likely),) = likely_classes(predictors, given, whole, whole.group)
    likelihood = NoiseLikelihood(*of_all)
    assert len(list(class_arrays.blocks(4000, 3))) == 1
    value, gradient = likelihood.value(whole.fit), likelihood._loss(*whole.fit)[1]
    score = with_confusions(evidence, predictors, NoisyLabels(given))
    monkeypatch.setattr(class_arrays, "_COLUMNS", 300)
    assert len(list(class_arrays.blocks(4000, 3))) == 14
    likelihood = NoiseLikelihood(*of_all)
    assert likelihood.value(whole.fit) == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(likelihood._loss(*whole.fit)[1], gradient, atol=1e-9)
    ((_, in_blocks),) = likely_classes(predictors, given, whole, whole.group)
    np.testing.assert_allclose(in_blocks, likely, rtol=1e-12)
    parts = fit_noise_model(predictors, given)
    wrong = [wrong_labels(predictors, given, each, each.group) for each in (parts, whole)]
    np.testing.assert_allclose(*wrong, atol=1e-4)
    assert parts.gain == pytest.approx(whole.gain, abs=1e-6)
    np.testing.assert_allclose(with_confusions(evidence, predictors, NoisyLabels(given)), score, atol=1e-2)
