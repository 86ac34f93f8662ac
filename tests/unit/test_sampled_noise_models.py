"""Examples times classes that are too many to be held: read by parts, and noise models that are fitted to a sample."""

from argparse import Namespace

import numpy as np
import pyarrow as pa
import pytest
from scipy.sparse import csr_array
from scipy.special import softmax
from sklearn.metrics import average_precision_score

from difficulty.analysis.label_errors.summary import confusion, summary
from difficulty.analysis.label_errors.trust import Facts
from difficulty.scores.label_error import class_arrays, confusions, estimate, outside
from difficulty.scores.label_error.estimate import estimate_wrong_labels
from difficulty.scores.label_error.noise_model import NoisyLabels, fit_noise_model, likely_classes, likely_pairs
from difficulty.scores.label_error.probabilities import MeanProbabilities, RunningMean, StoredProbabilities, held
from difficulty.scores.label_error.votes import SparseVotes, _shares
from difficulty.scores.label_quality.held_out import HELD_OUT, HeldOut, rows_of_group
from difficulty.scores.label_quality.tables import write_label_quality
from difficulty.table_parts import RowGroups
from difficulty.tables import Schema, TableError, write_table
from tests.support.noisy_labels import ASYMMETRIC, simulated

TENTHS = 0.85 * np.eye(12) + 0.05 * np.roll(np.eye(12), 1, axis=1) + 0.1 / 12


def few_are_held(monkeypatch, examples: int, classes: int) -> None:
    """As if so many examples of so many classes were all that is held, and read in parts of a fifth of them."""
    monkeypatch.setattr(class_arrays, "MOST_NUMBERS", examples * classes)
    monkeypatch.setattr(class_arrays, "_NUMBERS_OF_A_PART", examples * classes // 5)


@pytest.fixture
def stored(tmp_path):
    """(path, probabilities (2, 500, 3)) of two seeds, in row groups that fit neither."""
    values = np.random.default_rng(0).dirichlet(np.ones(3), (2, 500)).astype(np.float32)
    lists = pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), 3).cast(pa.list_(pa.float32()))
    columns = {"seed": np.repeat([0, 1], 500), "example_id": np.tile(np.arange(500) * 3, 2), "probabilities": lists}
    write_table(pa.table(columns), tmp_path / "held-out.parquet", HELD_OUT, rows_per_group=170, dictionary=False)
    return tmp_path / "held-out.parquet", values


def test_stored_probabilities_are_read_in_any_order(stored, monkeypatch):
    path, values = stored
    monkeypatch.setattr("difficulty.scores.label_error.probabilities._NUMBERS_AT_A_TIME", 120)
    read = StoredProbabilities(path, HELD_OUT, np.arange(500, 1000), 3)
    for rows in (np.s_[0:10], np.s_[10:300], np.s_[490:600], np.s_[5:20], np.s_[0:0], np.s_[:]):
        np.testing.assert_array_equal(read[rows], values[1][rows])
    few = np.array([3, 4, 250, 499])
    np.testing.assert_array_equal(read[few][1:3], values[1][few][1:3])
    mask = np.arange(500) % 7 == 1
    np.testing.assert_array_equal(held(read[mask]), values[1][mask])
    np.testing.assert_array_equal(read.likeliest, values[1].argmax(axis=1))
    assert len(read) == 500 and held(read).dtype == np.float32
    with pytest.raises(TableError, match="probabilities of 4 classes in every row"):
        StoredProbabilities(path, HELD_OUT, np.arange(3), 4)[:]


def test_held_out_probabilities_are_the_same_whether_they_are_held_or_read(stored, monkeypatch):
    path, values = stored
    whole = outside.held_out_of_seeds(path, np.arange(500) * 3)
    mean = outside.mean_held_out(path, np.arange(500) * 3)
    few_are_held(monkeypatch, 100, 3)
    parts = outside.held_out_of_seeds(path, np.arange(500) * 3)
    assert all(isinstance(each, StoredProbabilities) for each in parts.values())
    for seed, own in whole.items():
        np.testing.assert_array_equal(own, values[int(seed[-1])])
        np.testing.assert_array_equal(held(parts[seed]), own)
    by_parts = outside.mean_held_out(path, np.arange(500) * 3)
    np.testing.assert_array_equal(held(by_parts), mean)
    np.testing.assert_array_equal(held(by_parts[np.array([1, 400])]), mean[[1, 400]])
    with pytest.raises(TableError, match="every training example once for each seed"):
        outside.held_out_of_seeds(path, np.arange(500))


