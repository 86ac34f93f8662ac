"""Relations of statistics of images with learning, through the workflow: of whom, and what they depend on."""

import pandas as pd
import pytest
import scipy.stats

from difficulty.scores.images.statistics import STATISTICS
from tests.support.plans import changes
from tests.support.suites import EVERYTHING
from tests.support.workflows import Workflow, altered, changed, rules, wildcards_of

DIFFERENT = set(STATISTICS) - {"edge_strength_per_pixel", "local_entropy_u8"}  # as others, in grey images of one size
COMPUTED = {"compute_relations", "describe_agreed"}
DRAWN = {"plot_relations", "plot_agreed_statistics"}
TABLES = ["results/experiments/plain/relations.parquet", "results/agreement/noise-statistics.parquet"]
FIGURES = [
    "results/figures/experiments/plain/relations.png",
    "results/figures/experiments/plain/statistics_histograms.png",
    "results/figures/agreement/noise/statistics.png",
]


def test_relations_are_of_the_statistics_and_scores_of_the_experiment(everything_source):
    scores = everything_source.table("plain/scores.parquet")
    table = everything_source.table("plain/relations.parquet")
    assert set(table["role"]) == {"train", "test"} and set(table["statistic"]) == DIFFERENT
    assert {"aum", "loss", "learning_epoch"} < set(table["score"]) and set(table["score"]).isdisjoint(STATISTICS)
    rows = table.set_index(["role", "statistic", "score", "kind"])["correlation"]
    for role, suffix in (("train", ""), ("test", "_test")):
        own = scores[scores["split"] == role]
        expected = -scipy.stats.spearmanr(own["edge_strength"], own[f"aum{suffix}"]).statistic
        assert rows[role, "edge_strength", "aum", "overall"] == pytest.approx(expected)


def test_means_over_agreed_images_are_of_the_group(everything_source):
    table = pd.read_parquet(everything_source.work / TABLES[1])
    assert set(table["statistic"]) == DIFFERENT
    assert table.groupby("role")["examples"].unique().map(list).to_dict() == {"train": [100], "test": [30]}
    scores = everything_source.table("plain/scores.parquet").groupby("split")["edge_strength"].mean()
    means = table[table["statistic"] == "edge_strength"].groupby("role")["mean_all"].first()
    assert means.to_dict() == pytest.approx(scores.to_dict())


def test_all_asks_for_experiments_and_groups_whose_experiments_are_all_named(plan_everything):
    jobs = plan_everything("--forceall")
    assert wildcards_of(jobs, "compute_relations") == ["noisy", "plain"]
    assert wildcards_of(jobs, "describe_agreed") == ["noise", "noisy", "plain"]
    jobs = plan_everything("--forceall", analyses__relations__experiments=["plain"])
    assert wildcards_of(jobs, "compute_relations") == ["plain"]
    assert wildcards_of(jobs, "describe_agreed") == wildcards_of(jobs, "plot_agreed_statistics") == ["plain"]


@pytest.mark.parametrize(
    ("places", "again"),
    [
        ({"analyses__relations__drawn": ["learning_epoch", "aum"]}, {"plot_relations"}),
        ({"analyses__relations__drawn": ["aum"]}, {"plot_relations"}),
        (
            {"analyses__relations__scores": ["learning_epoch", "aum", "loss_mean"]},
            {"compute_relations", "plot_relations"},
        ),
        ({"figures__dpi": 60}, DRAWN),
    ],
)
def test_a_changed_setting_recomputes_what_depends_on_it(plan_everything, places, again):
    assert rules(plan_everything(*TABLES, *FIGURES, **places)) == again


def test_relations_that_are_added_later_leave_what_is_there(tmp_path):
    without = altered(EVERYTHING, analyses__relations=None)
    (added,) = changes([without, EVERYTHING], tmp_path)
    assert {rule for rule, _ in added} == COMPUTED | DRAWN | {"build_atlas"}


@pytest.mark.full
def test_truth_columns_are_enough(tmp_path):
    groups, images = {"groups": {"noise": ["plain", "noisy"]}}, None
    config = changed(analyses={"agreement": groups, "images": images, "relations": {}})
    config["datasets"] = {"few": {"source": "shapes", "train": 90, "test": 30}}
    workflow = Workflow(tmp_path, config)
    workflow.run(*TABLES, *FIGURES)
    table = workflow.table("plain/relations.parquet")
    assert "radius" in set(table["statistic"]) and table["correlation"].isna().equals(table["kind"] == "partial")
