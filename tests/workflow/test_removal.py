"""A removal through the workflow: labels that are shared, what is left out, and what is compared."""

import pandas as pd
import pytest
import yaml

from tests.support.plans import changes
from tests.support.workflows import Workflow, altered, rules

CONFIG = yaml.safe_load("""
datasets:
  digits: {source: digits, limit: {train: 100, test: 40}}
  right: {source: subset, of: digits, select: {by: truth, experiment: noisy}}
  drawn: {source: subset, of: digits, select: {by: random, like: right}}
defaults:
  dataset: digits
  label_noise: {kind: experiment, experiment: noisy}
  architecture: mlp
  width: 8
  optimizer: {name: adam, lr: 0.01}
  epochs: 2
  batch_size: 30
  seeds: [0]
experiments:
  noisy: {label_noise: {kind: symmetric, fraction: 0.2}}
  right: {dataset: right}
  drawn: {dataset: drawn}
analyses:
  removal: {cleaned: {experiment: noisy, rules: {truth: [right], random: [drawn]}, control: random}}
figures: {dpi: 50}
""")
TARGETS = (
    "results/removal/cleaned.parquet",
    "results/removal/cleaned-summary.parquet",
    "results/figures/removal/cleaned.png",
)


@pytest.fixture(scope="module")
def removal(tmp_path_factory):
    workflow = Workflow(tmp_path_factory.mktemp("removal"), CONFIG)
    workflow.run(*TARGETS)
    return workflow


def test_experiments_on_parts_have_the_labels_of_the_one_on_all(removal):
    noisy, right, drawn = (
        removal.table(f"{name}/labels.parquet").query("split == 'train'").set_index("example_id")
        for name in ("noisy", "right", "drawn")
    )
    assert len(noisy) == 100 and noisy["is_corrupt"].sum() == 20
    assert set(right.index) == set(noisy.index[~noisy["is_corrupt"]]) and not right["is_corrupt"].any()
    assert len(drawn) == 80 and drawn["label"].equals(noisy.loc[drawn.index, "label"])
    assert drawn["is_corrupt"].equals(noisy.loc[drawn.index, "is_corrupt"])


def test_what_was_left_out_and_how_networks_do_on_the_shared_test_split(removal):
    table = pd.read_parquet(removal.work / TARGETS[0]).set_index("experiment")
    assert table.loc["right", ["left", "dropped", "dropped_wrong", "wrong_left"]].tolist() == [80, 20, 1.0, 0.0]
    assert table["steps"].to_dict() == {"noisy": 8, "right": 6, "drawn": 6}
    assert table["relabelled"].eq(0).all() and table["test_examples"].eq(40).all()
    evaluation = removal.table("right/seed-0/evaluation.parquet").query("split == 'test' and epoch == 2")
    assert table.loc["right", "top1"] == evaluation["top1"].item()
    summary = pd.read_parquet(removal.work / TARGETS[1]).query("measure == 'top1'")
    against = summary.set_index(["experiment", "compared_with"])["against"]
    assert against["right", "control"] == "drawn" and against["drawn", "nothing"] == "noisy"


def test_a_removal_that_is_added_trains_nothing(tmp_path):
    tested = {"source": "subset", "of": "digits", "select": {"by": "random", "fraction": 0.8}, "test": 10}
    config = altered(CONFIG, datasets__tested=tested, experiments__tested={"dataset": "tested"})
    rules_of = {"truth": ["right"], "random": ["drawn", "tested"]}
    config = altered(config, analyses__removal__cleaned__rules=rules_of)
    (added,) = changes([altered(config, analyses__removal={}), config], tmp_path)
    assert rules(added) == {
        *("check_experiment", "evaluate_run", "collect_evaluations", "plot_evaluations"),
        *("collect_removal", "plot_removal", "build_atlas"),
    }
    assert {path.split("/")[2] for rule, path in added if rule == "evaluate_run"} == {"tested"}
