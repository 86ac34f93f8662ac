"""compute_agreement, from command line to tables, on records made by hand."""

import pandas as pd
import pytest

from difficulty.analysis.agreement import AGREED_CLASSES, AGREEMENT
from difficulty.datasets.example_tables import EXAMPLES
from difficulty.tables import read_provenance, read_table, write_table
from difficulty.training.run_tables import RECORDS
from tests.support.recorded_experiments import EPOCHS, FOLD_RUNS, PLAIN_RUNS, TEST, TRAIN
from tests.support.scripts import succeed


def test_agreement(results):
    plain = read_table(results / "agreement" / "noisy.parquet", AGREEMENT)
    assert plain.groupby("role", sort=False)["runs"].first().to_dict() == {"train": 3, "test": 3}
    folds = read_table(results / "agreement" / "folds.parquet", AGREEMENT)
    assert folds.groupby("role", sort=False)["runs"].first().to_dict() == {"validation": 2, "test": 2}
    assert folds.groupby("role", sort=False)["examples"].first().to_dict() == {"validation": TRAIN, "test": TEST}
    classes = read_table(results / "agreement" / "folds-classes.parquet", AGREED_CLASSES)
    agreed = classes.groupby(["role", "epoch"])["agreed"].sum()
    assert agreed["test", EPOCHS] <= TEST * folds[folds["role"] == "test"]["mean_accuracy"].iloc[-1]
    assert len(read_provenance(results / "agreement" / "folds.parquet")["members"]) == len(FOLD_RUNS)


def test_agreement_is_empty_where_no_two_runs_have_the_same_examples(results, tmp_path):
    folder, made = results / "experiments" / "folds", tmp_path / "experiments" / "one_seed"
    runs = [run for run in FOLD_RUNS if run.startswith(FOLD_RUNS[0].split("-fold-")[0])]
    for run in runs:
        records = read_table(folder / run / "records.parquet", RECORDS)
        write_table(records[records["role"] != "test"], made / run / "records.parquet", RECORDS)
    succeed(
        "compute_agreement",
        records=[made / run / "records.parquet" for run in runs],
        labels=[folder / "labels.parquet"],
        examples=results / "datasets" / "toy" / "examples.parquet",
        output=tmp_path / "one_seed.parquet",
        classes=tmp_path / "classes.parquet",
    )
    assert read_table(tmp_path / "one_seed.parquet", AGREEMENT).empty
    assert read_table(tmp_path / "classes.parquet", AGREED_CLASSES).empty


def test_a_group_with_other_labels_is_judged_by_the_clean_ones(results, tmp_path):
    names, data = ("clean", "noisy"), results / "datasets" / "toy" / "examples.parquet"
    folders = [results / "experiments" / name for name in names]
    paths = [folder / run / "records.parquet" for folder in folders for run in PLAIN_RUNS]
    succeed(
        "compute_agreement",
        records=paths,
        labels=[folder / "labels.parquet" for folder in folders],
        examples=data,
        output=tmp_path / "noise.parquet",
        classes=tmp_path / "noise-classes.parquet",
    )
    table = read_table(tmp_path / "noise.parquet", AGREEMENT)
    assert table[["runs", "seeds", "judged_by"]].drop_duplicates().to_numpy().tolist() == [[6, 3, "clean"]]
    assert read_provenance(tmp_path / "noise.parquet")["judged_by"] == "clean"
    clean = read_table(data, EXAMPLES).set_index("example_id")["label"]
    for role in ("train", "test"):
        right = []
        for records in (read_table(path, RECORDS) for path in paths):
            last = records[(records["epoch"] == EPOCHS) & (records["role"] == role)].set_index("example_id")
            right.append(last["predicted"] == clean.loc[last.index])
        right = pd.concat(right, axis=1)
        found = table[(table["role"] == role) & (table["epoch"] == EPOCHS)].iloc[0]
        assert found["agreement"] == pytest.approx(right.all(axis=1).sum() / right.any(axis=1).sum())
        assert found["mean_accuracy"] == pytest.approx(right.mean(axis=None))
    classes = read_table(tmp_path / "noise-classes.parquet", AGREED_CLASSES)
    sizes = classes[(classes["role"] == "train") & (classes["epoch"] == 1)].set_index("label")["examples"]
    assert sizes.to_dict() == clean[:TRAIN].value_counts().sort_index().to_dict()