def test_votes_for_a_few_of_many_classes_are_those_for_all(monkeypatch):
    counts = np.random.default_rng(1).poisson(0.3, (60, 9)).astype(np.int32)
    sparse, mean = SparseVotes(csr_array(counts)), RunningMean()
    np.testing.assert_array_equal(held(sparse), _shares(counts))
    np.testing.assert_array_equal(sparse[np.arange(4, 30)][2:9], _shares(counts)[6:13])
    for _ in range(2):
        mean.add(sparse)
    assert isinstance(mean.mean(), MeanProbabilities)
    np.testing.assert_array_equal(held(mean.mean()), _shares(counts))


def test_the_sample_has_each_label_in_proportion_and_only_known_ones(monkeypatch):
    labels = np.append(np.random.default_rng(0).choice(4, 2000, p=[0.6, 0.3, 0.09, 0.01]), 4)
    noisy = NoisyLabels(labels)
    assert noisy.fitted(5) == slice(None)
    few_are_held(monkeypatch, 400, 5)
    rows = noisy.fitted(5)
    assert len(np.unique(rows)) == 400 and rows.max() < 2000
    np.testing.assert_allclose(np.bincount(labels[rows]), np.bincount(labels[:-1]) / 5, atol=1)
    np.testing.assert_array_equal(rows, NoisyLabels(labels).fitted(5))


def test_a_model_says_the_same_of_examples_that_are_read_by_parts(monkeypatch):
    stated, _, given = simulated(2000, ASYMMETRIC, sharpness=2.0)
    predictors = [np.exp(stated)]
    model = fit_noise_model(predictors, given)
    ((_, whole),) = likely_classes(predictors, given, model, model.group)
    pairs = likely_pairs(predictors, given, model)
    few_are_held(monkeypatch, 700, 3)
    found = [*likely_classes(predictors, given, model, model.group)]
    assert len(found) == 15
    np.testing.assert_allclose(np.concatenate([part for _, part in found], axis=1), whole, rtol=1e-12)
    np.testing.assert_allclose(likely_pairs(predictors, given, model), pairs, rtol=1e-12)
    assert pairs.sum() == pytest.approx(2000)


@pytest.mark.parametrize("seed", range(3))
def test_an_estimate_by_a_sample_is_that_of_all_examples(seed, monkeypatch):
    """A sixth of the examples: within 15 %, two deviations of a share of 0.14 in 1,500, and the interval has the truth.

    Probabilities differ by 0.02 on average, as 18 wrong labels of a class say little of pairs, and find nearly as much.
    """
    stated, true, given = simulated(9000, TENTHS, sharpness=1.7, seed=seed)
    predictors, wrong = [softmax(stated, axis=1)], (true != given)
    whole = estimate_wrong_labels(predictors, NoisyLabels(given))
    few_are_held(monkeypatch, 1500, 12)
    found = estimate_wrong_labels(predictors, NoisyLabels(given))
    assert (whole.fitted, found.fitted) == (9000, 1500)
    assert found.wrong.sum() == pytest.approx(whole.wrong.sum(), rel=0.15)
    assert found.low < wrong.sum() < found.high
    assert np.abs(found.wrong - whole.wrong).mean() < 0.03
    precisions = [average_precision_score(wrong, each.wrong) for each in (whole, found)]
    assert precisions[1] > precisions[0] - 0.03
    pairs = confusion(found, found.wrong, given, [str(number) for number in range(12)])
    assert pairs["expected"].sum() == pytest.approx(found.wrong.sum())
    assert len(pairs) == 12 * 11 and pairs.groupby("given")["examples"].first().sum() == 9000
    row = summary(Facts(9000, 0.1, 0.9, 0.8, 0.9), ["networks"], found)
    assert row["reason"].endswith("numbers are by models of a sample, 1,500 of the 9,000 images")
    assert "sample" not in summary(Facts(9000, 0.1, 0.9, 0.8, 0.9), ["networks"], whole)["reason"]


