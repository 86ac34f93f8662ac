"""The list of suspects: percentiles, suggested labels, ranks."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import percentileofscore

from difficulty.analysis.set_suspects import counted_sets, most_common_sets, named_sets
from difficulty.analysis.suspects import OtherPredictions, hardness_percentiles, suspect_table


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


def test_suggestion_is_the_most_common_other_prediction():
    predictions = OtherPredictions(np.array([0, 1, 2, 2]), classes=4)
    predictions.add(np.array([[1, 1], [0, 1], [3, 1]]), np.array([0, 1]))
    predictions.add(np.array([[0, 3, 2], [0, 1, 0], [3, 3, 2]]), np.array([0, 3, 2]))
    # 0: predicted 1, 0, 3, 0, 0, 3; 1: only its label; 2: 2, 0, 2; 3: 3, 1, 3
    assert predictions.suggestions().tolist() == [3, -1, 0, 3]


def test_equally_common_predictions_suggest_the_lower_class():
    predictions = OtherPredictions(np.array([1]), classes=3)
    predictions.add(np.array([[2], [0], [1]]), np.array([0]))
    assert predictions.suggestions().tolist() == [0]


def test_table_is_ranked_by_the_score():
    examples = pd.DataFrame({"example_id": [7, 8, 9, 10], "key": list("abcd"), "file": ["train/0/a.png"] * 4})
    percentiles = pd.DataFrame({"aum": [10.0, 90, np.nan, 90], "loss": [1.0, 2, 3, 4]})
    names = {0: "cat", 1: "dog"}
    table = suspect_table(examples, np.array([0, 1, 1, 0]), np.array([1, -1, 0, 2]), names, percentiles, "aum")
    assert list(table.columns) == [
        *("rank", "example_id", "key", "file", "given_label", "suggested_label", "aum", "loss"),
    ]
    assert table["rank"].tolist() == [1, 2, 3]
    assert table["example_id"].tolist() == [8, 10, 7]
    assert table["given_label"].tolist() == ["dog", "cat", "cat"]
    assert table["suggested_label"].tolist() == [pd.NA, "2", "dog"]


def test_the_set_that_most_wrong_predictions_agree_on_is_suggested():
    runs = [
        pd.DataFrame({"example_id": [7, 7, 8, 7], "predicted_set": ["0", "0 1", "", "1"]}),
        pd.DataFrame({"example_id": [7, 7, 8], "predicted_set": ["0 1", "1", ""]}),
    ]
    counts = [counted_sets(run.astype({"predicted_set": "category"})) for run in runs]
    found = most_common_sets(pd.concat(counts))
    assert found.to_dict() == {7: "0 1", 8: ""}  # as common as 1, and before it
    given, suggested, names = named_sets(["0", "0 1", "1"], pd.Series(["0 1", pd.NA, ""]), ["cat", "dog"])
    assert [names[number] for number in given] == ["cat", "cat+dog", "dog"]
    assert suggested[1] == -1 and [names[number] for number in suggested[[0, 2]]] == ["cat+dog", "(none)"]
