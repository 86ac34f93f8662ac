"""compute_detection, from command line to tables, on records made by hand."""

import dataclasses
from argparse import Namespace

import numpy as np
import pytest

import compute_detection
from difficulty.analysis.detection import DETECTION, DETECTION_CURVES, DETECTION_DIFFERENCES, detection_report
from difficulty.datasets.example_tables import LABELS
from difficulty.scores.collect import RUN_SCORES, SCORES
from difficulty.scores.dynamics.scoring import DYNAMICS, score_records
from difficulty.tables import read_schema, read_table, write_table
from difficulty.training.run_tables import RECORDS
from tests.support.recorded_experiments import PLAIN_RUNS, TEST, TRAIN


def test_detection(results):
    table = read_table(results / "detection.parquet", DETECTION)
    noisy = table[table["detection"] == "noisy"]
    assert set(noisy["score"]) == set(DYNAMICS) - {"never_learned"} | {"label_error"}
    assert set(noisy["run"]) == {"all", *PLAIN_RUNS}
    overall = noisy[noisy["run"] == "all"].set_index("score")
    assert overall["positives"].unique().tolist() == [12]
    assert overall.loc[["aum", "confidence", "loss_mean", "correctness"], "auroc"].gt(0.9).all()
    assert overall["auroc_low"].le(overall["auroc"]).all()
    assert overall["auroc_low_seeds"].le(overall["auroc_low"]).all()
    differences = read_table(results / "detection" / "noisy-differences.parquet", DETECTION_DIFFERENCES)
    pairs = differences[differences["metric"] == "auroc"]
    assert len(pairs) == len(overall) * (len(overall) - 1) / 2
    assert (pairs["low"] <= pairs["difference"]).all() and (pairs["difference"] <= pairs["high"]).all()
    one = noisy[noisy["run"] == "seed-1"].set_index("score")
    assert one["auroc_low"].isna().all()
    records = read_table(results / "experiments/noisy/seed-1/records.parquet", RECORDS)
    records = records[records["role"] == "train"]
    labels = read_table(results / "experiments/noisy/labels.parquet", LABELS)[:TRAIN]
    expected = detection_report(score_records(records)[["aum"]], labels["is_corrupt"].to_numpy(), bootstrap=0)
    assert one.loc["aum", "auroc"] == pytest.approx(expected["auroc"].iloc[0], abs=1e-9)
    held_out = table[(table["detection"] == "held-out") & (table["run"] != "all")]
    assert held_out["examples"].unique().tolist() == [TRAIN]  # the folds of a seed together
    assert set(held_out["score"]) == {"aum", "first_learned"}
    humans = table[(table["detection"] == "humans") & (table["run"] == "all")].iloc[0]
    known = sum(i % 7 != 0 for i in range(TRAIN, TRAIN + TEST))
    assert (humans["examples"], humans["positives"]) == (known, known // 5)
    curves = read_table(results / "detection" / "noisy-curves.parquet", DETECTION_CURVES)
    aum = curves[curves["score"] == "aum"]
    assert aum["found"].iloc[[0, -1]].tolist() == [0, 1]
    at_10 = aum.loc[np.isclose(aum["inspected"], 0.1), "found"].item()
    assert at_10 == pytest.approx(overall.loc["aum", "recall_at_10"])


def test_detection_leaves_out_what_is_undefined_everywhere(results, tmp_path, caplog):
    """A score of one run, another of all runs, and a run without any example that has all of its scores."""
    folder, first, second = results / "experiments" / "noisy", *PLAIN_RUNS[:2]
    own = read_table(folder / "scores" / "dynamics.parquet", RUN_SCORES)
    own.loc[own["run"] == first, "el2n"] = np.nan
    own.loc[(own["run"] == second) & (own["example_id"] % 2 == 0), "el2n"] = np.nan
    own.loc[(own["run"] == second) & (own["example_id"] % 2 == 1), "aum"] = np.nan
    rewrite(folder / "scores" / "dynamics.parquet", own, RUN_SCORES, tmp_path / "dynamics.parquet")
    mean = read_table(folder / "scores.parquet", SCORES).assign(loss=np.nan)
    rewrite(folder / "scores.parquet", mean, SCORES, tmp_path / "noisy" / "scores.parquet")
    settings = {"column": "is_corrupt", "role": "train", "bootstrap": 10, "scores": ["el2n", "aum", "loss"]}
    tables = {"examples": results / "datasets" / "toy" / "examples.parquet", "output": tmp_path / "noise.parquet"}
    tables |= {name: tmp_path / f"{name}.parquet" for name in ("curves", "differences")}
    inputs = {"scores": tmp_path / "noisy" / "scores.parquet", "families": [tmp_path / "dynamics.parquet"]}
    compute_detection.main(Namespace(settings=settings, code="", upstream="", **inputs, **tables))
    table = read_table(tmp_path / "noise.parquet", DETECTION)
    found = table.groupby("run")["score"].agg(list).to_dict()
    assert found == {"all": ["el2n", "aum"], first: ["aum"], PLAIN_RUNS[2]: ["el2n", "aum"]}
    assert caplog.messages[:3] == [
        "noise: left out, as undefined for every example: loss",
        f"noise: {first}: left out, as undefined for every example: el2n",
        f"noise: {second}: left out, as no example has all scores",
    ]


def rewrite(source, table, schema, path):
    """Writes a changed table with the columns that a finished one has, some of them undefined now."""
    columns = read_schema(source).columns
    columns |= {name: dataclasses.replace(columns[name], nullable=True) for name in table if table[name].isna().any()}
    write_table(table, path, dataclasses.replace(schema, columns=columns), {})
