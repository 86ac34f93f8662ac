"""How networks trained on parts of a data set do elsewhere: relations, gaps, paired differences from the control."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from difficulty.analysis.generalization import (
    GENERALIZATION,
    GENERALIZATION_SUMMARY,
    generalization_summary,
    generalization_table,
    paired_difference,
)
from difficulty.tables import read_table, write_table

EXACT = 1e-12
TRAIN = {"easy": [0, 1, 2], "hard": [3, 4, 5], "random": [0, 3, 6, 8]}
TEST = {"easy": [6, 7], "hard": [8, 9], "random": [20, 21, 22], "digits": [20, 21, 22]}
TRAINED_ON = {"e": "easy", "h": "hard", "r": "random"}
TESTS = ["easy", "hard", "digits"]


def evaluation(experiment, run, top1, epoch=3):
    """One run: top1 by test data set, all of its own training examples right but one in a hundred."""
    own = TRAINED_ON[experiment]
    rows = [(own, "train", len(TRAIN[own]), 0.99, 0.1)]
    rows += [(name, "test", len(TEST[name]), value, 1 - value) for name, value in top1.items()]
    table = pd.DataFrame(rows, columns=["dataset", "split", "examples", "top1", "loss"])
    return table.assign(experiment=experiment, run=run, epoch=epoch, top5=1.0)


def evaluations():
    """`random` has no held-out part: its test split, which it is evaluated on as its own, is that of digits."""
    return pd.concat(
        [
            evaluation("e", "seed-0", {"easy": 0.90, "hard": 0.20, "digits": 0.60}),
            evaluation("e", "seed-1", {"easy": 0.94, "hard": 0.30, "digits": 0.70}),
            evaluation("h", "seed-0", {"hard": 0.50, "easy": 0.80, "digits": 0.65}),
            evaluation("h", "seed-1", {"hard": 0.40, "easy": 0.90, "digits": 0.75}),
            evaluation("r", "seed-1", {"random": 0.70, "easy": 0.85, "hard": 0.45, "digits": 0.70}),
            evaluation("r", "seed-0", {"random": 0.60, "easy": 0.95, "hard": 0.25, "digits": 0.60}),
        ]
    )


def table_of(rows, tests=TESTS):
    ids = [{name: pd.Index(values) for name, values in parts.items()} for parts in (TRAIN, TEST)]
    return generalization_table(rows, TRAINED_ON, tests, "digits", *ids)


def test_runs_whose_seed_chose_their_examples_are_marked():
    ids = [{name: pd.Index(values) for name, values in parts.items()} for parts in (TRAIN, TEST)]
    table = generalization_table(evaluations(), TRAINED_ON, TESTS, "digits", *ids, {"easy": [1, 2]})
    marked = table.loc[table["seed_chose"], ["experiment", "run"]].drop_duplicates()
    assert marked.to_numpy().tolist() == [["e", "seed-1"]]


@pytest.fixture(scope="module")
def table():
    return table_of(evaluations())


def test_one_row_per_run_and_test_split_with_its_relation(table):
    relations = table.drop_duplicates(["experiment", "tested_on"]).set_index(["experiment", "tested_on"])["relation"]
    assert relations.to_dict() == {
        ("e", "easy"): "own",
        ("e", "hard"): "other",
        ("e", "digits"): "original",
        ("h", "easy"): "other",
        ("h", "hard"): "own",
        ("h", "digits"): "original",
        ("r", "easy"): "other",
        ("r", "hard"): "other",
        ("r", "digits"): "original",
    }
    assert len(table) == 3 * 2 * 3
    assert list(table["experiment"].unique()) == ["e", "h", "r"]


def test_a_row_holds_what_both_splits_gave(table):
    row = table.set_index(["experiment", "run", "tested_on"]).loc[("h", "seed-1", "easy")]
    assert (row["dataset"], row["seed"], row["epoch"]) == ("hard", 1, 3)
    assert (row["train_examples"], row["test_examples"]) == (3, 2)
    assert (row["train_top1"], row["top1"]) == (0.99, 0.9)
    assert row["gap"] == pytest.approx(0.09, abs=EXACT)
    assert (row["train_loss"], row["loss"]) == (0.1, pytest.approx(0.1, abs=EXACT))


def test_test_images_that_were_trained_on_are_counted(table):
    seen = table.drop_duplicates(["experiment", "tested_on"]).set_index(["experiment", "tested_on"])["seen"]
    assert seen["r", "easy"] == 1 and seen["r", "hard"] == 1
    assert seen.drop([("r", "easy"), ("r", "hard")]).eq(0).all()


def test_a_test_split_that_is_the_originals_counts_once_even_if_it_is_named():
    assert table_of(evaluations(), ["easy", "hard", "random", "digits"]).equals(table_of(evaluations()))


def test_the_last_epoch_counts(table):
    early = evaluation("e", "seed-0", {"easy": 0.1, "hard": 0.1, "digits": 0.1}, epoch=2)
    assert table_of(pd.concat([early, evaluations()])).equals(table)


def test_tables_fit_their_schemas(table, tmp_path):
    write_table(table, tmp_path / "a.parquet", GENERALIZATION)
    write_table(generalization_summary(table), tmp_path / "b.parquet", GENERALIZATION_SUMMARY)
    write_table(generalization_summary(table, "r"), tmp_path / "c.parquet", GENERALIZATION_SUMMARY)
    assert len(read_table(tmp_path / "c.parquet", GENERALIZATION_SUMMARY)) == 3 * 3 * 3
    assert all(
        column.description for schema in (GENERALIZATION, GENERALIZATION_SUMMARY) for column in schema.columns.values()
    )


def summary_row(summary, *place):
    return summary.set_index(["experiment", "tested_on", "measure"]).loc[place]


def test_summary_has_mean_and_deviation_over_runs(table):
    summary = generalization_summary(table)
    row = summary_row(summary, "e", "easy", "gap")
    assert row["mean"] == pytest.approx(0.99 - 0.92, abs=EXACT)
    assert row["std"] == pytest.approx(np.std([0.09, 0.05], ddof=1), abs=EXACT)
    assert (row["runs"], row["relation"]) == (2, "own")
    assert summary[["control", "difference", "low", "high"]].isna().all(axis=None)


def test_difference_to_the_control_on_the_same_images_pairs_seeds(table):
    row = summary_row(generalization_summary(table, "r"), "h", "digits", "top1")
    pairs = [0.65 - 0.60, 0.75 - 0.70]
    assert row["difference"] == pytest.approx(np.mean(pairs), abs=EXACT)
    assert (row["control"], row["control_tested_on"], row["seeds"]) == ("r", "digits", 2)
    row = summary_row(generalization_summary(table, "r"), "e", "hard", "top1")
    interval = stats.ttest_rel([0.20, 0.30], [0.25, 0.45]).confidence_interval()
    assert (row["low"], row["high"]) == pytest.approx(tuple(interval), abs=1e-9)


def test_own_held_out_parts_are_compared_with_each_other(table):
    row = summary_row(generalization_summary(table, "h"), "e", "easy", "top1")
    assert row["control_tested_on"] == "hard"
    assert row["difference"] == pytest.approx(np.mean([0.90 - 0.50, 0.94 - 0.40]), abs=EXACT)
    interval = stats.ttest_rel([0.90, 0.94], [0.50, 0.40]).confidence_interval()
    assert (row["low"], row["high"]) == pytest.approx(tuple(interval), abs=1e-9)


def test_without_a_counterpart_nothing_is_compared(table):
    summary = generalization_summary(table, "r")
    assert pd.isna(summary_row(summary, "e", "easy", "top1")["difference"])  # the control has no held-out part
    assert summary.loc[summary["experiment"] == "r", ["control", "difference"]].isna().all(axis=None)


def test_only_seeds_that_both_have_are_paired(table):
    others = table[~((table["experiment"] == "r") & (table["seed"] == 0))]
    row = summary_row(generalization_summary(others, "r"), "h", "digits", "top1")
    assert row["seeds"] == 1 and row["difference"] == pytest.approx(0.05, abs=EXACT)
    assert np.isnan(row["low"]) and np.isnan(row["high"])
    none = others.assign(seed=others["seed"].where(others["experiment"] != "r", 7))
    row = summary_row(generalization_summary(none, "r"), "h", "digits", "top1")
    assert row["seeds"] == 0 and np.isnan(row["difference"])


def test_folds_of_a_seed_count_as_their_mean(table):
    halves = [
        table.assign(run=table["run"] + f"-fold-{fold}", top1=table["top1"] + more)
        for fold, more in ((0, 0.01), (1, -0.01))
    ]
    summary = generalization_summary(pd.concat(halves), "r")
    whole = generalization_summary(table, "r")
    assert summary["runs"].eq(4).all()
    for column in ("mean", "std", "seeds", "difference", "low", "high"):
        np.testing.assert_allclose(summary[column], whole[column], atol=1e-9)


@pytest.mark.parametrize("count", [2, 3, 10])
def test_interval_is_that_of_students_t(count):
    differences = np.random.default_rng(count).normal(size=count)
    interval = stats.ttest_1samp(differences, 0).confidence_interval(0.95)
    found = paired_difference(differences)
    assert found["difference"] == pytest.approx(differences.mean(), abs=EXACT)
    assert (found["low"], found["high"]) == pytest.approx(tuple(interval), rel=1e-9)


def test_one_difference_has_no_interval_and_none_has_no_mean():
    one, none = paired_difference(np.array([0.5])), paired_difference(np.empty(0))
    assert one["difference"] == 0.5 and np.isnan([one["low"], one["high"]]).all()
    assert none["seeds"] == 0 and np.isnan([none["difference"], none["low"], none["high"]]).all()


def test_runs_that_are_all_alike_have_an_interval_without_width():
    assert paired_difference(np.full(3, 0.25)) == {"seeds": 3, "difference": 0.25, "low": 0.25, "high": 0.25}
