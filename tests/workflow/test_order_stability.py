"""Order stability through the workflow: what is made of a group, what it depends on, and what it leaves alone."""

import pandas as pd

from tests.support.workflows import wildcards_of

TABLES = [
    f"results/agreement/{group}-{table}.parquet" for group in ("noise", "plain") for table in ("order", "reliability")
]
FIGURE = "results/figures/agreement/noise/order.png"
COMPUTED = {("compute_order_stability", group) for group in ("noise", "plain")}
DRAWN = {("plot_order_stability", "noise")}
GROUPS = {"noise": ["plain", "noisy"]}


def test_every_pair_of_runs_and_halves_of_runs_and_of_experiments(everything_source):
    folder = everything_source.work / "results" / "agreement"
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


def test_all_of_the_workflow_asks_for_them_and_draws_groups_of_several(plan_everything):
    jobs = plan_everything("--forceall")
    assert wildcards_of(jobs, "compute_order_stability") == ["held_out", "noise", "noisy", "plain"]
    assert wildcards_of(jobs, "plot_order_stability") == ["noise"]
    jobs = plan_everything("--forceall", analyses__agreement={"groups": {}})
    assert wildcards_of(jobs, "compute_order_stability") == ["held_out", "noisy", "plain"]
    assert wildcards_of(jobs, "plot_order_stability") == []


def test_other_scores_compute_and_redraw_and_train_nothing(plan_everything):
    other = {"groups": GROUPS, "scores": ["loss", "aum"]}
    assert plan_everything(*TABLES, FIGURE, analyses__agreement=other) == COMPUTED | DRAWN
    assert plan_everything(*TABLES, FIGURE, figures__dpi=60) == DRAWN


def test_another_seed_of_one_experiment_recomputes_its_groups_only(plan_everything):
    jobs = plan_everything(*TABLES, FIGURE, experiments__noisy__seeds=[0, 1, 2])
    assert wildcards_of(jobs, "train_model") == ["noisy seed-2"]
    assert {job for job in jobs if "order_stability" in job[0]} == {("compute_order_stability", "noise")} | DRAWN


def test_a_group_may_end_like_a_table_of_no_other_group(plan_everything):
    targets = "results/agreement/in-order.parquet", "results/agreement/in-order-order.parquet"
    jobs = plan_everything(*targets, analyses__agreement__groups={"in-order": ["plain", "noisy"]})
    assert jobs == {("compute_agreement", "in-order"), ("compute_order_stability", "in-order")}
