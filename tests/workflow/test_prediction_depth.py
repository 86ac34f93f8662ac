"""Prediction depth through the workflow: its values, and what a change computes again."""

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file
from sklearn.neighbors import NearestNeighbors

from difficulty.models.building import build_model
from tests.support.suites import EVERYTHING
from tests.support.workflows import Workflow, altered, changed, wildcards_of


def test_depth_is_what_other_libraries_find(everything_source):
    """Activations by hand, neighbours by scikit-learn, votes by pandas: of one fold, in all three roles."""
    run = "held_out/seed-1-fold-0"
    labels = everything_source.table("held_out/labels.parquet")
    scores = everything_source.table("held_out/scores/prediction_depth.parquet").query("run == 'seed-1-fold-0'")
    images = pd.read_parquet(everything_source.work / "results/datasets/few/pixels.parquet")["pixels"]
    images = torch.tensor(np.stack([np.frombuffer(each, np.uint8) for each in images])).float()
    path = everything_source.work / "results/experiments" / run / "checkpoints/epoch-3.safetensors"
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


def test_scores_are_in_the_table(everything_source):
    scores = everything_source.table("held_out/scores.parquet")
    names = [
        f"prediction_depth{role}{kind}" for role in ("", "_validation", "_test") for kind in ("", "_ranked", "_std")
    ]
    assert {*names, "prediction_depth_undefined_test", "probe_ties", "iteration_learned"} <= set(scores.columns)
    assert "prediction_depth" not in everything_source.table("noisy/scores.parquet").columns
    train = scores[scores["split"] == "train"]
    assert (scores["consensus_seeds"] == 3).all()  # of two folds each, which share a vote on test images
    assert train["consensus_class"].notna().all()
    assert train["prediction_depth_test"].isna().all()
    levels = everything_source.table("held_out/depth-levels.parquet")
    np.testing.assert_allclose(levels.groupby("role")["share"].sum(), 1)
    assert set(levels["role"]) == {"train", "validation", "test"}


@pytest.mark.parametrize(
    "places",
    [
        {"analyses__prediction_depth__k": 5},
        {"analyses__prediction_depth__ties": "lowest_class"},
        {"analyses__prediction_depth__labels": "clean"},
        {"analyses__prediction_depth__labels": "consensus"},
    ],
)
def test_another_vote_seeks_no_neighbors(plan_everything, places):
    counts = plan_everything.counts(**places)
    assert counts["vote_probes"] == 6
    assert not counts.keys() & {"probe_neighbors", "train_model", "score_dynamics", "compute_consensus"}


def test_votes_by_consensus_count_its_labels(everything):
    everything.configure(altered(EVERYTHING, analyses__prediction_depth__labels="consensus"))
    before = everything.table("held_out/seed-0-fold-1/votes/epoch-3.parquet")
    everything.run("results/experiments/held_out/seed-0-fold-1/votes/epoch-3.parquet")
    after = everything.table("held_out/seed-0-fold-1/votes/epoch-3.parquet")
    assert (before["predicted"] == after["predicted"]).all() and (before["vote"] != after["vote"]).any()


def test_another_checkpoint_is_the_only_one_probed(plan_everything):
    probed = wildcards_of(plan_everything("scores", analyses__prediction_depth__epochs=[1, 3]), "probe_neighbors")
    assert {wildcards.split()[2] for wildcards in probed} == {"1"} and len(probed) == 6


def test_another_seed_probes_that_seed(plan_everything):
    probed = wildcards_of(plan_everything("scores", experiments__held_out__seeds=[0, 1, 2, 3]), "probe_neighbors")
    assert {wildcards.split()[1] for wildcards in probed} == {"seed-3-fold-0", "seed-3-fold-1"}


@pytest.mark.full
def test_shards_give_the_same_neighbors(everything):
    run = "held_out/seed-2-fold-1"
    whole = everything.table(f"{run}/neighbors/epoch-3.parquet").set_index(["probe", "example_id"]).sort_index()
    votes = everything.table(f"{run}/votes/epoch-3.parquet")
    everything.configure(
        altered(EVERYTHING, analyses__prediction_depth__shards=2, analyses__prediction_depth__memory=64)
    )
    (everything.work / "results/experiments" / run / "neighbors/epoch-3.parquet").unlink()
    everything.run(f"results/experiments/{run}/votes/epoch-3.parquet")
    parts = [everything.table(f"{run}/neighbors/epoch-3-shard-{shard}.parquet") for shard in (0, 1)]
    cut = pd.concat(parts).set_index(["probe", "example_id"]).sort_index()
    assert cut.index.equals(whole.index)
    same = [set(one) == set(other) for one, other in zip(whole["neighbors"], cut["neighbors"], strict=True)]
    assert np.mean(same) > 0.99
    assert (everything.table(f"{run}/votes/epoch-3.parquet")["vote"] == votes["vote"]).mean() > 0.99


def test_what_was_lost_is_made_again(everything):
    run = everything.work / "results/experiments/held_out/seed-0-fold-0"
    (run / "neighbors/epoch-3.parquet").unlink()
    assert everything.counts()["probe_neighbors"] == 1


def test_more_votes_than_neighbors_are_reported(plan_everything):
    error = plan_everything.error(analyses__prediction_depth__k=13)
    assert "analyses.prediction_depth.k: expected at most k_max, 12, got 13" in error


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
