"""Statistics of images through the workflow: once for each data set, whatever is trained on it."""

import pandas as pd
import pyarrow.parquet as pq

from difficulty.scores.images.statistics import STATISTICS
from tests.support.plans import changes
from tests.support.suites import PARTS
from tests.support.workflows import altered, rules, wildcards_of

NEW = {"compute_image_statistics", "select_statistics"}
FIGURE = "results/figures/experiments/noisy/image_maps.png"


def statistics(workflow) -> pd.DataFrame:
    return pd.read_parquet(workflow.work / "results/datasets/few/statistics.parquet").set_index("example_id")


def test_statistics_are_columns_of_the_scores(everything_source):
    scores = everything_source.table("noisy/scores.parquet").set_index("example_id")
    assert len(scores) == 130
    pd.testing.assert_frame_equal(scores[list(STATISTICS)], statistics(everything_source)[list(STATISTICS)])
    compared = everything_source.table("noisy/correlation.parquet")
    assert {"aum", "local_entropy", "segments"} < set(compared["score_a"])
    families = {"vog_late", "prediction_depth", "self_influence_ekfac"} & set(scores)
    assert families <= set(compared["score_a"]) and "contrast" not in set(compared["score_a"])


def test_a_subset_has_the_statistics_of_what_it_was_chosen_from(parts_source):
    assert not (parts_source.work / "results/datasets/random/statistics.parquet").exists()
    scores = parts_source.table("random/scores.parquet").set_index("example_id")
    assert len(scores) == 90
    names = PARTS["analyses"]["images"]["statistics"]
    pd.testing.assert_frame_equal(scores[names], statistics(parts_source).loc[scores.index, names])


def test_nothing_is_ranked_by_statistics(everything_source):
    results = everything_source.work / "results"
    supposed = pq.read_schema(results / "datasets/few/statistics.parquet")
    assert supposed.field("edge_strength").metadata[b"direction"] == b"1"
    joined = pq.read_schema(results / "experiments/noisy/scores.parquet")
    assert not any(b"direction" in joined.field(name).metadata for name in STATISTICS)
    tested = set(pd.read_parquet(results / "detection.parquet")["score"])
    assert "aum" in tested and tested.isdisjoint(STATISTICS)


def test_another_seed_computes_no_statistics(plan_everything):
    jobs = plan_everything("scores", defaults__seeds=[0, 1, 2])
    assert "train_model" in rules(jobs) and not rules(jobs) & NEW


def test_maps_are_drawn_where_they_are_asked_for(everything, plan_everything):
    assert plan_everything() == set()
    maps = {"experiments": ["noisy"], "count": 2}
    assert plan_everything(figures__image_maps=maps) == {("plot_image_maps", "noisy"), ("build_atlas", "")}
    everything.configure(altered(plan_everything.config, figures__image_maps=maps))
    everything.run(FIGURE)
    assert (everything.work / FIGURE).stat().st_size > 10_000
    assert everything.planned() == {("build_atlas", "")}
    everything.configure(altered(plan_everything.config, figures__image_maps={"count": 1, "score": "loss"}))
    assert wildcards_of(everything.planned(), "plot_image_maps") == ["held_out", "noisy", "plain"]


def test_other_statistics_train_nothing(plan_everything):
    jobs = plan_everything("scores", analyses__images__size=8)
    assert {job for job in jobs if job[0] in NEW} == {
        ("compute_image_statistics", "few"),
        *(("select_statistics", name) for name in ("held_out", "noisy", "plain")),
    }
    assert rules(jobs) - NEW == {
        *("collect_scores", "compute_correlation", "rank_suspects", "compute_detection", "collect_detection"),
        *("compute_relations", "describe_agreed", "compute_vog_analysis", "scores"),
    }


def test_statistics_that_are_added_later_leave_what_is_there(tmp_path):
    described = altered(
        PARTS,
        datasets__edgy=PARTS["datasets"]["half"],
        datasets__few__features=None,
        analyses__images={"statistics": ["brightness"]},
        analyses__correlation={"bootstrap": 20},
    )
    (added,) = changes([altered(described, analyses__images=None), described], tmp_path)
    assert {rule for rule, _ in added} >= NEW
    kept = {"prepare_dataset", "link_subset", "train_model", "evaluate_run", "score_dynamics", "compute_agreement"}
    assert not {rule for rule, _ in added} & kept


def test_a_subset_is_chosen_by_a_statistic(parts_source):
    chosen = pd.read_parquet(parts_source.work / "results/datasets/edgy/examples.parquet")
    strength = statistics(parts_source)["edge_strength"]
    examples = pd.read_parquet(parts_source.work / "results/datasets/few/examples.parquet").set_index("example_id")
    training = strength[examples.index[examples["split"] == "train"]]
    assert set(chosen["example_id"][chosen["split"] == "train"]) == set(training.nlargest(24).index)
