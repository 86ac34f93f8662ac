"""What held-out records and probabilities from elsewhere lead to, and what they leave as it is."""

import json

import pytest

from difficulty.config.resolve import resolve
from difficulty.errors import UserError
from difficulty.plan import paths
from difficulty.plan.plan import Plan

OPTIMIZER = {"name": "sgd", "lr": 0.1}
DEFAULTS = {"dataset": "digits", "architecture": "mlp", "epochs": 3, "seeds": [0], "optimizer": OPTIMIZER}
RECORDS = {"source": "records", "files": ["a.parquet", "b.parquet"], "probabilities": "p"}
GIVEN = {"file": "p.npy"}


def planned(plain=None, held_out=True, **analyses) -> Plan:
    datasets = {"digits": {"source": "digits"}, "own": {**RECORDS, "held_out": held_out}}
    experiments = {"plain": plain or {}, "folded": {"folds": 2}, "own": {"dataset": "own"}}
    sections = {"datasets": datasets, "defaults": DEFAULTS, "experiments": experiments, "analyses": analyses}
    return Plan(resolve(sections, "a.yaml"), lambda *source: " ".join(source))


def test_given_probabilities_are_evidence_and_change_no_training():
    before, after = planned(), planned({"probabilities": GIVEN})
    assert before.training.given_probabilities("plain") is None
    stage = after.training.given_probabilities("plain")
    assert json.loads(stage.settings) == {"by": "original_index"}
    assert stage.upstream and stage.code == "collect_probabilities"
    assert after.training.train_model("plain") == before.training.train_model("plain")
    assert after.scores.score_dynamics("plain") == before.scores.score_dynamics("plain")
    assert after.scores.score_label_error("plain") != before.scores.score_label_error("plain")
    assert {*after.files()} - {*before.files()} == {paths.GIVEN_PROBABILITIES.format(experiment="plain")}


def test_missing_probabilities_are_reported(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"^a\.yaml: experiments\.plain\.probabilities\.file: no such file: p\.npy"):
        planned({"probabilities": GIVEN}).training.probability_file("plain")


def test_held_out_records_have_label_quality_as_folds_have():
    plan, trained_on = planned(), planned(held_out=False)
    assert plan.scores.label_quality("own").code == "score_held_out_records"
    assert plan.scores.label_quality("folded").code.startswith("score_label_quality")
    assert plan.scores.label_quality("plain") is None and trained_on.scores.label_quality("own") is None
    made = {paths.HELD_OUT.format(experiment=name) for name in ("own", "folded")}
    assert {*plan.files()} >= made and paths.MEMORIZATION_OF_SEEDS.format(experiment="own") not in plan.files()
    assert json.loads(trained_on.training.import_records("own").settings).keys() >= {"probabilities"}
    assert "held_out" not in trained_on.training.import_records("own").settings


def test_suspects_are_ranked_by_what_held_out_examples_have():
    plan = planned(suspects={"score": "loss"})
    assert json.loads(plan.scores.rank_suspects("own").settings)["score"] == "loss_validation"
    assert json.loads(plan.scores.rank_suspects("plain").settings)["score"] == "loss"
