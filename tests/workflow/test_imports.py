"""Records of other training runs go through the workflow without any training."""

import numpy as np
import pandas as pd
import pytest
import scipy.special

from difficulty.scores.dynamics.scoring import DYNAMICS
from tests.workflow.conftest import TINY, Workflow

EPOCHS, EXAMPLES, CLASSES = 4, 60, 3
CONFIG = {
    "datasets": {
        "mine": {
            "source": "records",
            "files": ["run0.parquet", "run1.parquet"],
            "logits": "z",
            "label": "y",
            "truth": ["wrong"],
        }
    },
    "defaults": {**TINY["defaults"], "dataset": "mine"},
    "experiments": {"mine": {}},
    "analyses": {
        **TINY["analyses"],
        "agreement": {"groups": None},
        "detection": {"bootstrap": 20, "truths": {"planted": {"experiment": "mine", "column": "wrong"}}},
    },
    "figures": {"dpi": 50},
}


@pytest.fixture(scope="module")
def workflow(tmp_path_factory):
    workflow = Workflow(tmp_path_factory.mktemp("imports"), CONFIG)
    draws = np.random.default_rng(0)
    label = draws.integers(0, CLASSES, EXAMPLES)
    wrong = np.arange(EXAMPLES) < 12
    for run in (0, 1):
        rows = []
        for epoch in range(1, EPOCHS + 1):
            logits = draws.normal(size=(EXAMPLES, CLASSES))
            logits[np.arange(EXAMPLES), label] += np.where(wrong, -3, 3)
            ids = np.arange(EXAMPLES)
            rows.append(
                pd.DataFrame({"example_id": ids, "epoch": epoch, "y": label, "wrong": wrong, "z": list(logits)})
            )
        pd.concat(rows).to_parquet(workflow.work / f"run{run}.parquet")
    workflow.run()
    return workflow


def test_scores_are_those_of_the_users_logits(workflow):
    folder = workflow.work / "results" / "experiments" / "mine"
    scores = pd.read_parquet(folder / "scores.parquet").set_index("example_id")
    runs = [pd.read_parquet(workflow.work / f"run{run}.parquet") for run in (0, 1)]
    aum, loss = [], []
    for run in runs:
        z = np.stack(run["z"]).reshape(EPOCHS, EXAMPLES, CLASSES)
        y = run["y"].to_numpy()[:EXAMPLES]
        own = z[:, np.arange(EXAMPLES), y]
        others = z.copy()
        others[:, np.arange(EXAMPLES), y] = -np.inf
        aum.append((own - others.max(2)).mean(0))
        loss.append(-scipy.special.log_softmax(z, 2)[:, np.arange(EXAMPLES), y].mean(0))
    np.testing.assert_allclose(scores["aum"], np.mean(aum, 0), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(scores["loss_mean"], np.mean(loss, 0), rtol=1e-4, atol=1e-5)
    assert "grand_last" not in scores and set(DYNAMICS) - set(scores) == {"grand_last"}
    detection = pd.read_parquet(workflow.work / "results" / "detection" / "planted.parquet").set_index("score")
    assert (detection.loc["aum", "auroc"] > 0.95).all()


def test_nothing_is_trained_and_nothing_is_done_twice(workflow):
    made = {path.name for path in (workflow.work / "results").rglob("*.parquet")}
    assert not made & {"pixels.parquet", "steps.parquet", "evaluation.parquet"}
    assert workflow.planned() == set()
    verified = workflow.run("verify")
    assert "fit the configuration" in verified


def test_another_run_imports_that_run_only(workflow):
    config = {
        **CONFIG,
        "datasets": {"mine": {**CONFIG["datasets"]["mine"], "files": [f"run{n}.parquet" for n in (0, 1, 2)]}},
    }
    (workflow.work / "run2.parquet").write_bytes((workflow.work / "run1.parquet").read_bytes())
    workflow.configure(config)
    jobs = workflow.planned()
    assert {wildcards for rule, wildcards in jobs if rule == "import_records"} == {"mine seed-2"}
    assert "import_examples" not in {rule for rule, _ in jobs}
    workflow.configure(CONFIG)


def test_what_records_do_not_have_is_told(workflow):
    for change, line in (
        ({"evaluations": {"mine": ["mine"]}}, "evaluations.mine: records of other runs come without a network"),
        (
            {"experiments": {"mine": {"label_noise": {"kind": "symmetric", "fraction": 0.1}}}},
            "experiments.mine.label_noise: records of other runs come with the labels",
        ),
    ):
        workflow.configure({**CONFIG, **change})
        result = workflow.snakemake("-n")
        assert result.returncode == 1 and line in result.stdout + result.stderr
    workflow.configure(CONFIG)
