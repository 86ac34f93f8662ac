"""Removals: what was left out, how it is counted, and paired differences against scipy's."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from difficulty.analysis import removal
from difficulty.analysis.removal import (
    REMOVAL,
    REMOVAL_SUMMARY,
    described_labels,
    mean_interval,
    nearest,
    removal_summary,
)
from difficulty.config.analyses.removal import NOTHING
from difficulty.tables import write_table
from tests.support.removals import LEFT, RULES, accuracies, table


@pytest.fixture
def before():
    """Of ten training examples the first three have wrong labels; and a test example."""
    clean = np.array([0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1])
    label = np.where(np.arange(11) < 3, (clean + 1) % 3, clean)
    frame = pd.DataFrame({"example_id": np.arange(11), "clean_label": clean, "label": label})
    return frame.assign(split=["train"] * 10 + ["test"], is_corrupt=clean != label)


def test_what_is_dropped_is_counted_with_its_wrong_labels(before):
    own = before.drop(index=[0, 1, 5, 6])  # two of the three wrong ones, two right ones
    assert described_labels(own, before, is_known=True) == pytest.approx(
        {
            **{"left": 6, "left_share": 0.6, "dropped": 4, "dropped_wrong": 0.5, "wrong_left": 1 / 6},
            **{"relabelled": 0, "relabelled_wrong": np.nan, "relabelled_right": np.nan},
        },
        nan_ok=True,
    )


def test_what_is_relabelled_is_counted_before_and_after(before):
    own = before.assign(label=before["label"].mask(before["example_id"] == 0, 0))  # right now
    own.loc[1, "label"] = 0  # as wrong as before
    own.loc[[3, 4], "label"] = 2  # wrong now
    found = described_labels(own, before, is_known=True)
    assert (found["left"], found["dropped"], found["relabelled"]) == (10, 0, 4)
    assert (found["relabelled_wrong"], found["relabelled_right"], found["wrong_left"]) == (0.5, 0.25, 0.4)


def test_shares_of_wrong_labels_are_unknown_where_nobody_knows(before):
    found = described_labels(before.drop(index=[0]), before, is_known=False)
    assert found["dropped"] == 1 and np.isnan(found["dropped_wrong"]) and np.isnan(found["wrong_left"])


def test_each_run_has_its_accuracy_on_the_shared_test_split_at_the_last_epoch(tmp_path):
    found = table()
    write_table(found, tmp_path / "a.parquet", REMOVAL)
    assert found["epoch"].eq(4).all() and found["test_examples"].eq(50).all()
    assert list(found["experiment"].drop_duplicates()) == list(RULES)
    expected = np.concatenate(list(accuracies().values()))
    assert found["top1"].to_numpy() == pytest.approx(expected)
    assert found.loc[found["seed_chose"], ["experiment", "seed"]].to_numpy().tolist() == [["cut", 3]]
    steps = found.drop_duplicates("experiment").set_index("experiment")["steps"]
    assert steps.dropna().to_dict() == {"all": 16, "cut": 8, "tenth": 12, "few": 12}  # epochs x batches of 32


def test_batches_of_no_given_size_are_an_eighth_of_the_examples():
    found = table({"few": {"epochs": 4, "optimizer": {}, "drop_last": False}})
    assert found.set_index("experiment")["steps"].dropna().tolist() == [32, 32]  # 4 epochs x 72 / 9


def test_differences_are_scipys_of_paired_samples(tmp_path):
    summary = removal_summary(table(), "random")
    write_table(summary, tmp_path / "b.parquet", REMOVAL_SUMMARY)
    rows = summary[summary["measure"] == "top1"].set_index(["experiment", "compared_with"])
    values = accuracies()
    for experiment, compared, against, pairs in (
        ("cut", "control", "few", 2),
        ("tenth", "control", "many", 3),
        ("cut", NOTHING, "all", 3),
        ("few", NOTHING, "all", 2),
    ):
        row = rows.loc[experiment, compared]
        expected = stats.ttest_rel(values[experiment][:pairs], values[against][:pairs]).confidence_interval(0.95)
        assert (row["against"], row["seeds"], row["against_left"]) == (against, pairs, LEFT[against])
        assert (row["low"], row["high"]) == pytest.approx((expected.low, expected.high))
        assert row["difference"] == pytest.approx(np.mean(values[experiment][:pairs] - values[against][:pairs]))
    assert ("few", "control") not in rows.index and rows.loc[("all", NOTHING), "difference"] == 0


def test_one_that_leaves_nothing_out_is_compared_with_all_examples():
    found = table()
    summary = removal_summary(found.assign(left=found["left"].mask(found["experiment"] == "cut", 100)), "random")
    against = summary.set_index(["experiment", "compared_with"])["against"]
    assert set(against["cut", "control"]) == {"all"} and set(against["tenth", "control"]) == {"many"}


def test_folds_of_a_seed_count_as_their_mean():
    found = table()
    folds = [
        found.assign(run=found["run"] + f"-fold-{k}", top1=found["top1"] + shift) for k, shift in ((0, 1), (1, -1))
    ]
    whole, halves = removal_summary(found, "random"), removal_summary(pd.concat(folds), "random")
    columns = ["mean", "std", "difference", "low", "high"]
    assert halves[columns].to_numpy(float) == pytest.approx(whole[columns].to_numpy(float), nan_ok=True)
    assert (halves["runs"] == 2 * whole["runs"]).all()


def test_the_nearest_number_of_examples_and_the_first_of_two():
    assert nearest(pd.Series({"a": 10, "b": 30, "c": 20}), 25) == "b"


def test_mean_interval_is_scipys():
    values = [0.5, 0.7, 0.9]
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert mean_interval(values) == pytest.approx((0.7, expected.low, expected.high))
    mean, low, high = mean_interval([0.5])
    assert mean == 0.5 and np.isnan([low, high]).all()


def test_both_call_what_nothing_is_left_out_of_the_same():
    assert removal.NOTHING == NOTHING
