"""Label errors: evidence by hand, the noise model against simulated truth and a general optimiser, the estimates."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax
from scipy.stats import spearmanr
from sklearn.metrics import average_precision_score

from difficulty.analysis.label_errors.summary import NO_CONFUSION, confusion, reliability, summary, trust_alone
from difficulty.analysis.label_errors.trust import Facts, verdict
from difficulty.scores.label_error.confusions import error_ratios, log_odds, shift, with_confusions
from difficulty.scores.label_error.estimate import estimate_wrong_labels, in_order_of, recommended_cut
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
from difficulty.scores.label_error.noise_model import fit_noise_model
from difficulty.scores.label_error.outside import (
    held_out_evidence,
    kinds_of_evidence,
    networks_evidence,
    sound,
    weighed,
)

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
    probabilities, labels = np.eye(4)[[0, 0, 1, 2, 3]], np.array([0, 0, 1, 2, 2])
    assert skill(probabilities, labels) == pytest.approx((0.8 - 0.4) / 0.6)
    assert skill(probabilities[[2] * 5], labels) == 0 and skill(probabilities[:2], labels[:2]) == 0
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
    assert spearmanr(held_out_evidence(biased, given), told)[0] > 0.97
    few = held_out_evidence(good[:299], given[:299])  # too few to calibrate
    np.testing.assert_array_equal(few, predicted_evidence(good[:299], given[:299]))


def test_networks_that_have_seen_an_example_and_those_that_have_not_count_alike():
    trained, probabilities, labels = (
        np.array([3.0, 1, 2]),
        np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]]),
        np.zeros(3, int),
    )
    np.testing.assert_allclose(networks_evidence(trained, None, labels), [SIXTH, -SIXTH, 0], atol=1e-12)
    both = networks_evidence(trained, probabilities, labels)
    np.testing.assert_allclose(both, [0, 0, 0], atol=1e-12)
    unseen = networks_evidence(np.full(3, np.nan), probabilities, labels)
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


def simulated(examples, transitions, sharpness=1.0, seed=0):
    """Labels of images whose classes are drawn from known probabilities, read with known errors.

    Returns the log probabilities that a predictor states (duller than the true ones by the factor), classes, labels.
    """
    generator = np.random.default_rng(seed)
    classes = len(transitions)
    logits = generator.normal(scale=4, size=(examples, classes))
    true = np.array([generator.choice(classes, p=row) for row in softmax(logits, axis=1)])
    given = np.array([generator.choice(classes, p=transitions[each]) for each in true])
    return log_softmax(logits / sharpness, axis=1), true, given


ASYMMETRIC = np.array([[0.9, 0.1, 0], [0.02, 0.95, 0.03], [0.2, 0, 0.8]])


def test_the_model_finds_noise_and_sharpness():
    stated, true, given = simulated(6000, ASYMMETRIC, sharpness=2.0)
    model = fit_noise_model([stated], given)
    np.testing.assert_allclose(np.diag(model.weights), 2, atol=0.3)
    np.testing.assert_allclose(model.transitions[0], ASYMMETRIC, atol=0.025)
    wrong = model.wrong(given)
    assert wrong.sum() == pytest.approx((true != given).sum(), rel=0.1)
    for low, high in ((0, 0.1), (0.1, 0.5), (0.5, 0.9), (0.9, 1)):  # calibrated
        within = (wrong >= low) & (wrong < high)
        assert wrong[within].mean() == pytest.approx((true != given)[within].mean(), abs=0.08)


def test_the_fit_is_the_maximum_of_the_likelihood():
    """Against a general optimiser that knows nothing of expectation maximisation."""
    transitions = np.array([[0.85, 0.15], [0.05, 0.95]])
    stated, _, given = simulated(300, transitions, sharpness=1.5)

    def loss(parameters):
        a, b, c, d, one, two, first, second = parameters
        predicted = softmax(stated @ [[a, b], [c, d]] + [one, two], axis=1)
        noise = np.array([[1 - first, first], [second, 1 - second]])
        penalty = b**2 + c**2 + 2 * ((a - d) / 2) ** 2 + one**2 + two**2
        return -np.log((predicted @ noise)[np.arange(len(given)), given]).mean() + 10 / len(given) * penalty

    bounds = [(None, None)] * 6 + [(1e-6, 0.5)] * 2
    starts = ([1, 0, 0, 1, 0, 0, 0.1, 0.1], [2, 0, 0, 2, 0, 0, 0.3, 0.05], [0.5, 0, 0, 0.5, 0.2, 0, 0.05, 0.3])
    best = min((minimize(loss, start, bounds=bounds, tol=1e-10) for start in starts), key=lambda found: found.fun)
    model = fit_noise_model([stated], given)
    found = [*model.weights.ravel(), model.transitions[0, 0, 1], model.transitions[0, 1, 0]]
    assert loss(found) == pytest.approx(best.fun, abs=2e-4)
    np.testing.assert_allclose(found[-2:], best.x[-2:], atol=0.03)


def test_probabilities_follow_from_the_fitted_parameters_by_bayes_rule():
    stated, _, given = simulated(50, ASYMMETRIC)
    model = fit_noise_model([stated], given)
    predicted = softmax(stated @ model.weights[:-1] + model.weights[-1], axis=1)
    for row in range(5):
        joint = predicted[row] * model.transitions[0][:, given[row]]
        np.testing.assert_allclose(model.likely[row], joint / joint.sum(), atol=1e-9)


def test_an_interval_covers_the_number_of_wrong_labels():
    for seed in range(3):
        stated, true, given = simulated(600, ASYMMETRIC, seed=seed)
        found = estimate_wrong_labels([softmax(stated, axis=1)], given)
        assert found.low <= (true != given).sum() <= found.high
        assert found.low <= found.wrong.sum() <= found.high < 3 * found.low


@pytest.mark.parametrize("classes", [2, 4])
def test_labels_cannot_tell_whose_errors_they_are_where_predictions_are_all_equally_sure(classes):
    true = np.random.default_rng(0).integers(0, classes, 600)
    given = np.where(np.arange(600) < 50, (true + 1) % classes, true)
    found = estimate_wrong_labels([np.eye(classes)[true]], given)
    assert found.low <= 50 <= found.high and found.high - found.low > 30


def test_what_knows_nothing_of_the_labels_is_left_out():
    stated, _, given = simulated(300, ASYMMETRIC)
    known = softmax(stated, axis=1)
    kept, lines = sound({"networks": known, "given probabilities": np.roll(known, 1, axis=1)}, given)
    assert list(kept) == ["networks"]
    assert list(lines) == ["given probabilities"]
    assert lines["given probabilities"].startswith("given probabilities are left out: they predict ")
    assert sound({"networks": np.roll(known, 1, axis=1)}, given)[1] == {} and sound({}, given) == ({}, {})
    said = np.zeros(300)
    assert kinds_of_evidence(said, {}, ["networks"], np.arange(300), given, None) == {}
    assert list(kinds_of_evidence(said, {}, [], np.arange(300), given, None)) == ["networks"]


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
    changed = with_confusions(evidence, [softmax(stated, axis=1)], given)
    before, after = (average_precision_score(true != given, values) for values in (evidence, changed))
    assert 1 - after < (1 - before) / 2
    assert changed.mean() == pytest.approx(0, abs=1e-9) and changed.std() == pytest.approx(1, abs=0.01)
    two = changed[(given == 1) & (stated.argmax(axis=1) == 0)], changed[(given == 2) & (stated.argmax(axis=1) == 0)]
    assert two[0].mean() > two[1].mean()


def test_where_all_pairs_are_confused_alike_the_order_stays():
    stated, _, given = simulated(4000, np.full((3, 3), 0.05) + 0.85 * np.eye(3))
    evidence = -stated[np.arange(4000), given]
    changed = with_confusions(evidence, [softmax(stated, axis=1)], given)
    np.testing.assert_array_equal(np.argsort(changed, kind="stable"), np.argsort(evidence, kind="stable"))
    assert (
        with_confusions(np.arange(3.0), [np.ones((3, 1))], np.zeros(3, int)).tolist()
        == normal_scores(np.arange(3.0)).tolist()
    )


def test_right_labels_are_not_suspected():
    stated, _, given = simulated(1500, np.eye(3))
    found = estimate_wrong_labels([softmax(stated, axis=1)], given)
    assert found.low < 10 and found.wrong.sum() < 30


def test_predictors_are_weighed_by_what_they_know():
    stated, true, given = simulated(3000, ASYMMETRIC)
    ignorant = log_softmax(np.random.default_rng(9).normal(size=stated.shape), axis=1)
    model = fit_noise_model([stated, ignorant], given)
    of_both = [np.diag(model.weights[rows]).mean() for rows in (slice(0, 3), slice(3, 6))]
    assert of_both[0] == pytest.approx(1, abs=0.2) and abs(of_both[1]) < 0.1
    assert model.wrong(given).sum() == pytest.approx((true != given).sum(), rel=0.15)


def test_a_class_without_examples_and_one_class_alone():
    stated = np.log(np.array([[0.8, 0.1, 0.1], [0.2, 0.7, 0.1]] * 20))
    model = fit_noise_model([stated], np.array([0, 1] * 20), groups=2)
    assert np.isfinite(model.likely).all()
    found = estimate_wrong_labels([np.ones((30, 1))], np.zeros(30, int))
    assert found.wrong.sum() == 0


def test_the_only_image_of_a_class_has_no_estimate_and_changes_none():
    stated, _, given = simulated(600, ASYMMETRIC)
    known = np.pad(softmax(stated, axis=1), ((0, 0), (0, 1)), constant_values=1e-4)
    of_others = estimate_wrong_labels([known], given)
    found = estimate_wrong_labels([np.concatenate([known, known[:1]])], np.append(given, 3))
    assert np.isnan(found.wrong[-1]) and np.isnan(found.likely[-1]).all()
    np.testing.assert_array_equal(found.wrong[:-1], of_others.wrong)
    handed = in_order_of(np.append(np.arange(600.0), 1000), found.wrong)
    assert np.isnan(handed[-1]) and handed[-2] == of_others.wrong.max()
    row = summary(Facts(0.4, 0.9, 0.8, 0.9), 601, ["networks"], found)
    assert row["estimated_wrong"] == pytest.approx(of_others.wrong.sum())
    assert row["reason"].endswith(
        "1 image is the only one with its label, so that its probability of being wrong is not known"
    )
    pairs = confusion(found.likely, handed, np.append(given, 3), ["a", "b", "c", "d"])
    assert set(pairs["given"]) == {0, 1, 2} and pairs["expected"].sum() == pytest.approx(np.nansum(handed))


def test_a_score_that_separates_everything_keeps_its_order():
    """No errors are found, so that probabilities are all but 0: evidence must not be lost in rounding."""
    predicted = softmax(simulated(400, np.eye(3), sharpness=0.1)[0], axis=1)
    evidence = np.random.default_rng(0).normal(size=400)
    changed = with_confusions(evidence, [predicted], predicted.argmax(axis=1))
    np.testing.assert_array_equal(np.argsort(changed), np.argsort(evidence))


def test_few_images_of_each_label_permit_no_estimate():
    stated, _, given = simulated(59, ASYMMETRIC)
    assert estimate_wrong_labels([softmax(stated, axis=1)], given) is None
    assert estimate_wrong_labels([], given) is None
    row = summary(Facts(0.4, 0.9, 0.8, 0.9), 59, ["networks"], None)
    assert "with fewer than 20 images for each label" in row["reason"] and "fewer" not in trust_alone(row["reason"])


def test_probabilities_are_handed_out_in_the_order_of_the_score():
    handed = in_order_of(np.array([3.0, 1, 2, 2]), np.array([0.1, 0.9, 0.3, 0.5]))
    np.testing.assert_allclose(handed, [0.9, 0.1, 0.4, 0.4])


def test_the_cut_has_those_that_are_likelier_wrong_than_right():
    cut = recommended_cut(np.array([0.9, 0.6, 0.5, 0.2]))
    assert (cut.examples, cut.precision, cut.recall) == (2, pytest.approx(0.75), pytest.approx(1.5 / 2.2))
    none = recommended_cut(np.zeros(3))
    assert (none.examples, none.precision, none.recall) == (0, None, None)


def test_reliability_is_the_stepped_up_rank_correlation():
    """Spearman 1 - 6 sum d^2 / (n (n^2 - 1)); Brown 2 r / (1 + r)."""
    one, two = np.array([1.0, 2, 3, 4, 5]), np.array([2.0, 1, 3, 5, 4])
    r = 1 - 6 * 4 / (5 * 24)
    assert reliability([one, two]) == pytest.approx(2 * r / (1 + r))
    assert np.isnan(reliability([one])) and reliability([one, -one]) == 0


def test_confusion_shares_out_what_is_wrong_among_the_other_classes():
    likely = np.array([[0.9, 0.05, 0.05], [0.4, 0.6, 0], [0.25, 0.5, 0.25], [np.nan] * 3])
    wrong = np.array([0.2, 0.5, 0.3, np.nan])
    table = confusion(likely, wrong, np.array([0, 0, 1, 2]), ["ant", "bee", "wasp"])
    assert table["expected"].tolist() == pytest.approx([0.1 + 0.5, 0.1, 0.15, 0.15])
    assert table[["given_class", "likely_class", "examples"]].to_numpy().tolist() == [
        ["ant", "bee", 2],
        ["ant", "wasp", 2],
        ["bee", "ant", 1],
        ["bee", "wasp", 1],
    ]
    assert NO_CONFUSION.empty and list(NO_CONFUSION) == list(table)


@pytest.mark.parametrize(
    ("facts", "trusted", "says"),
    [
        (Facts(1.0, 1.0, 1.0, 0.9), False, "all training images have the same label"),
        (
            Facts(0.5, 0.6, np.nan, 0.9),
            False,
            "did not fit the training images (they are right about 60% of the labels",
        ),
        (Facts(0.5, 0.97, np.nan, 0.4), False, "order the images differently (reliability 0.40)"),
        (Facts(0.1, 0.97, 0.3, 0.9), False, "predicted poorly (30% of the labels"),
        (Facts(0.1, 0.97, 0.8, 0.9, 100, 300), True, "uncertain (100 to 300)"),
        (Facts(0.1, 0.97, 0.8, 0.9, 100, 150), True, "networks fit 97% of the labels; seeds agree (reliability 0.90)"),
        (Facts(0.1, 0.97, np.nan, np.nan), True, "with one seed it is not known whether others agree"),
    ],
)
def test_trust(facts, trusted, says):
    found, reason = verdict(facts)
    assert found == trusted and says in reason
