"""Records of other training runs go through the workflow without any training."""

import numpy as np
import pandas as pd
import pytest
import scipy.special

from difficulty.scores.dynamics.scoring import DYNAMICS
from tests.support.suites import GIVEN, RECORDED
from tests.support.workflows import altered, rules, wildcards_of


def test_scores_are_those_of_the_users_logits(given_source):
    scores = given_source.table("mine/scores.parquet").set_index("example_id")
    runs = [pd.read_parquet(given_source.work / f"run{run}.parquet") for run in (0, 1)]
    epochs, examples, classes = (RECORDED[name] for name in ("epochs", "examples", "classes"))
    aum, loss = [], []
    for run in runs:
        z = np.stack(run["z"]).reshape(epochs, examples, classes)
        y = run["y"].to_numpy()[:examples]
        own = z[:, np.arange(examples), y]
        others = z.copy()
        others[:, np.arange(examples), y] = -np.inf
        aum.append((own - others.max(2)).mean(0))
        loss.append(-scipy.special.log_softmax(z, 2)[:, np.arange(examples), y].mean(0))
    np.testing.assert_allclose(scores["aum"], np.mean(aum, 0), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(scores["loss_mean"], np.mean(loss, 0), rtol=1e-4, atol=1e-5)
    assert "grand_last" not in scores and set(DYNAMICS) - set(scores) == {"grand_last"}
    detection = pd.read_parquet(given_source.work / "results" / "detection" / "planted.parquet").set_index("score")
    assert (detection.loc["aum", "auroc"] > 0.95).all()


def test_nothing_is_trained_and_nothing_is_done_twice(given_source, plan_given):
    results = given_source.work / "results"
    made = {
        path.name for place in ("datasets", "experiments") for path in (results / place / "mine").rglob("*.parquet")
    }
    assert made and not made & {"pixels.parquet", "steps.parquet", "evaluation.parquet"}
    assert plan_given() == set()


def test_results_are_verified(given):
    assert "fit the configuration" in given.run("verify")


def test_another_run_imports_that_run_only(given):
    (given.work / "run2.parquet").write_bytes((given.work / "run1.parquet").read_bytes())
    given.configure(altered(GIVEN, datasets__mine__files=[f"run{run}.parquet" for run in (0, 1, 2)]))
    jobs = given.planned()
    assert wildcards_of(jobs, "import_records") == ["mine seed-2"]
    assert "import_examples" not in rules(jobs)


@pytest.mark.parametrize(
    ("places", "line"),
    [
        ({"evaluations": {"mine": ["mine"]}}, "evaluations.mine: records of other runs come without a network"),
        (
            {"experiments__mine__label_noise": {"kind": "symmetric", "fraction": 0.1}},
            "experiments.mine.label_noise: records of other runs come with the labels",
        ),
    ],
)
def test_what_records_do_not_have_is_reported(plan_given, places, line):
    assert line in plan_given.error(**places)
