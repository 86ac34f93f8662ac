"""Removals: what they resolve to, and the evaluations that they imply."""

import yaml

from difficulty.config.resolve import resolve

BASE = yaml.safe_load("""
datasets:
  digits: {source: digits}
  right: {source: subset, of: digits, select: {by: truth, experiment: noisy}}
  tested: {source: subset, of: digits, select: {by: random, like: right}, train: 100, test: 50}
  sure: {source: subset, of: right, select: {by: verdict, experiment: noisy, keep: [easy]}}
  listed: {source: subset, of: digits, select: {by: list, path: a.csv}}
defaults: {dataset: digits, architecture: mlp, epochs: 3, optimizer: {name: sgd, lr: 0.1}}
experiments:
  plain: {}
  listed: {dataset: listed}
  noisy: {label_noise: {kind: symmetric, fraction: 0.1}}
  all: {label_noise: &shared {kind: experiment, experiment: noisy}}
  right: {dataset: right, label_noise: *shared}
  tested: {dataset: tested, label_noise: *shared}
  sure: {dataset: sure, label_noise: {kind: experiment, experiment: all}}
""")


def resolved(removal, **sections):
    return resolve({**BASE, **sections, "analyses": {"removal": {"x": removal}}})


def test_a_removal_knows_rules_in_order_tests_and_whether_the_truth_is_known():
    rules = {"truth": ["right", "sure"], "random": ["tested"]}
    found = resolved({"experiment": "all", "rules": rules, "control": "random"})
    assert found.removals == {
        "x": {
            "experiment": "all",
            "control": "random",
            "rules": [["truth", ["right", "sure"]], ["random", ["tested"]]],
            "tests": {"all": "digits", "right": "right", "sure": "sure", "tested": "digits"},
            "is_known": True,
        }
    }


def test_networks_are_evaluated_on_the_shared_test_split_where_theirs_is_another():
    rules = {"truth": ["right"], "random": ["tested"]}
    assert resolved({"experiment": "all", "rules": rules}).evaluations == {"tested": ["digits"]}
    evaluations = {"tested": ["sure"], "right": ["digits"]}
    found = resolved({"experiment": "all", "rules": rules}, evaluations=evaluations)
    assert found.evaluations == {"tested": ["sure", "digits"], "right": ["digits"]}


def test_labels_may_come_from_the_experiment_or_from_where_its_own_come():
    for experiment in ("noisy", "all"):
        assert resolved({"experiment": experiment, "rules": {"a": ["right"], "b": ["sure"]}}).removals["x"]["is_known"]


def test_a_list_cleans_labels_of_which_nobody_knows_whether_they_are_right():
    found = resolved({"experiment": "plain", "rules": {"by hand": ["listed"]}}).removals["x"]
    assert not found["is_known"] and found["tests"] == {"plain": "digits", "listed": "digits"}


def test_one_pattern_may_stand_for_the_experiments_of_a_rule():
    rules = {"some": ["r*", "tested"]}
    assert resolved({"experiment": "all", "rules": rules}).removals["x"]["rules"] == [["some", ["right", "tested"]]]
