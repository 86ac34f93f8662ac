"""The list of suspects: percentiles, suggested labels, ranks."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import percentileofscore

from difficulty.analysis.set_suspects import named_sets, set_votes, suggested_sets
from difficulty.analysis.suggested_labels import first_counted_epoch, other_predictions
from difficulty.analysis.suspects import (
    SUSPECTS,
    Suspicion,
    hardness_percentiles,
    ranked,
    read_percentiles,
    suspect_table,
)
from difficulty.scores.collect import SCORES
from difficulty.scores.record_arrays import RecordArrays
from difficulty.tables import Column, write_table


def test_percentiles_by_hand():
    scores = pd.DataFrame({"aum": [3.0, 1, 2, np.nan, 1], "loss": [0.0, 5, 5, 5, 5]})
    percentiles = hardness_percentiles(scores, {"aum": -1, "loss": 1})
    np.testing.assert_allclose(percentiles["aum"], [0, 250 / 3, 100 / 3, np.nan, 250 / 3])
    np.testing.assert_allclose(percentiles["loss"], [0, 62.5, 62.5, 62.5, 62.5])
    assert hardness_percentiles(pd.DataFrame({"aum": [4.0]}), {"aum": -1})["aum"].tolist() == [50]


@given(arrays(float, st.integers(2, 20), elements=st.integers(-5, 5).map(float)))
def test_percentiles_are_scipys_rescaled_to_reach_0_and_100(values):
    found = hardness_percentiles(pd.DataFrame({"s": values}), {"s": 1})["s"]
    examples = len(values)
    means = percentileofscore(values, values, kind="mean")  # 100 (rank - 1/2) / N
    np.testing.assert_allclose(found, (means * examples / 100 - 0.5) / (examples - 1) * 100, atol=1e-9)
    reversed_order = hardness_percentiles(pd.DataFrame({"s": values}), {"s": -1})["s"]
    np.testing.assert_allclose(found + reversed_order, 100)


def test_percentiles_read_score_by_score_are_those_of_the_whole_table(tmp_path):
    random = np.random.default_rng(0)
    split = np.where(np.arange(50) % 5 == 0, "test", "train")
    facts = {"split": split, "class_name": "a", "is_corrupt": False} | dict.fromkeys(("label", "clean_label"), 0)
    runs = dict.fromkeys(("runs_train", "runs_validation", "runs_test"), np.ones(50, np.int16))
    scores = {"aum": random.random(50), "loss_ranked": np.where(random.random(50) < 0.5, np.nan, random.random(50))}
    schema = SCORES.extended({name: Column(pa.float64(), "a score", True) for name in scores})
    write_table(pd.DataFrame({"example_id": np.arange(50)} | facts | runs | scores), tmp_path / "s.parquet", schema)
    directions, columns = {"aum": -1, "loss": 1}, {"aum": "aum", "loss": "loss_ranked"}
    training = pd.DataFrame(scores)[split == "train"].set_axis(list(columns), axis=1).reset_index(drop=True)
    found = read_percentiles(tmp_path / "s.parquet", columns, directions, [("split", "==", "train")])
    pd.testing.assert_frame_equal(found, hardness_percentiles(training, directions))


def run(predicted, roles, example_id=None):
    """Records of one run: predicted (E, N), a role for each example."""
    predicted = np.asarray(predicted)
    example_id = np.arange(predicted.shape[1]) if example_id is None else np.asarray(example_id)
    return RecordArrays(example_id, np.array(roles, dtype=object), len(predicted), {"predicted": predicted})


def suggested_labels(runs, example_id, label, classes, above):
    return other_predictions(runs, example_id, label, classes).suggested(above)


def test_the_most_common_other_prediction_of_all_epochs_and_runs_is_suggested():
    one = run([[1, 1], [0, 1], [3, 1]], ["train"] * 2, [5, 9])
    two = run([[0, 3, 2], [0, 1, 0], [3, 3, 2]], ["train"] * 3, [5, 2, 7])
    # 5 (label 0): 1, 0, 3, 0, 0, 3; 9 (label 1): only its label; 7 (label 2): 2, 0, 2; 2 (label 2): 3, 1, 3
    label, share = suggested_labels([one, two], np.array([5, 9, 7, 2]), np.array([0, 1, 2, 2]), classes=4, above=0.1)
    assert label.tolist() == [3, -1, 0, 3]
    np.testing.assert_allclose(share, [2 / 6, np.nan, 1 / 3, 2 / 3])


def test_equally_common_predictions_suggest_the_lower_class():
    label, share = suggested_labels([run([[2], [0], [1]], ["train"])], np.array([0]), np.array([1]), 3, 0.1)
    assert (label.tolist(), share.tolist()) == ([0], [1 / 3])


def test_a_label_is_suggested_above_the_share_only():
    """One stray prediction in ten epochs does not suffice; two do."""
    predicted = np.zeros((10, 2), int)
    predicted[0] = 1
    predicted[1, 1] = 1
    label, share = suggested_labels([run(predicted, ["train"] * 2)], np.arange(2), np.zeros(2, int), 2, 0.1)
    assert label.tolist() == [-1, 1]
    np.testing.assert_array_equal(share, [np.nan, 0.2])


@pytest.mark.parametrize(("epochs", "counted"), [(1, [1]), (2, [2]), (5, [3, 4, 5]), (15, list(range(8, 16)))])
def test_held_out_examples_are_judged_by_the_last_half_of_the_epochs(epochs, counted):
    assert list(range(first_counted_epoch("validation", epochs), epochs + 1)) == counted
    assert first_counted_epoch("train", epochs) == 1
    predicted = np.arange(epochs)[:, None] + 1  # another class in every epoch
    held_out = run(predicted, ["validation"])
    trained = run(np.full((epochs, 1), epochs + 1), ["train"])
    label, share = suggested_labels([trained, held_out], np.array([0]), np.array([0]), epochs + 2, 0.0)
    assert label.tolist() == [counted[0]]  # classes are the numbers of the epochs; the lowest of equally common ones
    assert share[0] == pytest.approx(1 / len(counted))


def test_a_memorised_label_does_not_hide_what_was_predicted_before():
    """The first example is predicted as its true class in three of fifteen epochs, then memorised with its wrong label;
    the second is right from epoch 2 on."""
    predicted = np.zeros((15, 2), int)
    predicted[:3, 0] = 1
    predicted[:1, 1] = 1
    runs = [run(predicted, ["train"] * 2)] * 3
    label, _ = suggested_labels(runs, np.arange(2), np.zeros(2, int), 2, 0.1)
    assert label.tolist() == [1, -1]


def test_table_is_ranked_by_the_score():
    examples = pd.DataFrame({"example_id": [7, 8, 9, 10], "key": list("abcd"), "file": ["train/0/a.png"] * 4})
    percentiles = pd.DataFrame({"aum": [10.0, 90, np.nan, 90], "loss": [1.0, 2, 3, 4]})
    suspicion = Suspicion(
        given=np.array(["cat", "dog", "dog", "cat"], object),
        suggested=np.array(["dog", None, "cat", "2"], object),
        share=np.array([0.5, np.nan, 0.2, 0.4]),
        probability=np.array([0.2, 0.9, np.nan, np.nan]),
        verdict=np.array(["typical", "likely wrong label", "easy", "easy"], object),
        evidence=np.array(["w", "x", "y", "z"], object),
    )
    places = ranked(np.array([-3.0, -1, np.nan, -1]))
    suspicion = Suspicion(**{name: values[places] for name, values in vars(suspicion).items()})
    table = suspect_table(examples.iloc[places], suspicion, percentiles.iloc[places])
    assert list(table.columns) == [*SUSPECTS.columns, "aum", "loss"]
    assert table["rank"].tolist() == [1, 2, 3]
    assert table["example_id"].tolist() == [8, 10, 7]
    assert table["given_label"].tolist() == ["dog", "cat", "cat"]
    assert table["suggested_label"].tolist() == [pd.NA, "2", "dog"]
    assert table["within_cut"].tolist() == [True, pd.NA, False]
    assert table["evidence"].tolist() == ["x", "z", "w"] and table["decision"].isna().all()
    np.testing.assert_array_equal(table["suggested_share"], [np.nan, 0.4, 0.5])


def test_shares_of_the_given_and_of_the_other_label():
    runs = [run([[0, 1], [2, 1], [0, 0]], ["train", "train"]), run([[0, 3]], ["train", "validation"])]
    found = other_predictions(runs, np.arange(2), np.array([0, 1]), 4)
    np.testing.assert_allclose(found.given, [3 / 4, 0])
    np.testing.assert_allclose(found.share, [1 / 4, 1])
    assert found.best.tolist() == [2, 3] and found.held_out.tolist() == [False, True]


def set_run(rows, roles=None):
    """Records of one run from rows of example, epoch, predicted set and whether it is the given one."""
    table = pd.DataFrame(rows, columns=["example_id", "epoch", "predicted_set", "correct"])
    roles = table["example_id"].map(lambda example: (roles or {}).get(example, "train"))
    return table.assign(role=roles.astype("category")).astype({"predicted_set": "category"})


def test_the_wrong_set_that_is_predicted_most_is_suggested():
    one = [(7, 1, "0", False), (7, 2, "0 1", False), (7, 3, "0 1", False), (8, 1, "", False), (8, 2, "0", True)]
    two = [(7, 1, "1", False), (7, 2, "0", True), (7, 3, "1", False), (8, 1, "0", True), (8, 2, "0", True)]
    votes = pd.concat(set_votes(set_run(rows)) for rows in (one, two))
    found = suggested_sets(votes, pd.Series([8, 7, 6]), 0.1)
    assert found["suggested"].tolist() == ["", "0 1", pd.NA]  # as common as 1, and before it
    np.testing.assert_allclose(found["share"].to_numpy(float), [1 / 4, 2 / 6, np.nan])
    assert suggested_sets(votes, pd.Series([8, 7]), 0.3)["suggested"].tolist() == [pd.NA, "0 1"]
    given, suggested, names = named_sets(["0", "0 1", "1"], pd.Series(["0 1", pd.NA, ""]), ["cat", "dog"])
    assert [names[number] for number in given] == ["cat", "cat+dog", "dog"]
    assert suggested[1] == -1 and [names[number] for number in suggested[[0, 2]]] == ["cat+dog", "(none)"]


def test_sets_of_held_out_examples_count_alone_and_from_the_last_half_on():
    held_out = set_run([(7, 1, "1", False), (7, 2, "2", False), (7, 3, "0", True)], {7: "validation"})
    trained = set_run([(7, epoch, "3", False) for epoch in (1, 2, 3)])
    found = suggested_sets(pd.concat(map(set_votes, (held_out, trained))), pd.Series([7]), 0.1)
    assert (found["suggested"].item(), found["share"].item()) == ("2", 0.5)
