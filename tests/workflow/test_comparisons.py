"""Comparisons of a grid's experiments through the workflow: what they depend on, and what they leave alone."""

import pytest

from tests.workflow.conftest import TINY, Workflow, changed

COMPARED = changed(analyses={"comparisons": {"noise": ["digits-*"]}})
COMPARED["experiments"] = {"digits": {"grid": {"noise": TINY["experiments"]}}, "other": {}}
FIGURES = {("plot_comparison", "noise loss"), ("plot_comparison", "noise top1")}
TARGETS = [f"results/figures/comparisons/noise/{measure}.png" for measure in ("loss", "top1")]


@pytest.fixture(scope="module")
def workflow(tmp_path_factory):
    workflow = Workflow(tmp_path_factory.mktemp("comparisons"), COMPARED)
    workflow.run(*TARGETS)
    return workflow


def test_both_figures_are_drawn_of_the_named_experiments_only(workflow):
    folder = workflow.work / "results" / "figures" / "comparisons" / "noise"
    assert {path.name for path in folder.iterdir()} == {"loss.png", "loss.pdf", "top1.png", "top1.pdf"}
    assert not (workflow.work / "results" / "experiments" / "other").exists()
    assert workflow.planned(*TARGETS) == set()


def test_all_of_the_workflow_asks_for_them(workflow):
    workflow.configure(
        {**COMPARED, "analyses": {**COMPARED["analyses"], "comparisons": {"two": ["digits-plain", "other"]}}}
    )
    assert {("plot_comparison", "two loss"), ("plot_comparison", "two top1")} <= workflow.planned()
    workflow.configure(changed())
    assert "plot_comparison" not in workflow.counts()
    workflow.configure(COMPARED)


def test_resolution_redraws_and_other_experiments_do_not(workflow):
    workflow.configure({**COMPARED, "figures": {"dpi": 60}})
    assert workflow.planned(*TARGETS) == FIGURES
    experiments = {**COMPARED["experiments"], "other": {"epochs": 2}}
    workflow.configure({**COMPARED, "experiments": experiments})
    assert workflow.planned(*TARGETS) == set()
    workflow.configure(COMPARED)


def with_option(plain: dict) -> dict:
    """The configuration with other settings for the option `plain`."""
    grid = {"noise": {**TINY["experiments"], "plain": plain}}
    return {**COMPARED, "experiments": {**COMPARED["experiments"], "digits": {"grid": grid}}}


def test_another_seed_of_one_option_trains_it_and_redraws(workflow):
    workflow.configure(with_option({"seeds": [0, 1, 2]}))
    jobs = workflow.planned(*TARGETS)
    assert {job for job in jobs if job[0] == "train_model"} == {("train_model", "digits-plain seed-2")}
    assert jobs >= FIGURES
    workflow.configure(COMPARED)


def test_another_learning_rate_of_one_option_trains_its_experiments_only(workflow):
    workflow.configure(with_option({"optimizer": {"lr": 0.02}}))
    jobs = workflow.planned(*TARGETS)
    trained = {("train_model", f"digits-plain seed-{seed}") for seed in (0, 1)}
    assert {job for job in jobs if job[0] == "train_model"} == trained
    assert jobs >= FIGURES
    workflow.configure(COMPARED)
