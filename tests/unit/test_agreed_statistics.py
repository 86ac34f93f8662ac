"""What is known of the images that all runs get right: against a plain loop, of identical networks, of none."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import scipy.stats

from difficulty.analysis.agreed_statistics import AGREED_STATISTICS, agreed_statistics
from difficulty.scores.collect import EXAMPLE_SCORES
from difficulty.tables import Column, read_provenance, read_table, write_table
from tests.support.recorded_experiments import PLAIN_RUNS, TEST, TRAIN, make_dataset, make_experiment
from tests.support.scripts import run_script, succeed

EXACT = 1e-9


@pytest.fixture
def statistics():
    random = np.random.default_rng(0)
    table = pd.DataFrame({"edges": 1e6 + random.random(40), "people": random.random(40), "unknown": np.nan})
    table.loc[::3, "people"] = np.nan
    return table


def test_means_and_standard_errors_by_a_loop(statistics):
    correct = np.random.default_rng(1).random((3, 5, 40)) < np.linspace(0.3, 0.95, 5)[:, None]
    table = agreed_statistics(correct, statistics)
    assert list(table.columns) == [
        column for column in AGREED_STATISTICS.columns if column not in ("role", "judged_by")
    ]
    rows = table.set_index(["epoch", "statistic"])
    assert rows.index.tolist() == [(epoch, name) for epoch in range(1, 6) for name in statistics]
    for epoch in range(5):
        right = [i for i in range(40) if all(run[epoch][i] for run in correct)]
        any_right = [i for i in range(40) if any(run[epoch][i] for run in correct)]
        for name in ("edges", "people"):
            row, values = rows.loc[(epoch + 1, name)], statistics[name].iloc[right].dropna()
            assert (row["examples"], row["agreed"], row["known"]) == (40, len(right), len(values))
            assert row["agreement"] == pytest.approx(len(right) / len(any_right))
            assert row["mean"] == pytest.approx(values.mean(), rel=EXACT, nan_ok=True)
            if len(values) > 1:
                assert row["standard_error"] == pytest.approx(scipy.stats.sem(values), rel=1e-6)
            assert row["mean_all"] == pytest.approx(statistics[name].mean(), rel=EXACT)


def test_multiples_are_described_once(statistics):
    correct = np.random.default_rng(3).random((2, 3, 40)) < 0.8
    expected = agreed_statistics(correct, statistics)
    repeated = {"twice": 2 * statistics["people"] + 1}
    found = agreed_statistics(correct, statistics.assign(**repeated, again=statistics["people"] * 3))
    also = found[found["epoch"] == 1].set_index("statistic")["also"]
    assert also["people"] == "twice again" and pd.isna(also["unknown"])
    pd.testing.assert_frame_equal(found.drop(columns="also"), expected.drop(columns="also"))
    curved = agreed_statistics(correct, statistics.assign(curved=np.exp(5 * statistics["people"])))
    assert "curved" in set(curved["statistic"]) and curved["also"].isna().all()


def test_identical_networks_agree_on_what_one_gets_right(statistics):
    one = np.random.default_rng(2).random((1, 4, 40)) < 0.6
    table = agreed_statistics(np.repeat(one, 3, axis=0), statistics)
    assert (table["agreement"] == 1).all()
    expected = [statistics["edges"][right].mean() for right in one[0]]
    np.testing.assert_allclose(table.loc[table["statistic"] == "edges", "mean"], expected, rtol=EXACT)


def test_everything_right_has_the_mean_of_all(statistics):
    table = agreed_statistics(np.ones((2, 1, 40), bool), statistics)
    pd.testing.assert_series_equal(table["mean"], table["mean_all"], check_names=False)


def test_epochs_without_agreed_images_and_unknown_statistics_have_no_mean(statistics):
    correct = np.zeros((2, 3, 40), bool)
    correct[:, 1, 1], correct[:, 2, :2] = True, True
    table = agreed_statistics(correct, statistics).set_index(["epoch", "statistic"])
    assert table.loc[1, ["mean", "standard_error"]].isna().all(axis=None) and (table.loc[1, "agreed"] == 0).all()
    assert table.loc[(2, "edges"), "mean"] == statistics["edges"][1] and np.isnan(
        table.loc[(2, "edges"), "standard_error"]
    )
    assert table.loc[(3, "edges"), "standard_error"] > 0
    assert table.xs("unknown", level="statistic")[["mean", "standard_error", "mean_all"]].isna().all(axis=None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two experiments with records of three runs each, and a statistic of every image."""
    folder = tmp_path_factory.mktemp("agreed")
    examples = make_dataset(folder)
    for name, noise in (("clean", False), ("noisy", True)):
        (folder / name).mkdir()
        make_experiment(folder / name, examples, PLAIN_RUNS, noise)
    table = pd.DataFrame({"example_id": examples["example_id"], "edges": np.arange(len(examples)) / 10})
    columns = {"edges": Column(pa.float32(), "edges", nullable=True)}
    write_table(table, folder / "images.parquet", EXAMPLE_SCORES.extended(columns))
    return folder


def described(folder, experiments, **options):
    records = [folder / name / run / "records.parquet" for name in experiments for run in PLAIN_RUNS]
    labels = [folder / name / "labels.parquet" for name in experiments]
    tables = {"labels": labels, "examples": folder / "examples.parquet", "statistics": folder / "images.parquet"}
    return {"records": records, **tables, "output": folder / "out-statistics.parquet", **options}


def test_script_describes_what_all_runs_of_the_group_get_right(folder):
    succeed("describe_agreed", **described(folder, ["clean", "noisy"]))
    table = read_table(folder / "out-statistics.parquet", AGREED_STATISTICS)
    assert table["statistic"].drop_duplicates().tolist() == ["edges", "human_entropy"]
    assert table.groupby("role")["examples"].unique().map(list).to_dict() == {"train": [TRAIN], "test": [TEST]}
    assert (table["judged_by"] == "clean").all()
    clean, last = pd.read_parquet(folder / "examples.parquet")["label"], table["epoch"].max()
    rows = []
    for name in ("clean", "noisy"):
        for run in PLAIN_RUNS:
            records = pd.read_parquet(folder / name / run / "records.parquet")
            records = records[(records["epoch"] == last) & (records["role"] == "train")].set_index("example_id")
            rows.append(records["predicted"] == clean.loc[records.index])
    right = pd.concat(rows, axis=1).all(axis=1)
    row = table[(table["role"] == "train") & (table["epoch"] == last)].set_index("statistic").loc["edges"]
    assert row["agreed"] == right.sum() and row["mean"] == pytest.approx(np.mean(right.index[right]) / 10, rel=1e-6)
    assert len(read_provenance(folder / "out-statistics.parquet")["members"]) == 6


def test_script_with_one_run_writes_an_empty_table_and_says_why(folder):
    tables = described(folder, ["clean"], log=folder / "log")
    done = run_script("describe_agreed", **(tables | {"records": tables["records"][:1]}))
    assert read_table(folder / "out-statistics.parquet", AGREED_STATISTICS).empty
    reason = "out-statistics: left out: train and test examples: only one network has any; add a seed"
    assert done.stderr == f"describe_agreed: {reason}\n" and reason in (folder / "log").read_text()


def test_script_names_a_damaged_table(folder):
    bad = folder / "bad.parquet"
    bad.write_bytes(b"PAR1")
    done = run_script("describe_agreed", log=folder / "log", **described(folder, ["clean"], statistics=bad))
    assert done.returncode == 1 and "bad.parquet" in done.stderr and "Traceback" not in done.stderr
