"""Images with several labels, in VOC's layout: every stage that takes them runs, the others pass over them."""

import numpy as np
import pandas as pd
import pytest

from tests.support.suites import LABELS, LABELS_TARGETS
from tests.support.voc import write_devkit
from tests.support.workflows import Workflow, rules


def test_every_stage_runs_and_is_done(plan_labels):
    assert plan_labels(*LABELS_TARGETS) == set()


def test_labels_and_records_hold_sets(labels_source):
    labels = labels_source.table("plain/labels.parquet").set_index("example_id")
    records = labels_source.table("plain/seed-0/records.parquet")
    text = labels["label_set"].map(lambda row: " ".join(map(str, row)))
    train = records[records["role"] == "train"]
    assert (train["correct"] == (train["predicted_set"] == text[train["example_id"]].to_numpy())).all()
    assert labels.loc[labels["split"] == "test", "uncounted"].map(len).any()
    online = labels_source.table("plain/seed-0/online_records.parquet")
    assert set(online["role"]) == {"train"} and "predicted_set" in online
    history = labels_source.table("plain/seed-0/history.parquet")
    right = records[records["epoch"] == 3].groupby("role")["correct"].mean()
    last = history[history["epoch"] == 3].set_index("group")
    assert last["top1"].to_dict() == pytest.approx(right.to_dict()) and last["top5"].isna().all()
    evaluation = labels_source.table("plain/seed-0/evaluation.parquet").set_index(["dataset", "split"])
    assert evaluation.loc[("voc", "test"), "top1"] == pytest.approx(last.loc["test", "top1"])
    assert evaluation.loc[("voc", "test"), "loss"] == pytest.approx(last.loc["test", "loss"], rel=1e-5)
    assert evaluation.loc[("half", "test"), "examples"] == 4


def test_tables_of_scores(labels_source):
    scores = labels_source.table("plain/scores.parquet")
    assert scores["aum"].notna().any() and scores["contrast"].notna().all()
    assert not [name for name in scores if name.startswith(("vog", "prediction_depth", "self_influence"))]
    suspects = pd.read_csv(labels_source.work / "results/experiments/plain/suspects.csv")
    names = labels_source.table("plain/labels.parquet").set_index("example_id")["label_names"].map("+".join)
    assert suspects["given_label"].tolist() == names[suspects["example_id"]].tolist()
    assert (suspects["suggested_label"] != suspects["given_label"]).all()
    classes = pd.read_parquet(labels_source.work / "results/agreement/classes/plain.parquet")
    train = classes[(classes["role"] == "train") & (classes["epoch"] == 1)].set_index("class_name")["examples"]
    assert (
        train.to_dict()
        == labels_source.table("plain/labels.parquet")
        .query("split == 'train'")["label_names"]
        .explode()
        .value_counts()
        .to_dict()
    )
    truth = labels_source.table("plain/truth-correlation.parquet")
    assert set(truth["truth"]) == {"objects", "object_area"}


def test_average_precision_of_runs_and_over_them(labels_source):
    runs = [labels_source.table(f"plain/seed-{seed}/average_precision.parquet") for seed in (0, 1)]
    table = labels_source.table("plain/average_precision.parquet")
    assert sorted(set(table["epoch"])) == [1, 3] and set(table["role"]) == {"train", "test"}
    expected = (runs[0]["average_precision"] + runs[1]["average_precision"]) / 2
    np.testing.assert_allclose(table["average_precision"], expected)
    places = table.set_index(["role", "epoch", "class_name"])["average_precision"].sort_index()
    mean = places["train", 3].drop("").mean()
    assert places["train", 3, ""] == pytest.approx(mean) and 0 < mean <= 1
    assert (labels_source.work / "results/figures/experiments/plain/average_precision.png").is_file()


def test_another_checkpoint_trains_nothing(plan_labels):
    jobs = plan_labels(*LABELS_TARGETS, analyses__average_precision={"epochs": [2]})
    assert rules(jobs) == {"score_average_precision", "collect_average_precision", "plot_average_precision"}


def test_the_default_suite_takes_data_of_several_labels(tmp_path):
    workflow = Workflow(
        tmp_path,
        {"datasets": {"voc": LABELS["datasets"]["voc"]}, "defaults": {"dataset": "voc"}, "experiments": {"own": {}}},
    )
    write_devkit(workflow.work / "VOCdevkit")
    found = rules(workflow.planned())
    assert {"score_average_precision", "plot_gallery", "select_statistics"} <= found
    assert not [rule for rule in found if "vog" in rule or "depth" in rule or "influence" in rule]
