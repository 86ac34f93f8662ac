"""What a configuration leads to, without Snakemake: stages, the keys that they depend on, paths, and missing files."""

import json
from itertools import product
from pathlib import Path

import pytest
import yaml

from difficulty.config.resolve import resolve
from difficulty.config.training.inheritance import merged
from difficulty.errors import UserError
from difficulty.plan import paths
from difficulty.plan.plan import Plan
from difficulty.plan.stage import Stage

CONFIG = yaml.safe_load("""
select: &by_aum {by: score, score: aum, experiment: plain, seeds: [0], keep: easiest, fraction: 0.5}
datasets:
  digits: {source: digits}
  easy: {source: subset, of: digits, select: *by_aum}
defaults: {dataset: digits, architecture: resnet9, epochs: 6, seeds: [0, 1], optimizer: {name: sgd, lr: 0.1}}
experiments:
  plain: {}
  noisy: {label_noise: {kind: symmetric, fraction: 0.1}}
  easy: {dataset: easy, seeds: [2]}
analyses:
  vog: {}
  prediction_depth: {}
  influence: {}
  agreement: {groups: {noise: [plain, noisy]}}
""")


del CONFIG["select"]


def planned(changed_script: str = "", **changes) -> Plan:
    """The plan of the configuration with changes, and with other code of one script."""

    def digest(script: str, *modules: str) -> str:
        return f"{script}{'-changed' * (script == changed_script)} {' '.join(modules)}"

    return Plan(resolve(merged(CONFIG, changes)), digest)


@pytest.mark.parametrize("part", ["settings", "code", "upstream"])
def test_a_key_depends_on_all_three_parameters(part):
    stage = Stage("{}", "code", "upstream")
    assert stage.key != Stage(**{"settings": "{}", "code": "code", "upstream": "upstream", part: "other"}).key
    assert stage.key == Stage("{}", "code", "upstream").key


def test_the_order_of_settings_is_of_no_account():
    plan = planned()
    assert plan.stage("x", {"a": 1, "b": 2}) == plan.stage("x", {"b": 2, "a": 1})


def test_a_further_seed_trains_that_seed_only_and_changes_all_scores():
    before, after = planned(), planned(defaults={"seeds": [0, 1, 5]})
    assert after.training.train_model("plain") == before.training.train_model("plain")
    for family, stage in after.families.items():
        assert stage("plain") is None or stage("plain").key != before.families[family]("plain").key
    assert after.scores.key("plain") != before.scores.key("plain")


@pytest.mark.parametrize(
    "changes, shared",
    [
        ({}, {"easy": "digits"}),
        ({"test": 20}, {}),
        ({"select": {"by": "class", "classes": ["1", "2"]}}, {}),
        ({"select": {"by": "random", "fraction": 0.5}, "of": "parent"}, {"easy": "digits"}),
    ],
    ids=["by score", "own test images", "by class", "subset of a subset"],
)
def test_the_figure_of_evaluations_knows_which_test_images_are_the_same(changes, shared):
    parent = {"source": "subset", "of": "digits", "select": {"by": "random", "fraction": 0.5}}
    stage = planned(datasets={"easy": changes, "parent": parent}).figures.plot_evaluations()
    assert json.loads(stage.settings)["shared_tests"] == shared


def test_a_subset_by_named_seeds_stays_when_a_seed_is_added():
    before, after = planned(), planned(experiments={"plain": {"seeds": [0, 1, 5]}})
    assert after.data.key("easy") == before.data.key("easy")


def test_a_setting_changes_its_own_experiment_and_what_is_chosen_by_it():
    before, after = planned(), planned(experiments={"plain": {"optimizer": {"lr": 0.2}}})
    assert after.scores.key("plain") != before.scores.key("plain")
    assert after.data.key("easy") != before.data.key("easy")
    assert after.training.run_key("easy") != before.training.run_key("easy")
    assert after.scores.key("noisy") == before.scores.key("noisy")
    assert after.agreement.compute_agreement("noise").key != before.agreement.compute_agreement("noise").key


@pytest.mark.parametrize(
    ("script", "unchanged"),
    [
        ("score_vog", ["dynamics", "prediction_depth", "consensus", "influence"]),
        ("vote_probes", ["dynamics", "vog", "influence", "consensus"]),
        ("fit_factors", ["dynamics", "vog", "prediction_depth", "consensus"]),
        ("train_model", []),
    ],
)
def test_other_code_changes_what_depends_on_it(script, unchanged):
    before, after = planned(), planned(script)
    for family in ("dynamics", "vog", "prediction_depth", "consensus", "influence"):
        is_same = after.families[family]("plain").key == before.families[family]("plain").key
        assert is_same == (family in unchanged), family
    assert after.scores.key("plain") != before.scores.key("plain")


def test_all_missing_files_are_reported_at_once():
    noise = {"label_noise": {"kind": "file", "path": "noise.csv"}}
    plan = planned(experiments={"noisy": noise, "plain": {"weights": "start.pt"}})
    with pytest.raises(UserError) as error:
        plan.training.require_named_files()
    here = Path.cwd()
    assert str(error.value).splitlines() == [
        f"config.yaml: experiments.plain.weights: no such file: start.pt, relative to {here}; fix the path",
        f"config.yaml: experiments.noisy.label_noise.path: no such file: noise.csv, relative to {here}; fix the path",
    ]


def test_patterns_of_paths_are_all_different():
    patterns = [value for name, value in vars(paths).items() if name.isupper() and not name.startswith("_")]
    assert len(patterns) > 50
    assert len(set(patterns)) == len(patterns)


def test_everything_that_is_asked_for_is_asked_for_once():
    plan = planned()
    asked = plan.files()
    assert len(asked) == len(set(asked))
    wanted = {paths.SUSPECTS.format(experiment=name) for name in ("plain", "noisy", "easy")}
    wanted |= {
        f"results/figures/experiments/{name}/gallery.{kind}" for name, kind in product(["plain"], plan.figures.formats)
    }
    assert wanted <= set(asked)


def test_files_are_decoded_by_several_processes_and_arrays_by_one():
    data = planned(datasets={"photos": {"source": "image_folder", "path": "photos"}}).data
    assert data.processes("photos") == 4 and data.processes("digits") == 1
