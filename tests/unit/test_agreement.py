"""Agreement of runs against the worked example of METHODS 4, closed forms and its own bounds."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy.stats import binom, kurtosis, skew

from difficulty.analysis.agreement import (
    agreed_classes,
    agreement_curve,
    bimodality,
    binomial_bimodality,
    chance_corrected,
    true_positive_agreement,
)
from difficulty.analysis.agreement_groups import CLEAN, GIVEN, compared_runs, left_out, shared_labels
from difficulty.errors import UserError
from difficulty.scores.record_arrays import RecordArrays

ROUNDING = 1e-9
COLUMNS = (
    *("epoch", "agreement", "mean_accuracy", "std_accuracy"),
    *("lower_bound", "upper_bound", "independent", "independent_within_class"),
)
# (run, epoch, image): counts per epoch (1, 1, 0), (3, 2, 0), (3, 3, 1).
WORKED = np.array(
    [
        [[0, 0, 0], [1, 1, 0], [1, 1, 0]],
        [[1, 0, 0], [1, 1, 0], [1, 1, 1]],
        [[0, 1, 0], [1, 0, 0], [1, 1, 0]],
    ],
    dtype=bool,
)
CORRECT = arrays(bool, array_shapes(min_dims=3, max_dims=3, max_side=7), elements=st.booleans())


def test_worked_example():
    curve = agreement_curve(WORKED)
    assert tuple(curve.columns) == COLUMNS
    assert curve["epoch"].tolist() == [1, 2, 3]
    np.testing.assert_allclose(curve["agreement"], [0, 1 / 2, 2 / 3])
    np.testing.assert_allclose(curve["mean_accuracy"], [2 / 9, 5 / 9, 7 / 9])
    spread = np.std([[0, 1 / 3, 1 / 3], [2 / 3, 2 / 3, 1 / 3], [2 / 3, 1, 2 / 3]], axis=1)
    np.testing.assert_allclose(curve["std_accuracy"], spread)
    np.testing.assert_allclose(curve["lower_bound"], [0, 0, 1 / 3], atol=ROUNDING)
    np.testing.assert_allclose(curve["upper_bound"], [0, 1 / 2, 2 / 3])
    np.testing.assert_allclose(curve["independent"], [0, (4 / 27) / (1 - 2 / 27), 4 / 9])
    assert curve["independent_within_class"].isna().all()


def test_worked_example_within_classes():
    """Images 0 and 1 are of class 4, image 2 of class 9: at epoch 3 accuracies 1, 1, 1 and 0, 1, 0."""
    curve = agreement_curve(WORKED, np.array([4, 4, 9]))
    assert curve["independent_within_class"].iloc[2] == pytest.approx((2 * 1 + 0) / (2 * 1 + 1))
    # epoch 2: accuracies 1, 1, 1/2 within class 4 and none within class 9
    assert curve["independent_within_class"].iloc[1] == pytest.approx((2 * 0.5) / (2 * 1))
    assert curve["independent_within_class"].iloc[0] == 0


@given(CORRECT, st.data())
def test_bounds_hold(correct, data):
    labels = data.draw(arrays(int, correct.shape[2], elements=st.integers(0, 2)))
    curve = agreement_curve(correct, labels)
    assert (curve["agreement"] >= curve["lower_bound"]).all()
    for column in ("agreement", "independent"):
        assert (curve[column] <= curve["upper_bound"] + ROUNDING).all()
    assert curve[[*COLUMNS[1:]]].apply(lambda values: values.between(0, 1 + ROUNDING)).all(axis=None)
    assert (chance_corrected(curve)[~np.isnan(chance_corrected(curve))] <= 1 + ROUNDING).all()


@given(CORRECT, st.integers(0, 2**31))
def test_order_of_runs_and_of_examples_does_not_matter(correct, seed):
    random = np.random.default_rng(seed)
    labels = random.integers(0, 3, correct.shape[2])
    runs, examples = random.permutation(len(correct)), random.permutation(correct.shape[2])
    curve = agreement_curve(correct[runs][:, :, examples], labels[examples])
    pd.testing.assert_frame_equal(curve, agreement_curve(correct, labels), rtol=0, atol=ROUNDING)


@given(arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=7), elements=st.booleans()), st.integers(1, 4))
def test_identical_networks_agree_fully(correct, runs):
    curve = agreement_curve(np.stack([correct] * runs))
    np.testing.assert_array_equal(curve["agreement"], correct.any(axis=1).astype(float))
    np.testing.assert_array_equal(curve["upper_bound"], correct.any(axis=1).astype(float))


def test_independent_networks_give_the_baseline():
    random = np.random.default_rng(0)
    accuracy = np.array([0.9, 0.6, 0.3])
    correct = random.random((4, 3, 200_000)) < accuracy[:, None]
    curve = agreement_curve(correct)
    np.testing.assert_allclose(curve["agreement"], accuracy**4 / (1 - (1 - accuracy) ** 4), atol=0.005)
    np.testing.assert_allclose(curve["agreement"], curve["independent"], atol=0.005)
    np.testing.assert_allclose(chance_corrected(curve), 0, atol=0.01)


def test_classes_explain_agreement_of_networks_independent_within_them():
    random = np.random.default_rng(1)
    labels = random.integers(0, 2, 100_000)
    correct = random.random((3, 1, 100_000)) < np.where(labels == 0, 0.95, 0.2)
    curve = agreement_curve(correct, labels)
    np.testing.assert_allclose(curve["agreement"], curve["independent_within_class"], atol=0.01)
    assert curve["agreement"].iloc[0] > curve["independent"].iloc[0] + 0.1
    assert abs(chance_corrected(curve, "independent_within_class")[0]) < 0.02


def test_chance_correction_is_undefined_without_room():
    assert np.isnan(chance_corrected(agreement_curve(np.ones((3, 1, 4), dtype=bool)))).all()
    assert np.isnan(chance_corrected(agreement_curve(np.zeros((3, 1, 4), dtype=bool)))).all()
    single = np.array([[[True, False, False]]])
    assert np.isnan(chance_corrected(agreement_curve(single))).all()


def test_agreed_classes_of_the_worked_example():
    table = agreed_classes(WORKED, np.array([4, 4, 9]))
    assert table.to_numpy().tolist() == [
        *([1, 4, 0, 2], [1, 9, 0, 1]),
        *([2, 4, 1, 2], [2, 9, 0, 1]),
        *([3, 4, 2, 2], [3, 9, 0, 1]),
    ]


def test_an_image_with_several_classes_counts_in_each():
    members = np.array([[1, 1, 0], [0, 1, 0], [1, 0, 0]], bool)  # nothing has class 2
    table = agreed_classes(WORKED, members)
    agreed = WORKED.all(axis=0)
    expected = [
        [epoch + 1, label, sum(agreed[epoch, i] and members[i, label] for i in range(3)), members[:, label].sum()]
        for epoch in range(3)
        for label in (0, 1)
    ]
    assert table.to_numpy().tolist() == expected


def test_true_positive_agreement_is_the_share_of_runs():
    np.testing.assert_allclose(true_positive_agreement(WORKED)[1], [1, 2 / 3, 0])


def test_bimodality_is_kurtosis_less_squared_skewness():
    values = np.random.default_rng(0).gamma(2, size=(3, 500))
    expected = kurtosis(values, axis=1, fisher=False) - skew(values, axis=1) ** 2
    np.testing.assert_allclose(bimodality(values), expected)
    assert bimodality(np.array([0.0, 0, 1])) == pytest.approx(1)
    assert np.isnan(bimodality(np.full(7, 2 / 3)))


@pytest.mark.parametrize("runs", [1, 2, 5])
@pytest.mark.parametrize("accuracy", [0.1, 0.5, 0.93])
def test_bimodality_of_the_binomial(runs, accuracy):
    skewness, excess = binom(runs, accuracy).stats("sk")
    assert binomial_bimodality(runs, accuracy) == pytest.approx(excess + 3 - skewness**2)


def test_bimodality_of_the_binomial_is_undefined_at_the_ends():
    assert np.isnan(binomial_bimodality(3, np.array([0, 1]))).all()


@pytest.mark.parametrize("correct", [np.ones((2, 2, 2)), np.ones((2, 2), bool), np.ones((2, 2, 0), bool)])
def test_other_shapes_are_refused(correct):
    with pytest.raises(ValueError, match="correct is bool"):
        agreement_curve(correct)


def test_classes_of_another_length_are_refused():
    with pytest.raises(ValueError, match="classes has shape"):
        agreement_curve(WORKED, np.zeros(4, int))


def label_table(clean, given=None, first_id=0):
    examples = np.arange(first_id, first_id + len(clean))
    return pd.DataFrame({"example_id": examples, "clean_label": clean, "label": clean if given is None else given})


def run_records(example_id, roles, epochs=2, **recorded):
    """A column of the records is the same at every epoch."""
    recorded = recorded or {"correct": np.ones(len(example_id), bool)}
    values = {name: np.tile(column, (epochs, 1)) for name, column in recorded.items()}
    return RecordArrays(np.array(example_id), np.array(roles, object), epochs, values)


def compared(records, role, labels=None):
    labels = labels or {name: label_table(np.zeros(10, int)) for name, _ in records}
    return compared_runs(records, shared_labels(labels), role)


def memorised(**labels):
    """Two seeds of networks that predict the label that their experiment gave to each training example."""
    clean = labels.pop("clean")
    tables = {name: label_table(clean, given) for name, given in labels.items()}
    records = {
        (name, f"seed-{seed}"): run_records(
            np.arange(len(clean)), ["train"] * len(clean), predicted=given, correct=np.ones(len(clean), bool)
        )
        for name, given in labels.items()
        for seed in (0, 1)
    }
    return compared_runs(records, shared_labels(tables), "train")


def test_networks_that_memorised_wrong_labels_agree_with_others_on_equal_labels_only():
    clean = np.arange(1000) % 10
    noisy = np.where(np.arange(1000) % 8 == 0, (clean + 3) % 10, clean)
    found = memorised(clean=clean, right=clean, noisy=noisy)
    curve = agreement_curve(found.correct, clean)
    assert (curve["agreement"] == np.mean(noisy == clean)).all()
    np.testing.assert_allclose(curve["mean_accuracy"], (1 + 7 / 8) / 2)
    assert (found.correct.shape, found.seeds) == ((4, 2, 1000), 2)


@pytest.mark.parametrize("fraction", [0.5, 1.0])
def test_unrelated_memorised_labels_agree_as_by_chance(fraction):
    """Each keeps the clean label with probability q: both of them do q^2 of the time, one of them q (2 - q)."""
    random, classes, examples = np.random.default_rng(0), 10, 200_000
    clean = random.integers(0, classes, examples)
    drawn = random.integers(0, classes, (2, examples))
    one, other = np.where(random.random((2, examples)) < fraction, drawn, clean)
    found = memorised(clean=clean, one=one, other=other)
    kept = 1 - fraction * (1 - 1 / classes)
    curve = agreement_curve(found.correct, clean).iloc[-1]
    assert curve["agreement"] == pytest.approx(kept / (2 - kept), abs=0.005)
    np.testing.assert_allclose(curve["mean_accuracy"], kept, atol=0.005)
    two = agreement_curve(found.correct[::2], clean).iloc[-1]
    assert two["agreement"] == pytest.approx(two["independent"], abs=0.005)


def test_one_random_labeling_that_all_networks_share_is_what_they_are_judged_by():
    drawn = np.random.default_rng(0).integers(0, 10, 500)
    found = memorised(clean=np.zeros(500, int), one=drawn, same=drawn.copy())
    assert found.correct.all()


def test_labels_are_given_ones_if_shared_and_else_clean():
    clean, noisy = label_table([0, 1, 2]), label_table([0, 1, 2], [0, 1, 1])
    alone = shared_labels({"noisy": noisy})
    assert (alone.judged_by, alone.recorded, alone.labels.tolist()) == (GIVEN, "correct", [0, 1, 1])
    both = shared_labels({"noisy": noisy, "clean": clean})
    assert (both.judged_by, both.recorded, both.labels.tolist()) == (CLEAN, "predicted", [0, 1, 2])


@pytest.mark.parametrize("other", [label_table([0, 1, 1]), label_table([0, 1, 2], first_id=3), label_table([0, 1])])
def test_experiments_without_a_shared_label_are_refused(other):
    with pytest.raises(UserError, match="one and other do not have the same examples with the same clean labels"):
        shared_labels({"one": label_table([0, 1, 2]), "other": other})


def test_folds_of_a_seed_are_one_network():
    """Joined where they hold examples out; the first of them on test images; left out in training."""
    records = {
        ("folds", f"seed-{seed}-fold-{fold}"): run_records(
            [3, 1, 2, 0, 9],
            ["validation" if i % 2 == fold else "train" for i in range(4)] + ["test"],
            correct=np.full(5, fold == 0),
        )
        for seed in (0, 1)
        for fold in (0, 1)
    }
    found = compared(records, "validation")
    assert found.example_id.tolist() == [0, 1, 2, 3] and found.seeds == 2
    assert found.correct[:, 0].tolist() == [[False, False, True, True]] * 2
    assert compared(records, "train") is None
    assert compared(records, "test").correct.tolist() == [[[True], [True]]] * 2
    assert compared({run: own for run, own in records.items() if "seed-0" in run[1]}, "test") is None


def test_experiments_of_different_length_are_cut():
    records = {
        ("long", "seed-0"): run_records([0, 1], ["train"] * 2, epochs=5),
        ("short", "seed-0"): run_records([1, 0], ["train"] * 2, epochs=3),
    }
    found = compared(records, "train")
    assert found.correct.shape == (2, 3, 2) and found.seeds == 1


def test_other_examples_are_the_users_error():
    records = {("a", "seed-0"): run_records([0, 1], ["test"] * 2), ("b", "seed-0"): run_records([0, 2], ["test"] * 2)}
    with pytest.raises(UserError, match="a/seed-0 and b/seed-0 do not have the same test examples"):
        compared(records, "test")


def test_a_role_that_an_experiment_lacks_is_left_out():
    records = {
        ("a", "seed-0"): run_records([0, 1], ["train", "test"]),
        ("a", "seed-1"): run_records([0, 1], ["train", "test"]),
        ("b", "seed-0"): run_records([1], ["test"]),
    }
    assert compared(records, "train") is None
    assert compared(records, "test").correct.shape == (3, 2, 1)


def test_roles_that_are_not_compared_are_named_with_the_reason():
    roles = ["train", "validation", "train", "validation"]
    whole = run_records(np.arange(2), ["train"] * 2)
    folds = {("a", f"seed-0-fold-{fold}"): run_records(np.arange(4), roles) for fold in range(2)}
    every = ("train", "validation", "test")
    assert left_out({("a", "seed-0"): whole}, every) == [
        "left out: train examples: only one network has any; add a seed"
    ]
    assert left_out({**folds, ("b", "seed-0"): whole}, every) == [
        "left out: train examples: those of a differ from fold to fold",
        "left out: validation examples: b has none",
    ]
