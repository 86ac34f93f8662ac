"""Order stability through the workflow: what is made of a group, what it depends on, and what it leaves alone."""

import pandas as pd
import pytest

from tests.workflow.conftest import TINY, Workflow, changed

GROUPED = changed(analyses={"agreement": {"groups": {"noise": ["plain", "noisy"]}}})
TABLES = [
    f"results/agreement/{group}-{table}.parquet" for group in ("noise", "plain") for table in ("order", "reliability")
]
FIGURE = "results/figures/agreement/noise/order.png"
COMPUTED = {("compute_order_stability", group) for group in ("noise", "plain")}
DRAWN = {("plot_order_stability", "noise")}


@pytest.fixture(scope="module")
def workflow(tmp_path_factory):
    workflow = Workflow(tmp_path_factory.mktemp("order"), GROUPED)
    workflow.run(*TABLES, FIGURE)
    return workflow


def configured(scores=None, **experiments):
    agreement = {"groups": {"noise": ["plain", "noisy"]}, **({"scores": scores} if scores else {})}
    return changed(analyses={"agreement": agreement}, experiments=experiments)


def test_every_pair_of_runs_and_halves_of_runs_and_of_experiments(workflow):
    folder = workflow.work / "results" / "agreement"
    order = pd.read_parquet(folder / "noise-order.parquet")
    runs = [f"{experiment}/seed-{seed}" for experiment in ("plain", "noisy") for seed in (0, 1)]
    assert list(dict.fromkeys(order["run_a"])) == runs
    assert set(order["role"]) == {"train", "test"} and len(order) == 2 * 4 * len(runs) ** 2
    assert order.groupby("role")["examples"].unique().map(list).to_dict() == {"train": [100], "test": [30]}
    kinds = order.drop_duplicates(["run_a", "run_b"])["kind"].value_counts().to_dict()
    assert kinds == {"self": 4, "within": 4, "between": 4, "paired": 4}
    halves = pd.read_parquet(folder / "noise-reliability.parquet").groupby("members")["splits"].unique()
    assert halves.map(list).to_dict() == {"seeds": [1], "experiments": [2]}
    assert set(pd.read_parquet(folder / "plain-reliability.parquet")["members"]) == {"seeds"}
    seeds = pd.read_parquet(folder / "plain-order.parquet")["run_a"].unique()
    assert list(seeds) == ["plain/seed-0", "plain/seed-1"]


def test_all_of_the_workflow_asks_for_them_and_draws_groups_of_several(workflow):
    asked = workflow.planned()
    assert {job for job in asked if job[0] == "compute_order_stability"} == {("compute_order_stability", "noisy")}
    assert "plot_order_stability" not in {rule for rule, _ in asked}
    assert workflow.planned(*TABLES, FIGURE) == set()
    workflow.configure(TINY)
    assert not {job for job in workflow.planned() if job[0] == "plot_order_stability"}
    workflow.configure(GROUPED)


@pytest.mark.full
def test_other_scores_compute_and_redraw_and_train_nothing(workflow):
    workflow.configure(configured(["loss", "aum"]))
    assert workflow.planned(*TABLES, FIGURE) == COMPUTED | DRAWN
    workflow.configure({**GROUPED, "figures": {"dpi": 60}})
    assert workflow.planned(*TABLES, FIGURE) == DRAWN
    workflow.configure(GROUPED)


def test_another_seed_of_one_experiment_recomputes_its_groups_only(workflow):
    workflow.configure(configured(noisy={**TINY["experiments"]["noisy"], "seeds": [0, 1, 2]}))
    jobs = workflow.planned(*TABLES, FIGURE)
    assert {job for job in jobs if job[0] == "train_model"} == {("train_model", "noisy seed-2")}
    assert {job for job in jobs if "order_stability" in job[0]} == {("compute_order_stability", "noise")} | DRAWN
    workflow.configure(GROUPED)


@pytest.mark.full
def test_a_group_may_end_like_a_table_of_no_other_group(workflow):
    groups = {"in-order": ["plain", "noisy"]}
    workflow.configure(changed(analyses={"agreement": {"groups": groups}}))
    jobs = workflow.planned("results/agreement/in-order.parquet", "results/agreement/in-order-order.parquet")
    assert {job for job in jobs if "in-order" in job} == {
        *(("compute_agreement", "in-order"), ("compute_order_stability", "in-order"))
    }
    workflow.configure(GROUPED)


@pytest.mark.full
def test_results_are_verified(workflow):
    assert workflow.verify() == []