def test_given_probabilities_of_all_examples_are_needed(stored):
    path, values = stored
    schema = Schema(
        "given", {name: HELD_OUT.columns[name] for name in ("example_id", "probabilities")}, ("example_id",)
    )
    lists = pa.array(list(values[0][:5]), pa.list_(pa.float32()))
    write_table(pa.table({"example_id": [2, 0, 4, 6, 8], "probabilities": lists}), path, schema)
    found = outside.given_probabilities(path, np.array([0, 2, 8]))
    np.testing.assert_array_equal(found, values[0][[1, 0, 4]])
    for others in ([0, 2, 10], [0, 3, 8]):
        with pytest.raises(TableError, match="has no probabilities of 1 training examples"):
            outside.given_probabilities(path, np.array(others))


def test_few_wrong_labels_are_found_by_a_sample(monkeypatch):
    """Starts that are compared on a part of the sample end where no label is wrong."""
    stated, true, given = simulated(9000, 0.99 * np.eye(12) + 0.01 / 12, sharpness=1.7)
    few_are_held(monkeypatch, 1500, 12)
    found = estimate_wrong_labels([softmax(stated, axis=1)], NoisyLabels(given))
    wrong = (true != given).sum()
    assert found.low > 0.4 * wrong and found.low < wrong < found.high and found.wrong.sum() < 1.5 * wrong


def test_the_deviation_of_the_estimate_grows_from_the_sample_to_all_examples(monkeypatch):
    """Its square by the square of their number; that of the number, if probabilities are right, is of all as it is."""
    stated, _, given = simulated(3000, ASYMMETRIC, sharpness=2.0)
    for name in ("_FEWER", "_MORE"):
        monkeypatch.setattr(estimate, name, 1.0)
    few_are_held(monkeypatch, 600, 3)
    lows = []
    for variance in (0.0, 50.0):
        monkeypatch.setattr(estimate, "_variance_over_resamples", lambda *_, variance=variance: variance)
        found = estimate_wrong_labels([np.exp(stated)], NoisyLabels(given))
        lows.append(found.low)
    of_number = found.wrong @ (1 - found.wrong)
    moved = 1.96 * (np.sqrt(5**2 * 50 + of_number) - np.sqrt(of_number))
    assert lows[1] > 0 and lows[0] - lows[1] == pytest.approx(moved)


def test_scores_by_a_sample_are_nearly_those_by_all_examples(monkeypatch):
    stated, _, given = simulated(6000, TENTHS, sharpness=1.7)
    predictors = [softmax(stated, axis=1)]

    def scores() -> list[np.ndarray]:
        noisy = NoisyLabels(given)
        evidence = outside.held_out_evidence(predictors[0], noisy)
        return [evidence, confusions.with_confusions(evidence, predictors, noisy)]

    whole = scores()
    few_are_held(monkeypatch, 1500, 12)
    for own, of_sample in zip(whole, scores(), strict=True):
        assert np.corrcoef(own, of_sample)[0, 1] > 0.98


def test_tables_of_probabilities_have_groups_that_fit_into_memory(tmp_path, monkeypatch):
    assert [rows_of_group(classes) for classes in (2, 10, 1000, 1 << 23)] == [1 << 20, 419430, 4194, 1]
    monkeypatch.setattr("difficulty.scores.label_quality.held_out._NUMBERS_PER_GROUP", 8)
    seed = HeldOut(0, np.full(5, "seed-0", dtype=object), np.arange(5), np.arange(5) % 2, np.full((5, 4), 0.25))
    files = Namespace(**{name: tmp_path / f"{name}.parquet" for name in ("output", "estimates", "held_out")})
    write_label_quality(files, [seed], {})
    assert RowGroups(files.held_out, HELD_OUT).rows == [2, 2, 1]
