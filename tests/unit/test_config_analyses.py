"""The configuration: what analyses use of which experiments."""

import pytest
import yaml

from difficulty.config.core.problems import ConfigurationError
from difficulty.config.resolve import resolve

BASE = """
datasets: {digits: {source: digits}}
defaults: {dataset: digits, architecture: resnet9, width: 16, epochs: 4, optimizer: {name: sgd, lr: 0.2, momentum: 0.9}}
"""


def test_agreement_needs_two_seeds():
    config = yaml.safe_load(BASE)
    experiments = {"one": {"seeds": [0]}, "two": {"seeds": [0, 1]}, "folds": {"seeds": [0], "folds": 2}}
    groups = resolve({**config, "experiments": experiments}).agreement_groups
    assert groups == {"two": ["two"]}


def test_suspects_may_be_ranked_by_held_out_scores():
    config = yaml.safe_load(BASE)
    config["experiments"] = {"held_out": {"folds": 5}}
    config["analyses"] = {"suspects": {"score": "aum_validation"}}
    assert resolve(config).analyses["suspects"] == {"score": "aum_validation", "suggest_above": 0.1}


def test_scores_of_held_out_examples_are_known_where_there_are_folds():
    config = yaml.safe_load(BASE)
    config["experiments"] = {"held_out": {"folds": 5, "label_noise": {"kind": "symmetric", "fraction": 0.1}}}
    truth = {"experiment": "held_out", "column": "is_corrupt", "role": "validation"}
    config["analyses"] = {
        "correlation": {"scores": ["aum", "self_confidence"]},
        "detection": {"scores": ["aum", "normalized_margin"], "truths": {"out": truth}},
        "suspects": {"score": "self_confidence_validation"},
    }
    detections = resolve(config).detections
    assert {name: each["scores"] for name, each in detections.items()} == {
        "held_out": ["aum"],
        "held_out-validation": ["aum", "normalized_margin"],
        "out": ["aum", "normalized_margin"],
    }
    assert {name: each["role"] for name, each in detections.items()} == {
        "held_out": "train",
        "held_out-validation": "validation",
        "out": "validation",
    }


def test_names_of_held_out_noise_are_kept():
    config = yaml.safe_load(BASE)
    folds = {"folds": 5, "label_noise": {"kind": "symmetric", "fraction": 0.1}}
    config["experiments"] = {"a": folds, "a-validation": {}, "b": folds, "c": {}}
    truth = {"experiment": "b", "column": "is_corrupt"}
    config["analyses"] = {"detection": {"truths": {"b-validation": truth, "c-validation": truth}}}
    with pytest.raises(ConfigurationError) as caught:
        resolve(config)
    first, second = str(caught.value).splitlines()
    assert "held-out noise of 'a' would be called like experiment 'a-validation'; rename one" in first
    assert "truths.b-validation: is kept for planted noise in what experiment 'b' holds out" in second


def test_statistics_of_images_are_compared_with_scores_where_they_are_computed():
    config = yaml.safe_load(BASE)
    config["datasets"]["mine"] = yaml.safe_load("{source: records, files: [a.parquet], logits: z, label: y}")
    config["experiments"] = {"own": {}, "elsewhere": {"dataset": "mine"}}
    without, some = (
        resolve(config),
        resolve({**config, "analyses": {"images": {"statistics": ["contrast", "segments"]}}}),
    )
    assert (
        without.analyses["correlation"] == some.analyses["correlation"] == {"bootstrap": 1000, "examples": 100_000}
    )  # all there are
    assert without.image_experiments == [] and some.image_experiments == ["own"]
    config = {**config, "experiments": {"own": {}}}
    config["analyses"] = {"images": {"statistics": "all"}, "correlation": {"scores": ["aum", "contrast"]}}
    assert resolve(config).analyses["correlation"]["scores"] == ["aum", "contrast"]


def test_maps_are_of_experiments_with_statistics_that_have_one():
    config = yaml.safe_load(BASE) | {"experiments": {"a": {}, "b": {}}}

    def mapped(images, maps):
        return resolve({**config, "analyses": {"images": images}, "figures": {"image_maps": maps}}).image_maps

    some = {"statistics": ["contrast", "dct_coefficients", "segments"]}
    assert mapped(some, {}) == {"a": ["segments", "dct_coefficients"], "b": ["segments", "dct_coefficients"]}
    assert list(mapped(some, {"experiments": ["b"]})) == list(mapped({**some, "experiments": ["b"]}, {})) == ["b"]
    assert mapped({"statistics": ["contrast"]}, {}) == mapped(None, {"experiments": ["*"]}) == mapped(some, None) == {}


