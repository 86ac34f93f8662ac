"""Settings that do not fit the data are reported before training, each in a line with its place and remedy."""

import numpy as np
import pandas as pd
import pytest

from difficulty.checks.analysis_faults import class_faults, further_faults, influence_faults, split_faults, vog_faults
from difficulty.checks.network_faults import network_faults
from difficulty.checks.prepared_data import PreparedData
from difficulty.checks.subset_faults import subset_faults
from difficulty.checks.training_faults import trained_examples, training_faults

CLASSES = ("ant", "bee", "cat")
FITTING = {"noise_map": {"ant": "bee"}, "batch_size": 8, "drop_last": True, "groups": 1, "folds": 5}
QUERIES = {"q": {"example_ids": [31, 35], "classes": ["ant"]}}
RESNET9 = {"architecture": "resnet9", "width": 4, "batch_size": 8, "tracked": True, "probed": True}


def data(name="photos", train=30, test=9, shape=(8, 8, 1), classes=CLASSES, **columns):
    """Examples 0 ... train - 1 for training, the rest for testing, classes in turn."""
    label = np.arange(train + test) % len(classes)
    examples = pd.DataFrame(
        {
            "example_id": np.arange(train + test),
            "split": np.repeat(["train", "test"], [train, test]),
            "label": label,
            "class_name": np.array(classes)[label],
            "duplicate_of": pd.array([None] * (train + test), "Int64"),
        }
    )
    return PreparedData(name, examples.assign(**columns), shape)


def of_training(**settings):
    return list(training_faults("x", {**FITTING, **settings}, data()))


def test_settings_that_fit_are_not_reported():
    own = data()
    assert of_training() == []
    assert list(influence_faults({"shards": 24, "queries": QUERIES}, own, trained_examples(FITTING, own))) == []
    assert list(vog_faults({"target": 2, "splits": ["test"], "shards": 9}, own)) == []
    assert list(further_faults("p", further(), {"photos": own}, own)) == []
    assert list(class_faults("p", further(), {"photos": own}, own)) == []
    assert list(network_faults("x", RESNET9, "photos", (8, 8, 1), 3)) == []


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        (
            {"noise_map": {"ant": "be"}},
            "experiments.x.label_noise.map.ant: no class 'be' in 'photos'; did you mean 'bee'?",
        ),
        (
            {"normalization": {"mean": [0.1, 0.2, 0.3]}},
            "experiments.x.normalization: has 3 means, and images of 'photos' have 8 x 8 pixels, 1 channel; give one "
            "mean and deviation for each channel",
        ),
        (
            {"folds": 31},
            "experiments.x.folds: 31 parts of 30 different training images of 'photos'; use at most 30",
        ),
        (
            {"batch_size": 25},
            "experiments.x.batch_size: 25 with drop_last leaves no batch of 24 examples; take smaller batches or set "
            "drop_last: false",
        ),
        (
            {"groups": 16, "gpus": 2},
            "experiments.x.batch_size: 24 training examples cannot be shared by 32 groups; take fewer groups",
        ),
    ],
)
def test_training(settings, line):
    assert of_training(**settings) == [line]


def test_one_class_and_identical_images():
    same = data(classes=["ant"], duplicate_of=pd.array([pd.NA, *[0] * 38], "Int64"))
    lines = list(training_faults("x", {**FITTING, "noise_map": {}, "folds": 2}, same))
    assert lines[0].endswith("'photos' has one class only, so there is nothing to learn; choose another")
    assert lines[1].endswith("folds: 2 parts of 1 different training images of 'photos'; use at most 1")


def test_queries_and_shards_of_influence():
    queries = {"q": {"example_ids": [3, 31, 99], "classes": ["ant", "cot"]}, "all": {}}
    assert list(influence_faults({"shards": 25, "queries": queries}, data(), 24)) == [
        "analyses.influence.shards: 25 of 24 training examples; set at most 24",
        "analyses.influence.queries.q.example_ids[0]: 3 is a training example of 'photos'; name test examples",
        "analyses.influence.queries.q.example_ids[2]: no example 99 in 'photos'; see "
        "results/datasets/photos/examples.parquet",
        "analyses.influence.queries.q.classes[1]: no test example of class 'cot' in 'photos'; did you mean 'cat'?",
    ]
    (line,) = influence_faults({"shards": 1, "queries": {**QUERIES, "all": {}}}, data(test=0), 30)
    assert line.startswith("analyses.influence.queries.q: 'photos' has no test example; name its experiments")


def test_target_splits_and_shards():
    assert list(vog_faults({"target": 3, "splits": ["train", "test"], "shards": 40}, data())) == [
        "analyses.vog.target: no class 3 in 'photos'; choose one of 0..2",
        "analyses.vog.shards: 40 of 39 train or test examples of 'photos'; set fewer",
    ]
    lines = list(split_faults("analyses.prediction_depth", {"splits": ["test"], "shards": 1}, data(test=0)))
    assert lines == ["analyses.prediction_depth.splits: 'photos' has no test example; add another split"]


