"""Relations of statistics of images with learning, through the workflow: of whom, and what they depend on."""

import pandas as pd
import pytest
import scipy.stats

from difficulty.scores.images.statistics import STATISTICS
from tests.workflow.conftest import Workflow, changed

CHOSEN = ["edge_strength", "brightness"]
GROUPS = {"groups": {"noise": ["plain", "noisy"]}}
COMPUTED = {"compute_relations", "describe_agreed"}
DRAWN = {"plot_relations", "plot_statistics_histograms", "plot_agreed_statistics"}
TABLES = ["results/experiments/plain/relations.parquet", "results/agreement/noise-statistics.parquet"]
FIGURES = [
    "results/figures/experiments/plain/relations.png",
    "results/figures/experiments/plain/statistics_histograms.png",
    "results/figures/agreement/noise/statistics.png",
]


def configured(dpi=50, images=None, **relations):
    images = {"statistics": CHOSEN} if images is None else images
    return changed(analyses={"agreement": GROUPS, "images": images, "relations": relations}, figures={"dpi": dpi})


@pytest.fixture(scope="module")
def workflow(tmp_path_factory):
    workflow = Workflow(tmp_path_factory.mktemp("relations"), configured())
    workflow.run(*TABLES, *FIGURES)
    return workflow


def planned(workflow, *targets, **settings):
    """Names of the rules of this analysis, and of all others, that a dry run names."""
    workflow.configure(configured(**settings))
    rules = {rule for rule, _ in workflow.planned(*(targets or [*TABLES, *FIGURES]))}
    workflow.configure(configured())
    return rules & (COMPUTED | DRAWN), rules - COMPUTED - DRAWN


def test_relations_are_of_the_statistics_and_scores_of_the_experiment(workflow):
    scores = workflow.table("plain/scores.parquet")
    table = workflow.table("plain/relations.parquet")
    assert set(table["role"]) == {"train", "test"} and set(table["statistic"]) == set(CHOSEN)
    assert {"aum", "loss", "learning_epoch"} < set(table["score"]) and set(table["score"]).isdisjoint(STATISTICS)
    rows = table.set_index(["role", "statistic", "score", "kind"])["correlation"]
    for role, suffix in (("train", ""), ("test", "_test")):
        own = scores[scores["split"] == role]
        expected = -scipy.stats.spearmanr(own["edge_strength"], own[f"aum{suffix}"]).statistic
        assert rows[role, "edge_strength", "aum", "overall"] == pytest.approx(expected)


def test_means_over_agreed_images_are_of_the_group(workflow):
    table = pd.read_parquet(workflow.work / TABLES[1])
    assert set(table["statistic"]) == set(CHOSEN)
    assert table.groupby("role")["examples"].unique().map(list).to_dict() == {"train": [100], "test": [30]}
    scores = workflow.table("plain/scores.parquet").groupby("split")["edge_strength"].mean()
    means = table[table["statistic"] == "edge_strength"].groupby("role")["mean_all"].first()
    assert means.to_dict() == pytest.approx(scores.to_dict())


def test_all_asks_for_experiments_and_groups_whose_experiments_are_all_named(workflow):
    jobs = {job for job in workflow.planned() if job[0] in COMPUTED}
    assert jobs == {
        *(("compute_relations", "noisy"), ("describe_agreed", "noisy")),
        ("describe_agreed", "plain"),
    }
    workflow.configure(configured(experiments=["plain"]))
    jobs = {job for job in workflow.planned() if job[0] in COMPUTED | DRAWN}
    assert jobs == {("describe_agreed", "plain"), ("plot_agreed_statistics", "plain")}
    workflow.configure(configured())
    assert planned(workflow) == (set(), set())


def test_a_changed_setting_recomputes_what_depends_on_it(workflow):
    assert planned(workflow, drawn=["learning_epoch", "aum"]) == ({"plot_relations"}, set())
    assert planned(workflow, drawn=["aum"]) == ({"plot_relations", "plot_statistics_histograms"}, set())
    assert planned(workflow, scores=["learning_epoch", "aum", "loss_mean"]) == (
        {"compute_relations", "plot_relations"},
        set(),
    )
    assert planned(workflow, dpi=60) == (DRAWN, set())


@pytest.mark.full
def test_relations_that_are_added_later_leave_what_is_there(tmp_path):
    workflow = Workflow(tmp_path, changed(analyses={"agreement": GROUPS, "images": {"statistics": CHOSEN}}))
    workflow.run("results/experiments/plain/scores.parquet", "results/agreement/noise.parquet")
    targets = [*TABLES, *FIGURES, "results/experiments/plain/scores.parquet", "results/agreement/noise.parquet"]
    assert planned(workflow, *targets) == (COMPUTED | DRAWN, set())


@pytest.mark.full
def test_truth_columns_are_enough(tmp_path):
    config = configured()
    config["datasets"] = {"few": {"source": "shapes", "train": 90, "test": 30}}
    config["analyses"] |= {"images": None}
    workflow = Workflow(tmp_path, config)
    workflow.run(*TABLES, *FIGURES)
    table = workflow.table("plain/relations.parquet")
    assert "radius" in set(table["statistic"]) and table["correlation"].isna().equals(table["kind"] == "partial")


@pytest.mark.full
def test_results_are_verified(workflow):
    assert workflow.verify() == []