def test_relations_are_of_experiments_of_whose_images_something_is_known():
    config = yaml.safe_load(BASE)
    config["datasets"]["mine"] = yaml.safe_load("{source: records, files: [a.parquet], logits: z, label: y}")
    config["datasets"]["h"] = yaml.safe_load("{source: parquet, files: {train: [a, b]}, truth: [entropy]}")
    config["experiments"] = {"own": {}, "mine": {"dataset": "mine"}, "human": {"dataset": "h"}}

    def related(**analyses):
        return resolve({**config, "analyses": analyses}).related_experiments

    assert related() == related(images={}) == []
    assert related(relations={}) == ["human"]
    assert related(relations={}, images={"experiments": ["own"]}) == ["own", "human"]
    assert related(relations={"experiments": ["human"]}, images={}) == ["human"]


@pytest.mark.parametrize(
    "section, drawn",
    [
        ({}, ["learning_epoch", "aum", "loss_mean"]),
        ({"scores": ["loss", "aum", "entropy", "el2n"]}, ["loss", "aum", "entropy"]),
        ({"scores": ["loss", "aum"], "drawn": ["aum"]}, ["aum"]),
        ({"drawn": ["el2n"]}, ["el2n"]),
    ],
)
def test_scores_that_relations_draw(section, drawn):
    config = {**yaml.safe_load(BASE), "experiments": {"own": {}}, "analyses": {"relations": section}}
    assert resolve(config).analyses["relations"]["drawn"] == drawn


def test_detections():
    config = yaml.safe_load(BASE)
    config["datasets"]["h"] = yaml.safe_load("{source: parquet, files: {train: [a, b]}, truth: [entropy]}")
    config["experiments"] = yaml.safe_load("""
        none: {label_noise: {kind: symmetric, fraction: 0}}
        file: {label_noise: {kind: file, path: x}}
        shared: {label_noise: {kind: experiment, experiment: file}}
        human: {dataset: h}
    """)
    config["analyses"] = yaml.safe_load("""
        detection: {scores: [aum, loss], truths: {people: {experiment: human, column: entropy, top: 0.1}}}
    """)
    shared = {"role": "train", "scores": ["aum", "loss"], "bootstrap": 1000}
    assert resolve(config).detections == {
        "file": {"experiment": "file", "column": "is_corrupt", **shared},
        "people": {"experiment": "human", "column": "entropy", "top": 0.1, **shared},
    }


@pytest.mark.parametrize(
    ("checkpoints", "stages"),
    [
        ("all", {"early": [1, 3, 6], "late": [9, 12, 15], "complete": [1, 3, 6, 9, 12, 15]}),
        ([2, 4, 6, 8, 10, 12, 14], {"early": [2, 4, 6], "late": [8, 10, 14], "complete": [2, 4, 6, 8, 10, 14]}),
        ([0, 1, 2, 3, 4, 5], {"complete": [1, 2, 3, 4, 5]}),
        ([0, 7, 15], {"complete": [0, 7, 15]}),
        ([7, 15], None),
        ("last", None),
        (
            {"early": ["a", "b", "c"], "late": ["d", "e"], "last": ["e"]},
            {"early": [1, 2, 3], "late": [4, 5], "complete": [1, 2, 3, 4, 5]},
        ),
        ({"early": ["a"]}, None),
    ],
)
def test_default_stages_have_three_checkpoints_each_and_early_and_late_none_in_common(checkpoints, stages):
    config = yaml.safe_load(BASE)
    own = {"checkpoints": checkpoints, **({} if isinstance(checkpoints, dict) else {"epochs": 15})}
    configuration = resolve({**config, "experiments": {"x": own}, "analyses": {"vog": {}}})
    assert configuration.vog_stages == ({} if stages is None else {"x": stages})


@pytest.mark.parametrize(
    ("vog", "stages"),
    [
        ({"checkpoints": 2}, {"complete": [7, 15]}),
        ({"checkpoints": 2, "experiments": ["x"]}, {"complete": [7, 15]}),
        ({"stages": {"both": [15, 7]}}, {"both": [7, 15]}),
    ],
)
def test_stages_of_two_checkpoints_are_the_users_own_wish(vog, stages):
    config = {**yaml.safe_load(BASE), "experiments": {"x": {"epochs": 15, "checkpoints": [7, 15]}}}
    assert resolve({**config, "analyses": {"vog": vog}}).vog_stages == {"x": stages}


def test_scores_of_all_runs_together_are_known_where_there_are_folds():
    config = yaml.safe_load(BASE) | {"experiments": {"held_out": {"folds": 5}}}
    config["analyses"] = {"correlation": {"scores": ["aum", "memorization"]}, "suspects": {"score": "consistency"}}
    config["figures"] = {"gallery": {"score": "reducible_loss"}}
    assert resolve(config).score_families["memorization"] == "memorization"
