"""Which test examples are asked about, and which training examples influence them most."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from difficulty.errors import UserError
from difficulty.scores.influence.influential import OverallSums, RunSummary, duplicates_of, influential_rows
from difficulty.scores.influence.pairwise_blocks import common_queries, summed_blocks
from difficulty.scores.influence.pairwise_tables import pairwise_writer
from difficulty.scores.influence.queries import choose_queries

NAN = np.nan


@pytest.fixture
def candidates():
    return pd.DataFrame(
        {
            "example_id": [10, 11, 12, 13, 14],
            "label": [0, 1, 2, 0, 1],
            "class_name": ["cat", "dog", "owl", "cat", "dog"],
            "predicted": pd.array([0, 0, None, 1, 0], "Int64"),
        }
    )


@pytest.mark.parametrize(
    ("conditions", "chosen"),
    [
        ({}, [10, 11, 12, 13, 14]),
        ({"misclassified": True}, [11, 13, 14]),
        ({"classes": ["dog", "owl"]}, [11, 12, 14]),
        ({"example_ids": [14, 10]}, [10, 14]),
        ({"example_ids": [14, 10], "misclassified": True}, [14]),
        ({"classes": ["cat"], "misclassified": True, "count": 5}, [13]),
    ],
)
def test_queries_meet_all_conditions(candidates, conditions, chosen):
    assert list(choose_queries(candidates, conditions, "q")["example_id"]) == chosen


def test_a_count_is_drawn_from_a_stream_of_its_seed(candidates):
    drawn = [tuple(choose_queries(candidates, {"count": 2, "seed": seed}, "q")["example_id"]) for seed in range(20)]
    assert all(len(each) == 2 and list(each) == sorted(each) for each in drawn)
    assert len(set(drawn)) > 3
    again = tuple(choose_queries(candidates, {"count": 2, "seed": 7}, "q")["example_id"])
    assert again == drawn[7]


def test_a_data_set_without_test_examples_is_told(candidates):
    assert choose_queries(candidates[:0], {"misclassified": True, "count": 3}, "q").empty
    with pytest.raises(UserError, match="q: the data set has no test example"):
        choose_queries(candidates[:0], {"classes": ["cat"]}, "q")


@pytest.mark.parametrize(
    ("conditions", "text"),
    [
        ({"example_ids": [10, 3]}, "q.example_ids: 3 is no test example"),
        ({"classes": ["dgo"]}, "q.classes: no test example of class 'dgo'; did you mean 'dog'?"),
        ({"classes": ["7"]}, "q.classes: no test example of class '7'; there are cat, dog, owl"),
    ],
)
def test_what_is_not_there_is_told(candidates, conditions, text):
    with pytest.raises(UserError) as error:
        choose_queries(candidates, conditions, "q")
    assert text in str(error.value)


def test_runs_are_summarised_over_those_that_were_trained_on_an_example():
    influence = [np.array([[1.0, 3]]), np.array([[4.0, 4]])]
    summary = RunSummary.of(["seed-0", "seed-1"], influence, [np.array([0, 2]), np.array([0, 1])], 3)
    np.testing.assert_array_equal(summary.mean, [[2.5, 4, 3]])
    np.testing.assert_allclose(summary.std, [[np.sqrt(4.5), NAN, NAN]])
    np.testing.assert_array_equal(summary.runs, [2, 1, 1])


def test_folds_of_a_seed_are_averaged_before_influence_is_summarised():
    names = ["seed-0-fold-0", "seed-0-fold-1", "seed-1-fold-0", "seed-1-fold-1"]
    influence = [np.array([values], float) for values in ([1], [3, 8], [6, 5], [7])]
    summary = RunSummary.of(names, influence, [np.array(places) for places in ([0], [0, 1], [0, 1], [1])], 2)
    np.testing.assert_array_equal(summary.mean, [[(2 + 6) / 2, (8 + 6) / 2]])
    np.testing.assert_allclose(summary.std, [[np.std([2, 6], ddof=1), np.std([8, 6], ddof=1)]])
    np.testing.assert_array_equal(summary.runs, [3, 3])
    (alone,) = RunSummary.of(names[:2], influence[:2], [np.array([0]), np.array([0, 1])], 2).std
    assert np.isnan(alone).all()


def rows_of(mean, top, duplicates=None):
    mean = np.array(mean, float)
    summary = RunSummary(mean, np.zeros_like(mean), np.ones(mean.shape[1], int))
    ids = np.arange(100, 100 + mean.shape[1])
    return influential_rows(np.arange(len(mean)), ids, summary, duplicates or {}, top)


def test_most_helpful_and_most_harmful_come_in_order():
    rows = rows_of([[5, -1, 0, 7, -3, NAN]], top=2)
    assert list(rows.loc[rows["helpful"], "example_id"]) == [103, 100]
    assert list(rows.loc[~rows["helpful"], "example_id"]) == [104, 101]
    assert list(rows["rank"]) == [0, 1, 0, 1]


def test_equal_influences_rank_in_the_order_of_the_examples():
    assert list(rows_of([[1, 1, 1]], top=2)["example_id"]) == [100, 101]


def test_duplicates_are_kept_wherever_they_rank():
    rows = rows_of([[9, 8, 7, -1, 2]], top=1, duplicates={0: {104, 103}})
    found = rows.set_index("example_id")
    assert list(found.index) == [100, 104, 103]
    assert list(found["is_duplicate"]) == [False, True, True]
    assert found.loc[104, "rank"] == 3 and found.loc[103, "rank"] == 0


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(st.integers(-5, 5), min_size=4, max_size=4), min_size=1, max_size=6), st.integers(1, 4))
def test_overall_sums_do_not_depend_on_blocks(values, top):
    mean, ids = np.array(values, float), np.arange(100, 104)
    whole, parts = OverallSums.empty(4), OverallSums.empty(4)
    whole.add(mean)
    for row in mean:
        parts.add(row[None])
    rows = rows_of(values, top)
    table = whole.table(ids, rows, top)
    pd.testing.assert_frame_equal(table, parts.table(ids, rows, top))
    np.testing.assert_allclose(table["influence"], mean.mean(axis=0))
    np.testing.assert_allclose(table["influence_absolute"], np.abs(mean).mean(axis=0))
    assert list(table["helped"]) == list((mean > 0).sum(axis=0))
    assert table["top_helpful"].sum() == np.minimum((mean > 0).sum(axis=1), top).sum()
    assert table["top_harmful"].sum() == np.minimum((mean < 0).sum(axis=1), top).sum()


def test_duplicates_are_training_examples_with_the_same_content():
    examples = pd.DataFrame(
        {
            "example_id": [1, 2, 3, 8, 9],
            "split": ["train", "train", "train", "test", "test"],
            "sha256": list("aabac"),
        }
    )
    assert duplicates_of([8, 9], examples) == {8: {1, 2}, 9: set()}


def test_lists_come_back_in_the_order_of_their_rows(tmp_path):
    path = tmp_path / "ekfac-epoch-3.parquet"
    influence = np.arange(12, dtype=np.float32).reshape(3, 4)
    with pairwise_writer(path, 4, {}) as write:
        write(np.array([7, 5]), np.zeros(2, np.float32), influence[:2])
        write(np.array([9]), np.zeros(1, np.float32), influence[2:])
    assert common_queries([path]).tolist() == [7, 5, 9]
    np.testing.assert_array_equal(np.concatenate(list(summed_blocks([path, path], 2))), 2 * influence)


def test_no_query_gives_an_empty_table(tmp_path):
    path = tmp_path / "ekfac-epoch-3.parquet"
    with pairwise_writer(path, 4, {}):
        pass
    assert common_queries([path]).tolist() == []
    assert sum(len(block) for block in summed_blocks([path], 2)) == 0
