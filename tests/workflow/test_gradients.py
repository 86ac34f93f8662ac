"""Variance of gradients through the workflow: what a change extracts again, and streaming."""

import json
import shutil

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from tests.support.suites import EVERYTHING
from tests.support.workflows import altered, rules, wildcards_of

STAGES = EVERYTHING["analyses"]["vog"]["stages"]
RUN = "results/experiments/plain/seed-0"
STORED = 2e-3  # float16 maps of 8 x 8 pixels, relative to VoG


def test_one_more_checkpoint_in_a_stage_is_the_only_one_extracted(everything):
    """Of a stage that had lost its first one."""
    for seed in (0, 1):
        (everything.work / f"results/experiments/plain/seed-{seed}/gradients/epoch-0.parquet").unlink()
    everything.configure(altered(EVERYTHING, analyses__vog__stages={**STAGES, "late": [0, 1, 2, 3]}))
    jobs = everything.planned()
    extracted = wildcards_of(jobs, "extract_gradients")
    assert [wildcards.split()[:3] for wildcards in extracted] == [["plain", f"seed-{seed}", "0"] for seed in (0, 1)]
    assert {"compute_vog", "score_vog", "collect_scores"} <= rules(jobs)
    assert not rules(jobs) & {"train_model", "evaluate_run", "score_dynamics"}


def test_a_lost_table_is_made_again(everything):
    (everything.work / RUN / "vog.parquet").unlink()
    assert rules(everything.planned("scores")) >= {"compute_vog"}
    (everything.work / RUN / "gradients/epoch-2.parquet").unlink()
    (extracted,) = wildcards_of(everything.planned("scores"), "extract_gradients")
    assert extracted.startswith("plain seed-0 2")


def test_a_stage_less_extracts_nothing(plan_everything):
    jobs = plan_everything(analyses__vog__stages={"late": STAGES["late"]})
    assert jobs and "extract_gradients" not in rules(jobs)


def test_scores_are_in_the_table_and_compared_with_the_others(everything_source):
    scores = everything_source.table("plain/scores.parquet")
    names = [f"vog_{stage}{ending}{role}" for stage in STAGES for ending in ("", "_raw") for role in ("", "_test")]
    assert {*names, "gradient_magnitude", "vog_early_std", "vog_early_undefined"} <= set(scores.columns)
    assert "vog_early" not in everything_source.table("noisy/scores.parquet").columns
    train = scores[scores["split"] == "train"]
    assert train["vog_early_test"].isna().all() and train["vog_early"].notna().any()
    by_run = everything_source.table("plain/scores/vog.parquet").query("role == 'train' and run == 'seed-1'")
    given = by_run.merge(train[["example_id", "label"]])
    spread = given.groupby("label")["vog_early"].agg(["mean", lambda values: values.std(ddof=0)])
    np.testing.assert_allclose(spread, np.tile([0.0, 1.0], (len(spread), 1)), atol=1e-5)


def test_streaming_in_shards_gives_the_same_and_keeps_no_map(everything):
    kept = everything.table("plain/seed-0/vog.parquet").set_index(["stage", "example_id"]).sort_index()
    streaming = {"experiments": ["plain"], "stages": STAGES, "keep_gradients": False, "shards": 3}
    everything.configure(altered(EVERYTHING, analyses__vog=streaming))
    shutil.rmtree(everything.work / RUN / "gradients")
    everything.run(*(f"{RUN}/vog-shard-{shard}.parquet" for shard in range(3)))
    assert not (everything.work / RUN / "gradients").exists()
    parts = [everything.table(f"plain/seed-0/vog-shard-{shard}.parquet") for shard in range(3)]
    streamed = pd.concat(parts).set_index(["stage", "example_id"]).sort_index()
    assert streamed.index.equals(kept.index)
    np.testing.assert_allclose(streamed["vog"], kept["vog"], rtol=STORED)
    np.testing.assert_allclose(streamed["magnitude"], kept["magnitude"], rtol=STORED)
    assert (streamed["predicted"] == kept["predicted"]).all()


def test_provenance_names_the_checkpoint_and_the_target(everything_source):
    path = everything_source.work / RUN / "gradients/epoch-2.parquet"
    facts = json.loads(pq.read_schema(path).metadata[b"provenance"])
    assert facts["settings"]["target"] == "label" and facts["shape"] == [8, 8]


@pytest.mark.full
def test_images_of_another_data_set_are_compared_without_extracting_anything_again(everything):
    other = {"source": "digits", "limit": {"train": 10, "test": 20}}
    config = altered(EVERYTHING, datasets__other=other, analyses__vog__out_of_distribution=["other"])
    everything.configure(config)
    jobs = everything.planned()
    assert not rules(jobs) & {"extract_gradients", "train_model", "compute_vog", "score_vog"}
    assert {("stream_tested_vog", f"plain seed-{seed} {name}") for seed in (0, 1) for name in ("few", "other")} <= jobs
    figure = "results/figures/experiments/plain/out_of_distribution/other.png"
    everything.run("scores", figure)
    compared = everything.table("plain/out-of-distribution/other.parquet").query("run == 'all'").set_index("score")
    assert set(compared.index) == {"vog_early", "vog_late", "gradient_magnitude", "confidence"}
    assert compared["examples"].eq(50).all() and compared["auroc"].between(0, 1).all()
    assert (everything.work / figure).exists()
