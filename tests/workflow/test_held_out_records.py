"""Out-of-fold predictions lead to scores, suspects, tests and figures, and nothing is trained.

They are given, as one table of one epoch, or those of linear probes on the pixels of digits.
"""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import cross_val_predict

from tests.support.workflows import TINY, Workflow, altered

EXAMPLES, WRONG = 200, 20
RECORDS = {"source": "records", "files": "p.parquet", "probabilities": "p", "held_out": True, "truth": ["wrong"]}
FROZEN = {"architecture": "linear_probe", "seeds": [0], "label_noise": {"kind": "symmetric", "fraction": 0.1}}
CONFIG = altered(
    TINY,
    datasets={"own": RECORDS, "few": {**TINY["datasets"]["few"], "features": {"file": "pixels.npy"}}},
    experiments={"own": {"dataset": "own"}, "frozen": FROZEN},
    figures__experiments=["own"],
    analyses__detection__truths={"planted": {"experiment": "own", "column": "wrong", "role": "validation"}},
)
FIGURES = ("data_map", "panel", "training", "correlation", "stability", "label_errors", "truth_correlation")


@pytest.fixture(scope="module")
def given() -> pd.DataFrame:
    """scikit-learn's out-of-fold probabilities of digits, drawn at random, the first of which have wrong labels."""
    images, label = load_digits(return_X_y=True)
    chosen = np.random.default_rng(0).permutation(len(images))[:EXAMPLES]
    images, label, ids = images[chosen] / 16, label[chosen], np.arange(EXAMPLES)
    label[:WRONG] = (label[:WRONG] + 1 + ids[:WRONG] % 9) % 10
    p = cross_val_predict(LogisticRegression(), images, label, cv=5, method="predict_proba")
    return pd.DataFrame({"example_id": ids, "label": label, "wrong": ids < WRONG, "p": list(p)})


@pytest.fixture(scope="module")
def workflow(given, tmp_path_factory) -> Workflow:
    workflow = Workflow(tmp_path_factory.mktemp("held_out") / "suite", CONFIG)
    given.to_parquet(workflow.work / "p.parquet")
    np.save(workflow.work / "pixels.npy", load_digits().data.astype(np.float32))
    workflow.run()
    return workflow


def row_of(workflow: Workflow, table: str) -> dict:
    (row,) = workflow.table(table).to_dict("records")
    return row


def detection(workflow: Workflow, name: str) -> pd.DataFrame:
    """How well each score does over all seeds."""
    table = pd.read_parquet(workflow.work / f"results/detection/{name}.parquet")
    return table[table["run"] == "all"].set_index("score")


def test_all_scores_are_those_of_held_out_examples(given, workflow):
    scores = workflow.table("own/scores.parquet").set_index("example_id")
    assert set(scores["runs_train"]) == {0} and set(scores["runs_validation"]) == {1}
    assert {"aum_validation", "normalized_margin_validation"} <= {*scores} and "aum" not in scores
    p = np.stack(given["p"])[given["example_id"], given["label"]].astype(np.float32)
    np.testing.assert_array_equal(scores["self_confidence_validation"], p)
    np.testing.assert_allclose(scores["confidence_validation"], p, rtol=1e-5)


def test_suspects_are_ranked_and_tested(given, workflow):
    """label_error is no worse than the given probability of the label, and is tested like it."""
    scores = workflow.table("own/scores.parquet")
    precision = {
        score: average_precision_score(given["wrong"], sign * scores[score])
        for score, sign in (("label_error", 1), ("self_confidence_validation", -1))
    }
    assert precision["label_error"] >= precision["self_confidence_validation"] > 0.8
    found = detection(workflow, "planted")["average_precision"]
    assert found["label_error"] == pytest.approx(precision["label_error"])
    assert found["self_confidence"] == pytest.approx(precision["self_confidence_validation"])
    suspects = pd.read_csv(workflow.work / "results/experiments/own/suspects.csv")
    assert suspects["example_id"][:10].lt(WRONG).all() and suspects["suggested_label"][:10].notna().all()


def test_figures_are_drawn_and_nothing_is_done_twice(workflow):
    figures = workflow.work / "results/figures/experiments/own"
    assert {path.stem for path in figures.glob("*.png")} == {*FIGURES}
    assert workflow.planned() == set()


def test_given_predictions_alone_say_how_many_labels_are_wrong(workflow):
    row = row_of(workflow, "own/label-errors.parquet")
    assert row["low"] <= WRONG <= row["high"] and row["trustworthy"] and row["evidence"] == "networks"
    scores = workflow.table("own/scores.parquet").set_index("example_id")
    assert scores["label_error_probability"].sum() == pytest.approx(row["estimated_wrong"], rel=1e-4)
    suspects = workflow.table("own/suspects.parquet")
    assert suspects["within_cut"].sum() == row["cut"]
    assert set(suspects.loc[suspects["within_cut"], "verdict"]) == {"likely wrong label"}


def test_linear_probes_find_planted_noise_without_any_training(workflow):
    planted = detection(workflow, "frozen")
    assert set(planted["role"]) == {"validation"} and set(planted["positives"]) == {10}
    assert (planted.loc[["aum", "self_confidence", "probe_margin"], "auroc"] > 0.8).all()
    assert planted.loc["label_error", "auroc"] > 0.9
    row = row_of(workflow, "frozen/label-errors.parquet")
    assert row["evidence"] == "features" and row["trustworthy"] and np.isnan(row["fitted"])
    assert "network" not in row["reason"]
    evidence = workflow.table("frozen/suspects.parquet")["evidence"]
    assert evidence.str.startswith("Networks that have not seen it predict ").all()
    assert not evidence.str.contains("train|learn").any()
    held_out, probe = (workflow.table(f"frozen/{name}.parquet") for name in ("held-out", "seed-0/probe"))
    own = probe.set_index("example_id")["probabilities"].loc[held_out["example_id"]]
    assert len(held_out) == 100 and len(probe) == 130
    np.testing.assert_array_equal(np.stack(held_out["probabilities"]), np.stack(own))
