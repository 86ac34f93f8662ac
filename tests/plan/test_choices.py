"""What subsets that are chosen by an experiment, and labels from another one, depend on and what they do not."""

import json

from difficulty.config.resolve import resolve
from difficulty.plan import paths
from difficulty.plan.plan import Plan

SUBSET = {"source": "subset", "of": "digits"}
SCORE = {"by": "score", "score": "label_error", "experiment": "plain", "seeds": [0], "keep": "easiest", "fraction": 0.9}
SHARED = {"kind": "experiment", "experiment": "plain"}
SELECTIONS = {
    "scored": SCORE,
    "sure": {"by": "verdict", "experiment": "plain", "drop": ["likely wrong label"]},
    "right": {"by": "truth", "experiment": "plain"},
    "drawn": {"by": "random", "like": "sure"},
}


def planned(noise=SHARED, seeds=(0, 1), **analyses) -> Plan:
    datasets = {name: {**SUBSET, "select": select} for name, select in SELECTIONS.items()}
    defaults = {"dataset": "digits", "architecture": "mlp", "epochs": 3, "optimizer": {"name": "sgd", "lr": 0.1}}
    planted = {"kind": "symmetric", "fraction": 0.1}
    experiments = {name: {"dataset": name, "seeds": [5], "label_noise": noise} for name in SELECTIONS}
    experiments |= {"plain": {"seeds": [*seeds], "label_noise": planted, "folds": 2}}
    sections = {"datasets": {"digits": {"source": "digits"}, **datasets}, "experiments": experiments}
    sections |= {"defaults": defaults, "analyses": analyses}
    return Plan(resolve(sections), lambda *source: " ".join(source))


def test_label_error_of_the_seeds_that_are_named_chooses():
    plan = planned()
    assert plan.data.evidence("scored") == [paths.LABEL_ERROR_OF_SEEDS.format(experiment="plain")]
    assert plan.data.subset_runs("scored") == ["seed-0"]  # the folds of a seed together
    assert planned(seeds=(0, 1, 2)).data.key("scored") == plan.data.key("scored")


def test_verdicts_of_all_seeds_choose():
    plan, further = planned(), planned(seeds=(0, 1, 2))
    assert plan.data.evidence("sure") == [
        pattern.format(experiment="plain") for pattern in (paths.SUSPECTS_TABLE, paths.LABEL_ERRORS)
    ]
    assert json.loads(plan.data.link_subset("sure").settings)["select"]["seeds"] == [0, 1]
    assert further.data.key("sure") != plan.data.key("sure") and further.data.key("drawn") != plan.data.key("drawn")
    assert plan.data.link_subset("sure").code == "link_subset subsets.verdicts"
    assert plan.data.link_subset("right").code == "link_subset"


def test_the_truth_is_that_of_the_labels_whatever_is_trained_on_them():
    plan = planned()
    assert plan.data.evidence("right") == [paths.LABELS.format(experiment="plain")]
    assert planned(seeds=(3, 0, 1)).data.key("right") == plan.data.key("right")


def test_labels_of_another_experiment_do_not_depend_on_its_networks_unless_it_relabels():
    plan, further = planned(), planned(seeds=(0, 1, 2))
    assert plan.training.labels_key("right") == further.training.labels_key("right")
    assert plan.training.share_labels("right").settings == "{}"
    relabelled, more = (planned({**SHARED, "relabel": True}, seeds) for seeds in ((0, 1), (0, 1, 2)))
    assert relabelled.training.labels_key("right") != more.training.labels_key("right")
    assert relabelled.training.share_labels("right").code == "share_labels subsets.verdicts"
    assert '"corrected": true' in relabelled.scores.score_label_error("right").settings
    assert relabelled.training.others_suspects("right") == plan.data.evidence("sure")


def test_what_says_how_many_are_drawn_is_made_and_waited_for():
    plan = planned()
    assert plan.data.evidence("drawn") == [paths.EXAMPLES.format(dataset="sure")]
    assert plan.data.choosers("drawn") == ["plain"]
    assert plan.checks.checked_datasets("plain") == ["digits"]
