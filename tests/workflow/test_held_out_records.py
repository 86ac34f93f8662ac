"""Out-of-fold predictions, one table of one epoch, lead to scores, suspects, tests and figures; nothing is trained."""

import numpy as np
import pandas as pd
import pytest

from tests.support.workflows import TINY, Workflow, altered

EXAMPLES, CLASSES, WRONG = 60, 3, 12
RECORDS = {"source": "records", "files": "p.parquet", "probabilities": "p", "held_out": True, "truth": ["wrong"]}
CONFIG = altered(
    TINY,
    datasets={"own": RECORDS},
    defaults__dataset="own",
    experiments={"own": {}},
    analyses__detection__truths={"planted": {"experiment": "own", "column": "wrong", "role": "validation"}},
)
FIGURES = ("data_map", "panel", "training", "correlation", "stability", "label_errors", "truth_correlation")


@pytest.fixture(scope="module")
def given() -> pd.DataFrame:
    """Probabilities that are against the label of the first examples, and for that of the others."""
    draws = np.random.default_rng(0)
    ids, label = np.arange(EXAMPLES), draws.integers(0, CLASSES, EXAMPLES)
    p = draws.dirichlet(np.ones(CLASSES), EXAMPLES)
    likely = np.where(ids < WRONG, (label + 1) % CLASSES, label)
    p[ids, likely] += 2
    return pd.DataFrame({"example_id": ids, "label": label, "wrong": ids < WRONG, "p": list(p / 3)})


@pytest.fixture(scope="module")
def workflow(given, tmp_path_factory) -> Workflow:
    workflow = Workflow(tmp_path_factory.mktemp("held_out") / "suite", CONFIG)
    given.to_parquet(workflow.work / "p.parquet")
    workflow.run()
    return workflow


def test_all_scores_are_those_of_held_out_examples(given, workflow):
    scores = workflow.table("own/scores.parquet").set_index("example_id")
    assert set(scores["runs_train"]) == {0} and set(scores["runs_validation"]) == {1}
    assert {"aum_validation", "normalized_margin_validation"} <= {*scores} and "aum" not in scores
    p = np.stack(given["p"])[given["example_id"], given["label"]].astype(np.float32)
    np.testing.assert_array_equal(scores["self_confidence_validation"], p)
    np.testing.assert_allclose(scores["confidence_validation"], p, rtol=1e-5)


def test_suspects_are_ranked_and_tested(workflow):
    suspects = pd.read_csv(workflow.work / "results/experiments/own/suspects.csv")
    assert {*suspects["example_id"][:WRONG]} == {*range(WRONG)} and suspects["suggested_label"][:WRONG].notna().all()
    detection = pd.read_parquet(workflow.work / "results/detection/planted.parquet").set_index("score")
    assert (detection.loc["self_confidence", "auroc"] == 1).all()


def test_figures_are_drawn_and_nothing_is_done_twice(workflow):
    figures = workflow.work / "results/figures/experiments/own"
    assert {path.stem for path in figures.glob("*.png")} == {*FIGURES}
    assert workflow.planned() == set()


def test_given_predictions_alone_say_how_many_labels_are_wrong(workflow):
    (row,) = workflow.table("own/label-errors.parquet").to_dict("records")
    assert row["low"] <= WRONG <= row["high"] and row["trustworthy"] and row["evidence"] == "networks"
    scores = workflow.table("own/scores.parquet").set_index("example_id")
    assert {*scores["label_error"].nlargest(WRONG).index} == {*range(WRONG)}
    assert scores["label_error_probability"].sum() == pytest.approx(row["estimated_wrong"], rel=1e-4)
    suspects = workflow.table("own/suspects.parquet")
    assert suspects["within_cut"].sum() == row["cut"]
    assert set(suspects.loc[suspects["within_cut"], "verdict"]) == {"likely wrong label"}
