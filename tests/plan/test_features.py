"""Which data sets have features, which experiments are scored by them, and what a change of them makes again."""

import json

import pytest

from difficulty.config.resolve import resolve
from difficulty.errors import UserError
from difficulty.plan.plan import Plan

GIVEN = {"file": "a.npy", "split": "train"}
VOC = {"source": "voc", "path": ".", "train": "V/train", "size": 32}
DATASETS = {
    "own": {"source": "digits"},
    "half": {"source": "subset", "of": "own", "select": {"by": "random", "fraction": 0.5}},
    "voc": {**VOC, "features": {"weights": "torchvision:resnet18", "layer": "layer2"}},
    "other": {"source": "digits"},
    "unused": {"source": "digits", "features": GIVEN},
}
DEFAULTS = {
    **{"dataset": "own", "architecture": "mlp", "width": 8, "epochs": 3, "batch_size": 8},
    **{"optimizer": {"name": "sgd", "lr": 0.1}, "schedule": {"name": "constant"}},
}
EXPERIMENTS = {"plain": {}, "half": {"dataset": "half"}, "sets": {"dataset": "voc"}, "other": {"dataset": "other"}}


def planned(features=GIVEN, **sections) -> Plan:
    datasets = {**DATASETS, "own": {**DATASETS["own"], "features": features}}
    config = {"datasets": datasets, "defaults": DEFAULTS, "experiments": EXPERIMENTS, **sections}
    return Plan(resolve(config, "a.yaml"), lambda *source: " ".join(source))


def test_subsets_have_features_and_images_with_several_labels_no_scores():
    plan = planned()
    assert plan.features.collected == ["own"] and plan.features.extracted == ["voc"]
    assert plan.features.scored == ["plain", "half"]
    assert plan.features.path("{dataset}", "half") == "own"
    assert plan.features.score_features("sets") is None and plan.features.score_features("other") is None
    assert "results/experiments/half/scores/features.parquet" in plan.tables()
    assert "results/datasets/voc/similar.parquet" in plan.tables()
    assert not [path for path in plan.tables() if "unused" in path or "sets/probe" in path]


def test_null_switches_them_off():
    plan = planned(analyses={"features": None})
    assert not plan.features.collected + plan.features.extracted + plan.features.scored
    assert not [path for path in plan.tables() if "features" in path or "probe" in path]
    with pytest.raises(UserError, match="no score 'probe_margin'"):
        planned(analyses={"features": None, "suspects": {"score": "probe_margin"}})


def test_a_data_set_is_not_prepared_again_for_its_features():
    plan, without, other = planned(), planned(None), planned({**GIVEN, "file": "b.npy"})
    assert plan.data.key("own") == without.data.key("own") == other.data.key("own")
    assert "own" not in without.features.collected
    assert plan.features.key("own") != other.features.key("own")


def test_an_extraction_depends_on_the_network():
    plan = planned()
    stage = plan.features.extract_features("voc")
    assert json.loads(stage.settings) == {"layer": "layer2", "weights": "torchvision:resnet18"}
    assert stage.code == "extract_features models.torchvision_model"
    own = planned({"weights": "a.pt", "architecture": "resnet9", "width": 4})
    assert own.features.extract_features("own").code == "extract_features models.resnet9"


def test_missing_files_are_reported(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for features, key, files in (
        (GIVEN, "file", lambda plan: plan.features.feature_files("own")),
        ({"weights": "a.npy", "architecture": "net"}, "weights", lambda plan: plan.features.weight_files("own")),
    ):
        with pytest.raises(UserError) as error:
            files(planned(features))
        place = f"a.yaml: datasets.own.features.{key}"
        assert str(error.value) == f"{place}: no such file: a.npy, relative to {tmp_path}; fix the path"
    assert planned().features.weight_files("voc") == []
