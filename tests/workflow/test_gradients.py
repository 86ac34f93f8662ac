"""Variance of gradients through the workflow: what a change extracts again, streaming, and networks from elsewhere."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from tests.workflow.conftest import Workflow, changed

STAGES = {"early": [1, 2, 3], "late": [2, 3, 4]}
KEPT = {"stages": STAGES, "experiments": ["plain"], "keep_gradients": True}
VOG = changed(defaults={"epochs": 4}, analyses={"vog": KEPT}, figures={"dpi": 40})
STORED = 2e-3  # float16 maps of 8 x 8 pixels, relative to VoG


@pytest.fixture(scope="module")
def scored_source(tmp_path_factory) -> Workflow:
    workflow = Workflow(tmp_path_factory.mktemp("vog"), VOG)
    workflow.run("scores", "runs")
    return workflow


@pytest.fixture
def scored(scored_source, tmp_path) -> Workflow:
    return scored_source.copied(tmp_path / "copy")


def rules(jobs):
    return {rule for rule, _ in jobs}


def with_vog(**settings):
    return changed(defaults={"epochs": 4}, analyses={"vog": {**KEPT, **settings}}, figures={"dpi": 40})


def table(workflow, path):
    return pd.read_parquet(workflow.work / "results/experiments" / path)


def test_vog_added_later_trains_and_evaluates_nothing(finished):
    finished.configure(changed(analyses={"vog": {**KEPT, "stages": {"early": [1, 2, 3]}}}))
    jobs = finished.planned()
    assert "extract_gradients" in rules(jobs)
    assert not rules(jobs) & {"prepare_dataset", "corrupt_labels", "train_model", "evaluate_run", "score_dynamics"}
    assert not {wildcards for rule, wildcards in jobs if wildcards.startswith("noisy")} - {"noisy"}


def test_one_more_checkpoint_in_a_stage_is_the_only_one_extracted(scored):
    scored.configure(with_vog(stages={**STAGES, "early": [0, 1, 2, 3]}))
    jobs = scored.planned()
    extracted = sorted(wildcards for rule, wildcards in jobs if rule == "extract_gradients")
    assert [wildcards.split()[:3] for wildcards in extracted] == [["plain", f"seed-{seed}", "0"] for seed in (0, 1)]
    assert {"compute_vog", "score_vog", "collect_scores"} <= rules(jobs)
    assert not rules(jobs) & {"train_model", "evaluate_run", "score_dynamics"}


@pytest.mark.full
def test_what_was_lost_is_made_again(scored):
    run = scored.work / "results/experiments/plain/seed-0"
    (run / "vog.parquet").unlink()
    assert {rule for rule, _ in scored.planned("scores")} >= {"compute_vog"}
    (run / "gradients/epoch-2.parquet").unlink()
    extracted = {wildcards for rule, wildcards in scored.planned("scores") if rule == "extract_gradients"}
    assert len(extracted) == 1 and "seed-0 2" in extracted.pop().replace("run=", "")


@pytest.mark.full
def test_a_stage_less_extracts_nothing(scored):
    scored.configure(with_vog(stages={"late": [2, 3, 4]}))
    assert "extract_gradients" not in rules(scored.planned())


def test_another_seed_extracts_that_seed(scored):
    config = with_vog()
    config["defaults"] = {**config["defaults"], "seeds": [0, 1, 2]}
    scored.configure(config)
    extracted = {wildcards.split()[1] for rule, wildcards in scored.planned() if rule == "extract_gradients"}
    assert extracted == {"seed-2"}


def test_scores_are_in_the_table_and_tested_beside_the_others(scored):
    scores = table(scored, "plain/scores.parquet")
    names = [f"vog_{stage}{ending}{role}" for stage in STAGES for ending in ("", "_raw") for role in ("", "_test")]
    assert {*names, "gradient_magnitude", "vog_early_std", "vog_early_undefined"} <= set(scores.columns)
    assert "vog_early" not in table(scored, "noisy/scores.parquet").columns
    train = scores[scores["split"] == "train"]
    assert train["vog_early_test"].isna().all() and train["vog_early"].notna().any()
    by_run = table(scored, "plain/scores/vog.parquet").query("role == 'train' and run == 'seed-1'")
    given = by_run.merge(train[["example_id", "label"]])
    spread = given.groupby("label")["vog_early"].agg(["mean", lambda values: values.std(ddof=0)])
    np.testing.assert_allclose(spread, np.tile([0.0, 1.0], (len(spread), 1)), atol=1e-5)


def test_streaming_in_shards_gives_the_same_and_keeps_no_map(scored):
    kept = table(scored, "plain/seed-0/vog.parquet").set_index(["stage", "example_id"]).sort_index()
    scored.configure(with_vog(keep_gradients=False, shards=3))
    shutil.rmtree(scored.work / "results/experiments/plain/seed-0/gradients")
    scored.run("results/experiments/plain/scores/vog.parquet")
    assert not (scored.work / "results/experiments/plain/seed-0/gradients").exists()
    parts = [table(scored, f"plain/seed-0/vog-shard-{shard}.parquet") for shard in range(3)]
    streamed = pd.concat(parts).set_index(["stage", "example_id"]).sort_index()
    assert streamed.index.equals(kept.index)
    np.testing.assert_allclose(streamed["vog"], kept["vog"], rtol=STORED)
    np.testing.assert_allclose(streamed["magnitude"], kept["magnitude"], rtol=STORED)
    assert (streamed["predicted"] == kept["predicted"]).all()


def test_networks_from_elsewhere_are_scored_without_training(scored):
    trained = scored.work / "results/experiments/plain"
    for seed in (0, 1):
        for epoch in (1, 2, 3, 4):
            source = trained / f"seed-{seed}/checkpoints/epoch-{epoch}.safetensors"
            shutil.copy(source, scored.work / f"own-{seed}-{epoch}.safetensors")
    files = [f"own-{{seed}}-{epoch}.safetensors" for epoch in (1, 2, 3, 4)]
    own = {"checkpoints": {"early": files[:3], "late": files[1:]}, "label_noise": None}
    config = with_vog(experiments=["own", "plain"])
    scored.configure({**config, "experiments": {**config["experiments"], "own": own}})
    jobs = scored.planned()
    assert "train_model" not in rules(jobs)
    assert {("import_checkpoints", f"own seed-{seed}") for seed in (0, 1)} <= jobs
    scored.run("results/experiments/own/scores.parquet", "results/experiments/own/seed-1/evaluation.parquet")
    for name in ("records", "vog"):
        mine, theirs = (table(scored, f"{experiment}/seed-1/{name}.parquet") for experiment in ("own", "plain"))
        stages = theirs.merge(mine, on=["example_id", "epoch" if name == "records" else "stage"])
        assert len(stages) == len(theirs)
        value = "loss" if name == "records" else "vog"
        np.testing.assert_allclose(stages[f"{value}_y"], stages[f"{value}_x"], rtol=1e-6)
    assert "vog_complete" in table(scored, "own/scores.parquet").columns
    assert ("plot_gallery", "own") in scored.planned()
    swapped = {**own, "checkpoints": dict(reversed(own["checkpoints"].items()))}
    scored.configure({**config, "experiments": {**config["experiments"], "own": swapped}}, in_order=True)
    assert ("import_checkpoints", "own seed-0") in scored.planned()  # other files count as the first epochs


def test_a_missing_file_of_weights_is_named(scored):
    config = with_vog()
    own = {"checkpoints": {"early": ["gone.pt", "also.pt"]}}
    scored.configure({**config, "experiments": {**config["experiments"], "own": own}})
    result = scored.snakemake("-n")
    assert result.returncode == 1
    assert "experiments.own.checkpoints: no such file: gone.pt; fix the path" in result.stderr


def test_provenance_names_the_checkpoint_and_the_target(scored):
    import pyarrow.parquet as pq

    path = scored.work / "results/experiments/plain/seed-0/gradients/epoch-2.parquet"
    facts = json.loads(pq.read_schema(path).metadata[b"provenance"])
    assert facts["settings"]["target"] == "label" and facts["shape"] == [8, 8]


@pytest.mark.full
def test_images_of_another_data_set_are_compared_without_extracting_anything_again(scored):
    config = with_vog(out_of_distribution=["other"])
    config["datasets"] = {**config["datasets"], "other": {"source": "digits", "limit": {"train": 10, "test": 20}}}
    scored.configure(config)
    jobs = scored.planned()
    assert not rules(jobs) & {"extract_gradients", "train_model", "compute_vog", "score_vog"}
    assert {("stream_tested_vog", f"plain seed-{seed} {name}") for seed in (0, 1) for name in ("few", "other")} <= jobs
    scored.run("scores", "results/figures/experiments/plain/out_of_distribution/other.png")
    compared = table(scored, "plain/out-of-distribution/other.parquet").query("run == 'all'").set_index("score")
    assert set(compared.index) == {"vog_early", "vog_late", "gradient_magnitude", "confidence"}
    assert compared["examples"].eq(50).all() and compared["auroc"].between(0, 1).all()
    assert (scored.work / "results/figures/experiments/plain/out_of_distribution/other.png").exists()
