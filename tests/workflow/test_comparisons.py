"""Comparisons of experiments through the workflow: what they depend on, and what they leave alone."""

from tests.support.plans import changes
from tests.support.workflows import TINY, altered, rules, wildcards_of

FIGURES = {("plot_comparison", "noise loss"), ("plot_comparison", "noise top1")}
FOLDER = "results/figures/comparisons"
TARGETS = [f"{FOLDER}/noise/{measure}.png" for measure in ("loss", "top1")]


def test_both_figures_are_drawn(everything_source):
    found = {
        path.relative_to(everything_source.work / FOLDER) for path in (everything_source.work / FOLDER).rglob("*.*")
    }
    assert {str(path) for path in found} == {"noise/loss.png", "noise/top1.png"}


def test_all_of_the_workflow_asks_for_them(plan_everything):
    jobs = plan_everything(analyses__comparisons={"two": ["plain", "held_out"]})
    assert {("plot_comparison", "two loss"), ("plot_comparison", "two top1")} <= jobs
    assert "plot_comparison" not in rules(plan_everything("--forceall", analyses__comparisons={}))


def test_resolution_redraws_and_other_experiments_do_not(plan_everything):
    assert plan_everything(*TARGETS, figures__dpi=60) == FIGURES
    assert plan_everything(*TARGETS, experiments__held_out__batch_size=30) == set()


def test_another_seed_of_one_experiment_trains_it_and_redraws(plan_everything):
    jobs = plan_everything(*TARGETS, experiments__plain={"seeds": [0, 1, 2]})
    assert wildcards_of(jobs, "train_model") == ["plain seed-2"]
    assert jobs >= FIGURES


def test_another_learning_rate_trains_that_experiment_only(plan_everything):
    jobs = plan_everything(*TARGETS, experiments__plain__optimizer={"lr": 0.02})
    assert wildcards_of(jobs, "train_model") == ["plain seed-0", "plain seed-1"]
    assert jobs >= FIGURES


def test_experiments_of_a_grid_are_compared_by_pattern(tmp_path):
    """Another learning rate of one option of a grid concerns its experiments only."""
    config = {**TINY, "analyses": {**TINY["analyses"], "comparisons": {"noise": ["digits-*"]}}}
    config["experiments"] = {"digits": {"grid": {"noise": TINY["experiments"]}}, "other": {}}
    option = altered(config, experiments__digits__grid__noise__plain={"optimizer": {"lr": 0.02}})
    other = altered(config, experiments__other={"epochs": 2})
    changed_option, changed_other = changes([config, option, other], tmp_path)
    trained = {path for rule, path in changed_option if rule == "train_model"}
    assert {path.split("/")[2] for path in trained} == {"digits-plain"} and len(trained) == 2
    assert {("plot_comparison", path) for path in TARGETS} <= changed_option
    assert "plot_comparison" not in {rule for rule, _ in changed_other}
