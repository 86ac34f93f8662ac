"""Prediction depth through the workflow: its values, and what a change computes again."""

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file
from sklearn.neighbors import NearestNeighbors

from difficulty.models.building import build_model
from tests.workflow.conftest import TINY, Workflow, changed


def with_depth(defaults=(), **settings):
    """A configuration that probes the networks of `plain`, each of which holds a half of the images out."""
    experiments = {"plain": {"folds": 2}, "noisy": TINY["experiments"]["noisy"]}
    depth = {"experiments": ["plain"], "k": 7, "k_max": 12, **settings}
    config = changed(analyses={"prediction_depth": depth}, figures={"dpi": 40})
    return {
        **config,
        "experiments": experiments,
        "defaults": {**config["defaults"], "seeds": [0, 1, 2], **dict(defaults)},
    }


@pytest.fixture(scope="module")
def scored_source(tmp_path_factory) -> Workflow:
    workflow = Workflow(tmp_path_factory.mktemp("depth"), with_depth())
    workflow.run("scores", "runs")
    return workflow


@pytest.fixture
def scored(scored_source, tmp_path) -> Workflow:
    return scored_source.copied(tmp_path / "copy")


def test_depth_is_what_other_libraries_find(scored_source):
    """Activations by hand, neighbours by scikit-learn, votes by pandas: of one fold, in all three roles."""
    run = "plain/seed-1-fold-0"
    labels = scored_source.table("plain/labels.parquet")
    scores = scored_source.table("plain/scores/prediction_depth.parquet").query("run == 'seed-1-fold-0'")
    images = pd.read_parquet(scored_source.work / "results/datasets/few/pixels.parquet")["pixels"]
    images = torch.tensor(np.stack([np.frombuffer(each, np.uint8) for each in images])).float()
    path = scored_source.work / "results/experiments" / run / "checkpoints/epoch-3.safetensors"
    model = build_model({"architecture": "mlp", "width": 16}, 1, (8, 8), 10, seed=0).eval()
    model.load_state_dict(load_file(path))
    train = torch.tensor((labels["split"] == "train").to_list())
    inputs = (images - images[train].mean()) / images[train].std(correction=0)
    with torch.no_grad():
        first = model[1](inputs)
        second = model[3](first.relu())
        logits = model[5](second.relu())
    layers = [inputs, first, second, logits, logits.softmax(1)]
    predicted = logits.argmax(1).numpy()
    role = scores.set_index("example_id")["role"].loc[labels["example_id"]].to_numpy()
    bank = np.flatnonzero(role == "train")
    votes = []
    for layer in layers:
        values = layer.double().numpy()
        found = NearestNeighbors(n_neighbors=8, algorithm="brute").fit(values[bank])
        distances, indices = found.kneighbors(values)
        indices = bank[indices]
        rows = []
        for row, (near, far) in enumerate(zip(indices, distances, strict=True)):
            kept = [place for place, each in enumerate(near) if each != row][:7]
            voters = pd.DataFrame({"label": labels["label"].to_numpy()[near[kept]], "distance": far[kept]})
            ballots = voters.groupby("label")["distance"].agg(["size", "sum"]).reset_index()
            rows.append(ballots.sort_values(["size", "sum", "label"], ascending=[False, True, True])["label"].iloc[0])
        votes.append(rows)
    agrees = predicted[:, None] == np.array(votes).T
    expected = [next((level for level in range(5) if row[level:].all()), np.nan) for row in agrees]
    own = scores.set_index("example_id")["prediction_depth"].loc[labels["example_id"]].to_numpy()
    differ = ~((own == expected) | (np.isnan(own) & np.isnan(expected)))
    assert differ.sum() <= 1, np.flatnonzero(differ)  # float32 may swap neighbours at nearly the same distance
    assert set(role) == {"train", "validation", "test"}


def test_scores_are_in_the_table(scored_source):
    scores = scored_source.table("plain/scores.parquet")
    names = [
        f"prediction_depth{role}{kind}" for role in ("", "_validation", "_test") for kind in ("", "_ranked", "_std")
    ]
    assert {*names, "prediction_depth_undefined_test", "probe_ties", "iteration_learned"} <= set(scores.columns)
    assert "prediction_depth" not in scored_source.table("noisy/scores.parquet").columns
    train = scores[scores["split"] == "train"]
    assert (scores["consensus_seeds"] == 3).all()  # of two folds each, which share a vote on test images
    assert train["consensus_class"].notna().all()
    assert train["prediction_depth_test"].isna().all()
    levels = scored_source.table("plain/depth-levels.parquet")
    np.testing.assert_allclose(levels.groupby("role")["share"].sum(), 1)
    assert set(levels["role"]) == {"train", "validation", "test"}


