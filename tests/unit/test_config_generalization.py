"""Studies of generalization: what they resolve to, and the evaluations that they imply."""

import yaml

from difficulty.config.resolve import resolve

BASE = yaml.safe_load("""
datasets:
  digits: {source: digits}
  easy: {source: subset, of: digits, select: {by: score, score: aum, experiment: clean, seeds: [0], keep: easiest,
    fraction: 0.5}, train: 100, test: 50}
  hard: {source: subset, of: digits, select: {by: learned, experiment: noisy, seeds: [0], keep: not_learned},
    train: 100, test: 50}
  random: {source: subset, of: digits, select: {by: random, fraction: 0.5}}
  harder: {source: subset, of: easy, select: {by: score, score: loss, experiment: noisy, seeds: [1], keep: hardest,
    fraction: 0.5}}
  listed: {source: subset, of: digits, select: {by: list, path: a.csv}}
defaults: {dataset: digits, architecture: mlp, epochs: 3, optimizer: {name: sgd, lr: 0.1}}
experiments:
  clean: {}
  noisy: {label_noise: {kind: symmetric, fraction: 0.1}}
  easy: {dataset: easy}
  hard: {dataset: hard}
  random: {dataset: random}
  harder: {dataset: harder}
  listed: {dataset: listed}
""")


def resolved(experiments, control=None, **sections):
    study = {"experiments": experiments, "control": control}
    return resolve({**BASE, **sections, "analyses": {"generalization": {"study": study}}})


def test_a_study_knows_its_data_sets_tests_and_chooser():
    assert resolved(["easy", "hard", "random"], "random").generalization == {
        "study": {
            "experiments": ["easy", "hard", "random"],
            "control": "random",
            "datasets": ["easy", "hard", "random"],
            "original": "digits",
            "tests": ["easy", "hard", "digits"],
            "chosen_by": {"easy": ["aum"], "hard": [], "random": []},
            "scores_of": "clean",
        }
    }


def test_the_first_experiment_that_chose_counts_and_none_need_have_chosen():
    assert resolved(["random", "hard", "easy"]).generalization["study"]["scores_of"] == "noisy"
    study = resolved(["random", "listed"]).generalization["study"]
    assert "scores_of" not in study and "control" not in study


def test_the_scores_may_be_those_of_another_experiment():
    study = {"experiments": ["easy", "hard"], "scores_of": "noisy"}
    assert resolve({**BASE, "analyses": {"generalization": {"x": study}}}).generalization["x"]["scores_of"] == "noisy"


def test_a_part_of_a_part_is_chosen_by_both_and_may_be_tested_on_the_test_split_of_the_other():
    study = resolved(["random", "harder"]).generalization["study"]
    assert study["original"] == "digits"
    assert study["tests"] == ["easy", "digits"]
    assert study["chosen_by"]["harder"] == ["loss", "aum"]


def test_every_experiment_is_evaluated_on_all_tests_before_what_is_configured():
    evaluations = {"noisy": ["easy"], "easy": ["random", "digits"]}
    assert resolved(["easy", "hard", "random"], evaluations=evaluations).evaluations == {
        "easy": ["hard", "digits", "random"],
        "hard": ["easy", "digits"],
        "random": ["easy", "hard", "digits"],
        "noisy": ["easy"],
    }


def test_a_whole_test_split_is_not_evaluated_on_once_more_under_a_parts_name():
    assert resolved(["random", "easy"]).evaluations == {"random": ["easy", "digits"], "easy": ["digits"]}


def test_a_list_may_name_test_images():
    assert resolved(["random", "listed"]).evaluations == {"random": ["listed", "digits"], "listed": ["digits"]}


def test_two_studies_share_evaluations():
    config = {**BASE, "analyses": {"generalization": {"a": {"experiments": ["easy", "hard"]}}}}
    config["analyses"]["generalization"]["b"] = {"experiments": ["easy", "random", "harder"]}
    evaluations = resolve(config).evaluations
    assert evaluations["easy"] == ["hard", "digits"]
    assert evaluations["hard"] == ["easy", "digits"]
    assert evaluations["harder"] == ["easy", "digits"]


def test_without_studies_evaluations_are_those_configured():
    assert resolve({**BASE, "evaluations": {"easy": ["hard"]}}).evaluations == {"easy": ["hard"]}
