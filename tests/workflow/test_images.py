"""Statistics of images through the workflow: once for each data set, whatever is trained on it."""

import pandas as pd
import pyarrow.parquet as pq
import pytest

from difficulty.scores.images.statistics import STATISTICS
from tests.workflow.conftest import TINY, Workflow, changed

RANDOM = {"source": "subset", "of": "few", "select": {"by": "random", "fraction": 0.5}}
SELECT = {"by": "score", "score": "edge_strength", "experiment": "noisy", "seeds": [0]}
EDGY = {"source": "subset", "of": "few", "select": {**SELECT, "keep": "hardest", "fraction": 0.2}}
NEW = {"compute_image_statistics", "select_statistics"}


def with_statistics(seeds=(0,), size=None, maps=None, **datasets):
    config = changed(analyses={"images": {"size": size}, "agreement": {"groups": {}}}, defaults={"seeds": list(seeds)})
    config["figures"] = {**TINY["figures"], "image_maps": maps}
    config["datasets"] = {**TINY["datasets"], "random": RANDOM, **datasets}
    config["experiments"] = {"noisy": TINY["experiments"]["noisy"], "random": {"dataset": "random"}}
    config["experiments"] |= {name: {"dataset": name} for name in datasets}
    return config


@pytest.fixture(scope="module")
def described_source(tmp_path_factory) -> Workflow:
    workflow = Workflow(tmp_path_factory.mktemp("images"), with_statistics())
    workflow.run("scores")
    return workflow


@pytest.fixture
def described(described_source, tmp_path) -> Workflow:
    return described_source.copied(tmp_path / "copy")


def planned(workflow, *arguments, **settings):
    workflow.configure(with_statistics(*arguments, **settings))
    return {(rule, wildcards) for rule, wildcards in workflow.planned("scores") if rule in NEW}


def statistics(workflow) -> pd.DataFrame:
    return pd.read_parquet(workflow.work / "results/datasets/few/statistics.parquet").set_index("example_id")


def test_statistics_are_columns_of_the_scores(described_source):
    scores = described_source.table("noisy/scores.parquet").set_index("example_id")
    assert len(scores) == 130
    pd.testing.assert_frame_equal(scores[list(STATISTICS)], statistics(described_source)[list(STATISTICS)])
    compared = described_source.table("noisy/correlation.parquet")
    assert {"aum", "local_entropy", "segments"} < set(compared["score_a"]) and compared["spearman"].notna().all()


def test_subset_has_the_statistics_of_what_it_was_chosen_from(described_source):
    assert not (described_source.work / "results/datasets/random/statistics.parquet").exists()
    scores = described_source.table("random/scores.parquet").set_index("example_id")
    assert len(scores) == 80
    expected = statistics(described_source).loc[scores.index, list(STATISTICS)]
    pd.testing.assert_frame_equal(scores[list(STATISTICS)], expected)


def test_nothing_is_ranked_by_statistics(described_source):
    results = described_source.work / "results"
    supposed = pq.read_schema(results / "datasets/few/statistics.parquet")
    assert supposed.field("edge_strength").metadata[b"direction"] == b"1"
    joined = pq.read_schema(results / "experiments/noisy/scores.parquet")
    assert not any(b"direction" in joined.field(name).metadata for name in STATISTICS)
    tested = set(pd.read_parquet(results / "detection.parquet")["score"])
    assert "aum" in tested and tested.isdisjoint(STATISTICS)


def test_another_seed_or_number_of_threads_computes_no_statistics(described):
    assert planned(described, seeds=(0, 1)) == set()
    described.configure(with_statistics())
    described.edit("workflow/rules/images.smk", "threads: 4", "threads: 1")
    assert described.planned("scores") == set()


def test_maps_are_drawn_where_they_are_asked_for(described):
    assert not {rule for rule, _ in described.planned("figures")} & {"plot_image_maps"}
    described.configure(with_statistics(maps={"experiments": ["noisy"], "count": 2}))
    assert described.planned("scores") == set()
    figure = "results/figures/experiments/noisy/image_maps.png"
    assert described.planned(figure) == {("plot_image_maps", "noisy")}
    described.run(figure)
    assert (described.work / figure).stat().st_size > 10_000
    assert described.planned(figure) == set()
    described.configure(with_statistics(maps={"count": 1, "score": "loss"}))
    drawn = {wildcards for rule, wildcards in described.planned("figures") if rule == "plot_image_maps"}
    assert drawn == {"noisy", "random"}


@pytest.mark.full
def test_other_statistics_train_nothing(described):
    assert planned(described, size=8) == {
        ("compute_image_statistics", "few"),
        ("select_statistics", "noisy"),
        ("select_statistics", "random"),
    }
    assert {rule for rule, _ in described.planned("scores")} - NEW == {
        "collect_scores",
        "compute_correlation",
        "rank_suspects",
        "compute_detection",
        "collect_detection",
        "scores",
    }


@pytest.mark.full
def test_statistics_that_are_added_later_leave_what_is_there(tmp_path):
    config = with_statistics()
    workflow = Workflow(tmp_path, {**config, "analyses": {**config["analyses"], "images": None}})
    workflow.run("results/experiments/noisy/scores/dynamics.parquet", "results/datasets/random/examples.parquet")
    workflow.configure(config)
    targets = [f"results/experiments/{name}/scores/images.parquet" for name in ("noisy", "random")]
    targets += ["results/experiments/noisy/scores/dynamics.parquet"]
    assert {rule for rule, _ in workflow.planned(*targets)} == NEW


@pytest.mark.full
def test_subset_by_a_statistic(described):
    described.configure(with_statistics(edgy=EDGY))
    described.run("results/datasets/edgy/examples.parquet")
    chosen = pd.read_parquet(described.work / "results/datasets/edgy/examples.parquet")
    strength = statistics(described)["edge_strength"]
    examples = pd.read_parquet(described.work / "results/datasets/few/examples.parquet").set_index("example_id")
    training = strength[examples.index[examples["split"] == "train"]]
    assert set(chosen["example_id"][chosen["split"] == "train"]) == set(training.nlargest(20).index)