def test_depth_added_later_trains_nothing(finished):
    finished.configure(changed(analyses={"prediction_depth": {}}))
    jobs = {rule for rule, _ in finished.planned()}
    assert {"probe_neighbors", "vote_probes", "score_prediction_depth", "compute_consensus"} <= jobs
    assert not jobs & {"prepare_dataset", "corrupt_labels", "train_model", "evaluate_run", "score_dynamics"}


@pytest.mark.parametrize("settings", [{"k": 5}, {"ties": "lowest_class"}, {"labels": "clean"}, {"labels": "consensus"}])
def test_another_vote_seeks_no_neighbors(scored, settings):
    scored.configure(with_depth(**settings))
    jobs = scored.counts()
    assert jobs["vote_probes"] == 6
    assert not jobs.keys() & {"probe_neighbors", "train_model", "score_dynamics", "compute_consensus"}


def test_votes_by_consensus_count_its_labels(scored):
    scored.configure(with_depth(labels="consensus"))
    before = scored.table("plain/seed-0-fold-1/votes/epoch-3.parquet")
    scored.run("results/experiments/plain/scores/prediction_depth.parquet")
    after = scored.table("plain/seed-0-fold-1/votes/epoch-3.parquet")
    assert (before["predicted"] == after["predicted"]).all() and (before["vote"] != after["vote"]).any()


def test_another_checkpoint_is_the_only_one_probed(scored):
    scored.configure(with_depth(epochs=[1, 3]))
    probed = {wildcards for rule, wildcards in scored.planned() if rule == "probe_neighbors"}
    assert {wildcards.split()[2] for wildcards in probed} == {"1"} and len(probed) == 6


def test_another_seed_probes_that_seed(scored):
    scored.configure(with_depth(defaults={"seeds": [0, 1, 2, 3]}))
    probed = {wildcards.split()[1] for rule, wildcards in scored.planned() if rule == "probe_neighbors"}
    assert probed == {"seed-3-fold-0", "seed-3-fold-1"}


@pytest.mark.full
def test_memory_changes_nothing(scored):
    jobs = scored.counts()
    scored.configure(with_depth(memory=64))
    assert scored.counts() == jobs
    assert not jobs.keys() & {"probe_neighbors", "vote_probes"}


@pytest.mark.full
def test_shards_give_the_same_neighbors(scored):
    run = "plain/seed-2-fold-1"
    whole = scored.table(f"{run}/neighbors/epoch-3.parquet").set_index(["probe", "example_id"]).sort_index()
    votes = scored.table(f"{run}/votes/epoch-3.parquet")
    scored.configure(with_depth(shards=2, memory=64))
    (scored.work / "results/experiments" / run / "neighbors/epoch-3.parquet").unlink()
    scored.run(f"results/experiments/{run}/votes/epoch-3.parquet")
    parts = [scored.table(f"{run}/neighbors/epoch-3-shard-{shard}.parquet") for shard in (0, 1)]
    cut = pd.concat(parts).set_index(["probe", "example_id"]).sort_index()
    assert cut.index.equals(whole.index)
    same = [set(one) == set(other) for one, other in zip(whole["neighbors"], cut["neighbors"], strict=True)]
    assert np.mean(same) > 0.99
    assert (scored.table(f"{run}/votes/epoch-3.parquet")["vote"] == votes["vote"]).mean() > 0.99


@pytest.mark.full
def test_what_was_lost_is_made_again(scored):
    run = scored.work / "results/experiments/plain/seed-0-fold-0"
    (run / "neighbors/epoch-3.parquet").unlink()
    assert scored.counts()["probe_neighbors"] == 1


def test_more_votes_than_neighbors_are_told(scored):
    scored.configure(with_depth(k=13))
    result = scored.snakemake("-n")
    assert result.returncode == 1
    assert "analyses.prediction_depth.k: expected at most k_max, 12, got 13" in result.stderr


@pytest.mark.full
def test_where_there_are_few_images_all_of_them_vote(tmp_path):
    few = {"few": {"source": "digits", "limit": {"train": 20, "test": 10}}}
    config = changed(datasets=few, analyses={"prediction_depth": {}})
    config["experiments"], config["defaults"] = {"plain": {}}, {**config["defaults"], "seeds": [0]}
    workflow = Workflow(tmp_path, config)
    workflow.run("results/experiments/plain/scores/prediction_depth.parquet")
    assert len(workflow.table("plain/seed-0/neighbors/epoch-3.parquet")["neighbors"][0]) == 19
    log = workflow.work / "results/logs/experiments/plain/seed-0/vote_probes/epoch-3.log"
    assert "has 19 neighbours of each example, all of which vote" in log.read_text()