def further(name="photos", table="photos", draws_test=False):
    return [{"name": name, "table": table, "draws_test": draws_test}]


def test_data_sets_to_test_on():
    other = {"other": data("other", test=0, shape=(9, 8, 3), classes=["ant", "dog"])}
    place = "evaluations.x"
    lines = [*further_faults(place, further("other", "other"), other, data())]
    lines += class_faults(place, further("other", "other"), other, data())
    assert lines == [
        "evaluations.x: images of 'other' have 9 x 8 pixels, 3 channels, those of 'photos' 8 x 8 pixels, 1 channel; "
        "set the data set's size and color, or take it out",
        "evaluations.x: data set 'other' has no test split; give it one, or take it out",
        "evaluations.x: 'other' has the class 'dog', which 'photos' does not have (there are ant, bee, cat); "
        "rename it or take the data set out",
    ]
    part = further("part", "other", draws_test=True)  # of `other`, not made yet
    assert len([*further_faults(place, part, other, data()), *class_faults(place, part, other, data())]) == 1


HALF = {"select": {"by": "score", "fraction": 0.5}, "per_class": False}


@pytest.mark.parametrize(
    ("chain", "ending"),
    [
        ([HALF], None),
        ([{**HALF, "train": 10, "test": 5}], None),
        ([{**HALF, "train": 10, "test": 5, "per_class": True}], None),
        ([{**HALF, "train": 16}], ".select: at most 15 of 30 examples are chosen, asked for 16 for training; raise"),
        ([{**HALF, "select": {"fraction": 0.01}}], ".select: at most 0 of 30 examples are chosen, asked for 1 for"),
        ([HALF, {**HALF, "select": {"by": "list"}, "train": 16}], ".select: at most 15 of 15 examples are chosen"),
        ([HALF, {**HALF, "select": {"by": "class", "classes": ["dog"]}}], ".select.classes: no class 'dog'; there are"),
    ],
)
def test_subsets_that_must_come_out_too_small(chain, ending):
    lines = list(subset_faults("part", chain, data().examples))
    assert bool(lines) == bool(ending)
    assert not lines or lines[0].startswith(f"datasets.part{ending}")


def test_the_rarest_class_of_a_subset_can_be_too_small():
    label = np.where(np.arange(39) < 4, "ant", "bee")
    (line,) = subset_faults("part", [{**HALF, "per_class": True, "train": 10}], data(class_name=label).examples)
    assert line == (
        "datasets.part.per_class: class 'ant' has at most 2 chosen examples, asked for 5; raise select.fraction or set "
        "per_class: false"
    )


def test_a_list_may_relabel_examples_as_the_rarest_class():
    examples = data(class_name=np.where(np.arange(39) < 4, "ant", "bee")).examples
    listed = {"select": {"by": "list"}, "per_class": False}
    assert not list(subset_faults("part", [listed, {**HALF, "per_class": True, "train": 10}], examples))


@pytest.mark.parametrize(
    ("settings", "shape", "beginnings"),
    [
        (
            {"modules": ["linear", "liner"], "probes": ["block1", "blocks"]},
            (8, 8, 1),
            [
                "analyses.influence.modules.resnet9[1]: ResNet9 has no linear layer or convolution 'liner'; did you",
                "analyses.prediction_depth.probes: resnet9 has no module 'blocks'; try block",
            ],
        ),
        (
            {"batch_size": 1},
            (6, 6, 1),
            ["experiments.x.batch_size: batch norm of resnet9 takes two examples at least, got 1; raise it"],
        ),
        ({"batch_size": 1}, (16, 16, 1), []),  # where batch norm sees several pixels
        (
            {"architecture": "torchvision:densenet121", "probed": False},
            (8, 8, 3),
            ["experiments.x.architecture: torchvision:densenet121 cannot take images of 'photos' with 8 x 8 pixels"],
        ),
        (
            {"architecture": "torchvision:mobilenet_v3_small", "weights": "IMAGENET"},
            (32, 32, 3),
            [
                "experiments.x.weights: torchvision:mobilenet_v3_small has no 'IMAGENET'; it has IMAGENET1K_V1",
                "torchvision:mobilenet_v3_small: where to probe it is not known",
            ],
        ),
        (
            {"architecture": "torchvision:mobilnet"},
            (32, 32, 3),
            ["experiments.x.architecture: torchvision has no classification network 'mobilnet'"],
        ),
    ],
)
def test_networks(settings, shape, beginnings):
    lines = list(network_faults("x", {**RESNET9, **settings}, "photos", shape, 3))
    assert len(lines) == len(beginnings)
    for line, beginning in zip(lines, beginnings, strict=True):
        assert beginning in line
