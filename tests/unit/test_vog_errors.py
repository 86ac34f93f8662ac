"""Parts of the examples by VoG, their error rates and Wilson intervals: published numbers, SciPy, and by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from difficulty.analysis.vog_errors import ALL_RUNS, VOG_ERRORS, part_bounds, part_errors, vog_errors
from difficulty.analysis.wilson import wilson_interval

ROUNDED = 5e-5  # published with four digits


@pytest.mark.parametrize(
    "wrong, examples, low, high", [(8, 10, 0.4902, 0.9433), (0, 10, 0, 0.2775), (10, 10, 0.7225, 1)]
)
def test_wilsons_interval_as_published(wrong, examples, low, high):
    np.testing.assert_allclose(wilson_interval(wrong / examples, examples), (low, high), atol=ROUNDED)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilsons_interval_is_scipys(counts):
    wrong, examples = counts
    expected = binomtest(wrong, examples).proportion_ci(method="wilson")
    np.testing.assert_allclose(wilson_interval(wrong / examples, examples), expected, atol=1e-12)


@given(st.integers(0, 500))
def test_bins_hold_every_example_once_and_are_of_equal_count(examples):
    bins = part_bounds(examples).query("part == 'bin'")
    members = [row for start, stop in zip(bins["start"], bins["stop"], strict=True) for row in range(start, stop)]
    assert members == list(range(examples))
    sizes = bins["stop"] - bins["start"]
    assert len(bins) == min(10, examples)
    assert not examples or sizes.max() - sizes.min() <= 1


def test_the_lowest_and_the_highest_examples():
    parts = part_bounds(30).set_index(["part", "percent"])
    assert parts.loc[("lowest", 5)].tolist() == [0, 2]  # 1.5 examples, rounded up
    assert parts.loc[("highest", 10)].tolist() == [27, 30]
    assert parts.loc[("lowest", 100)].tolist() == parts.loc[("highest", 100)].tolist() == [0, 30]


def test_errors_of_each_part_by_hand():
    values = np.array([5.0, np.nan, *np.arange(20.0)])
    wrong = np.zeros(22, bool)
    wrong[[0, 1, 21, 20]] = True  # the values 5, undefined, 19, 18
    table = part_errors(values, wrong).set_index(["part", "percent"])
    assert table["undefined"].eq(1).all()
    assert table.loc[("bin", 100)][["examples", "error_rate"]].tolist() == [2, 1]
    assert table.loc["bin"]["examples"].sum() == 21
    assert (table.loc["bin"]["examples"] * table.loc["bin"]["error_rate"]).sum() == pytest.approx(3)
    assert table.loc[("highest", 5), "error_rate"] == 1
    assert table.loc[("lowest", 50), "error_rate"] == pytest.approx(1 / 11)
    assert table.loc[("lowest", 100), "error_rate"] == pytest.approx(3 / 21)


def test_equal_values_stay_in_the_order_of_the_rows():
    wrong = np.arange(20) < 2
    table = part_errors(np.ones(20), wrong).query("part == 'bin'")
    assert table["error_rate"].tolist() == [1] + [0] * 9


def make_tables(runs=2, role="test", examples=40):
    draws = np.random.default_rng(0)
    ids = np.arange(examples)
    labels = pd.Series(ids % 2, index=ids)
    rows = {}
    scores = []
    for run in range(runs):
        vog = draws.random(examples)
        scores.append(pd.DataFrame({"example_id": ids, "run": f"seed-{run}", "role": role, "vog_late": vog}))
        predicted = np.where(vog > 0.8, 1 - labels, labels)
        rows[f"seed-{run}"] = pd.DataFrame(
            {"example_id": ids[::-1], "stage": "late", "magnitude": -vog[::-1], "predicted": predicted[::-1]}
        )
    return pd.concat(scores), rows, labels


def test_errors_of_runs_and_their_mean():
    scores, rows, labels = make_tables()
    table = vog_errors(scores, rows, labels, ["late"])
    assert set(table) == set(VOG_ERRORS.columns)
    assert not table.duplicated(list(VOG_ERRORS.key)).any()
    bins = table[(table["part"] == "bin") & (table["ranked_by"] == "vog")].set_index(["run", "percent"])
    single = bins.drop(ALL_RUNS, level="run")["error_rate"].groupby("percent").mean()
    pd.testing.assert_series_equal(bins.loc[ALL_RUNS]["error_rate"], single)
    assert single[100] == 1
    assert single[10] == 0
    for (_, _), row in bins.iterrows():
        assert row["low"] <= row["error_rate"] <= row["high"]
    baseline = table[(table["part"] == "bin") & (table["ranked_by"] == "magnitude") & (table["run"] == ALL_RUNS)]
    assert baseline["error_rate"].iloc[0] > 0.8  # the magnitude was made to fall where VoG rises


def test_held_out_examples_come_first():
    scores, rows, labels = make_tables()
    scores["role"] = np.where(scores["example_id"] < 25, "train", "test")
    table = vog_errors(scores, rows, labels, ["late"])
    assert table["role"].unique().tolist() == ["test"]
    assert table.query("part == 'lowest' and percent == 100")["examples"].unique().tolist() == [15]
    assert vog_errors(*make_tables(role="train"), ["late"])["role"].unique().tolist() == ["train"]


def test_undefined_everywhere_gives_no_row():
    scores, rows, labels = make_tables(runs=1)
    rows["seed-0"]["magnitude"] = 1.0
    assert vog_errors(scores.assign(vog_late=np.nan), rows, labels, ["late"]).empty


def test_few_examples_are_cut_alike_in_all_runs_and_by_each_ranking():
    """Six examples: seed-1 has VoG for four of them, and by magnitude all have a value."""
    scores, rows, labels = make_tables(examples=6)
    is_undefined = (scores["run"] == "seed-1") & (scores["example_id"] < 2)
    table = vog_errors(scores.assign(vog_late=scores["vog_late"].mask(is_undefined)), rows, labels, ["late"])
    bins = table[table["part"] == "bin"].groupby(["ranked_by", "run"])["percent"].agg(list)
    assert bins["vog"].tolist() == [[25, 50, 75, 100]] * 3
    assert bins["magnitude"].map(len).tolist() == [6] * 3
    sizes = table.query("part == 'bin' and ranked_by == 'vog' and run == 'seed-0'")["examples"]
    assert sizes.tolist() == [2, 1, 2, 1]
