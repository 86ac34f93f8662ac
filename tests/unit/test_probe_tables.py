"""Activations of a data set, whose neighbours are sought, and the tables that prediction depth leaves."""

import shutil
import weakref

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from difficulty.analysis.depth_levels import depth_levels
from difficulty.analysis.probe_accuracy import probe_accuracy
from difficulty.errors import UserError
from difficulty.models.building import build_model
from difficulty.models.probing import ProbePoint, Probes, probe_points
from difficulty.scores.depth.activations import Activations, FileRows, distinct_probes, probe_groups
from difficulty.scores.depth.probe_queries import Queries, probed_neighbors
from difficulty.scores.depth.tables import consensus, depth_scores

IMAGES = torch.randn(60, 1, 8, 8, generator=torch.Generator().manual_seed(0))
BANK = 40


@pytest.fixture(scope="module")
def activations():
    model = build_model({"architecture": "resnet9", "width": 4}, 1, (8, 8), 3, seed=0)
    probes = Probes(model, probe_points("resnet9", model))
    dimensions, same = distinct_probes(probes, IMAGES[:7])
    assert same == {name: [name] for name in probes.names}
    return Activations(probes, dimensions, lambda: IMAGES.split(7), 60, BANK, torch.device("cpu"))


@pytest.mark.parametrize("memory", [1 << 28, 300_000, 2000])
def test_activations_are_the_same_in_memory_and_in_a_file(activations, tmp_path, memory):
    expected, predicted = activations.probes(IMAGES)
    activations.predicted.fill_(-1)
    names = []
    for name, rows, left in activations.rows(memory, tmp_path):
        whole = expected[name] - expected[name][:BANK].mean(0)
        assert (rows.count, rows.dimension) == whole.shape
        torch.testing.assert_close(rows.read(0, torch.empty(whole.shape)), whole, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(rows.read(13, torch.empty(whole[13:29].shape)), whole[13:29], rtol=1e-4, atol=1e-5)
        assert left <= memory
        names.append(name)
    assert names == list(expected)
    assert torch.equal(activations.predicted, predicted)
    assert not list(tmp_path.iterdir())


def test_probes_share_a_pass_as_long_as_they_fit():
    assert probe_groups({"a": 5, "b": 5, "c": 1, "d": 20, "e": 10}, 10, 100) == [["a", "b"], ["c"], ["d"], ["e"]]


def test_queries_are_training_examples_and_others():
    bank, queries = np.array([0, 1, 3, 5, 8]), np.array([3, 4, 5, 6])
    found = Queries.of(bank, queries)
    assert found.own.tolist() == [2, 3]
    assert found.all.tolist() == [3, 5, 4, 6]
    assert found.needed.tolist() == [0, 1, 3, 5, 8, 4, 6]
    assert found.predicted(found.needed * 10).tolist() == [30, 50, 40, 60]


def test_a_shard_has_the_neighbors_of_the_whole(activations, tmp_path):
    examples = np.arange(60)
    whole = list(probed_neighbors(activations, Queries.of(examples[:BANK], examples), 5, 1 << 26, tmp_path))
    queries = Queries.of(examples[:BANK], examples[25:60])
    part = list(probed_neighbors(activations, queries, 5, 1 << 26, tmp_path))
    for (name, indices, distances), (its_name, own, its_distances) in zip(whole, part, strict=True):
        assert name == its_name
        np.testing.assert_array_equal(indices[25:], own)
        np.testing.assert_allclose(distances[25:], its_distances, rtol=1e-3, atol=1e-3)
        assert not (indices[:BANK] == examples[:BANK, None]).any()


def test_activations_are_dropped_before_the_next_are_made(activations, tmp_path, monkeypatch):
    """Those of two probes at once would take more than the memory."""
    alive, most = weakref.WeakSet(), []
    new_empty = torch.empty

    def empty(*arguments, **options):
        tensor = new_empty(*arguments, **options)
        if len(tensor) == activations.count:
            alive.add(tensor)
        most.append(sum(4 * each.numel() for each in alive))
        return tensor

    monkeypatch.setattr("difficulty.scores.depth.activations.torch.empty", empty)
    queries = Queries.of(np.arange(BANK), np.arange(60))
    largest = max(4 * 60 * size for size in activations.dimensions.values())
    for _ in probed_neighbors(activations, queries, 5, 2 * largest + 500_000, tmp_path):
        pass
    assert largest <= max(most) < 2 * largest


def test_a_disk_without_room_is_told(activations, tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda folder: shutil._ntuple_diskusage(100, 90, 10))
    with pytest.raises(UserError, match=r"no space left for the activations at 'input', .*memory"):
        list(activations.rows(2000, tmp_path))


def test_a_file_that_lost_its_end_is_told(tmp_path):
    with (tmp_path / "rows").open("w+b", buffering=0) as file:
        rows = FileRows(file, 5, torch.device("cpu"))
        rows.append(torch.ones(7, 5))
        assert torch.equal(rows.read(2, torch.empty(5, 5)), torch.ones(5, 5))
        file.truncate(100)
        with pytest.raises(UserError, match="cannot be read back"):
            rows.read(2, torch.empty(5, 5))


def test_probes_that_give_the_same_share_their_neighbors():
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 8), nn.Dropout(), nn.Linear(8, 4))
    points = [ProbePoint("hidden", "1"), ProbePoint("dropout", "2"), ProbePoint("logits", "3")]
    dimensions, same = distinct_probes(Probes(model, points), IMAGES[:5])
    assert dimensions == {"input": 64, "hidden": 8, "logits": 4, "softmax": 4}
    assert same["hidden"] == ["hidden", "dropout"]


def test_too_little_memory_is_told_with_the_probe(activations, tmp_path):
    queries = Queries.of(np.arange(BANK), np.arange(60))
    with pytest.raises(UserError, match=r"probe 'input': .* too little by 1 MiB; set .*depth\.memory 1 higher"):
        list(probed_neighbors(activations, queries, 5, 20_000, tmp_path))


def votes(*rows):
    """Rows of VOTES of (example_id, predicted, votes)."""
    return pd.DataFrame(
        [
            (example, probe, predicted, vote, probe == 1)
            for example, predicted, voted in rows
            for probe, vote in enumerate(voted)
        ],
        columns=["example_id", "probe", "predicted", "vote", "tied"],
    )


def test_depths_of_a_run():
    scores = depth_scores(votes((7, 1, [0, 1, 1]), (3, 2, [2, 2, 2]), (5, 0, [0, 0, 1])))
    assert scores["example_id"].tolist() == [3, 5, 7]
    np.testing.assert_array_equal(scores["prediction_depth"], [0, np.nan, 1])
    assert scores["prediction_depth_undefined"].tolist() == [False, True, False]
    np.testing.assert_allclose(scores["probe_ties"], 1 / 3)


def held_out(predicted):
    """Rows of predictions: example -> what the runs of each seed predict."""
    rows = [
        (example, seed, label)
        for example, seeds in predicted.items()
        for seed, labels in enumerate(seeds)
        for label in labels
    ]
    return pd.DataFrame(rows, columns=["example_id", "seed", "predicted"])


def test_the_consensus_is_that_of_at_least_three_seeds():
    predicted = held_out({1: [[4], [4], [2]], 2: [[0], [1]], 3: [[5], [3], [3], [5]], 4: []})
    table = consensus([4, 3, 2, 1], predicted)
    assert table["example_id"].tolist() == [4, 3, 2, 1]
    assert table["consensus_class"].tolist() == [pd.NA, 3, pd.NA, 4]
    np.testing.assert_allclose(table["consensus_consistency"].astype(float), [np.nan, 0.5, np.nan, 2 / 3])
    assert table["consensus_seeds"].tolist() == [0, 4, 2, 3]


def test_the_folds_of_a_seed_share_one_vote():
    """Five networks that start from the same weights are no consensus, and three of them do not outvote two seeds."""
    table = consensus([1, 2, 3], held_out({1: [[7] * 5], 2: [[0] * 3, [1] * 3, [1, 1, 2]], 3: [[2, 2, 0], [0], [2]]}))
    assert table["consensus_seeds"].tolist() == [1, 3, 3]
    assert table["consensus_class"].tolist() == [pd.NA, 1, 2]
    expected = [np.nan, (1 + 2 / 3) / 3, (1 + 2 / 3) / 3]
    np.testing.assert_allclose(table["consensus_consistency"].astype(float), expected, rtol=1e-6)


def test_seeds_with_as_many_votes_tie_whatever_their_folds():
    table = consensus([1], held_out({1: [[8] * 3, [8] * 3, [3], [3]]}))
    assert table["consensus_class"].tolist() == [3]


def test_accuracy_of_each_probe():
    labels, roles = pd.Series({1: 0, 2: 1, 3: 1}), pd.Series({1: "train", 2: "train", 3: "test"})
    table = probe_accuracy(votes((1, 0, [0, 1]), (2, 0, [0, 1]), (3, 1, [1, 0])), ["input", "softmax"], labels, roles)
    table = table.set_index(["role", "name"])
    assert table.loc["train", "accuracy"].tolist() == [0.5, 0.5]
    assert table.loc["train", "agreement"].tolist() == [1.0, 0.0]
    assert table.loc["train", "network"].tolist() == [0.5, 0.5]
    assert table.loc["train", "tied"].tolist() == [0.0, 1.0]
    assert table.loc["test", "accuracy"].tolist() == [1.0, 0.0]


def test_what_examples_of_each_depth_share():
    nan = np.nan
    depth = np.array([[0, 0, 2, nan, nan], [0, 1, 2, 2, 0]], float)
    right = np.array([[1, 1, 0, 0, nan], [1, 0, 1, 0, 1]], float)  # the last example has the role in one run
    table = depth_levels(depth, right, np.array([1.0, 0.5, nan, 0.25, 1.0]), ["input", "block", "softmax"], 50)
    assert table["name"].tolist() == ["input", "block", "softmax", "undefined"]
    assert table["depth"].tolist() == [0, 1, 2, pd.NA]
    assert table["examples"].tolist() == [2, 0.5, 1.5, 0.5]
    np.testing.assert_allclose(table["share"], [4 / 9, 1 / 9, 3 / 9, 1 / 9])
    np.testing.assert_allclose(table["accuracy"], [1, 0, 1 / 3, 0])
    np.testing.assert_allclose(table["consistency"], [(1 + 0.5 + 1 + 1) / 4, 0.5, 0.25, 0.25])
    assert (table["accuracy_low"] <= table["accuracy"]).all() and (table["accuracy"] <= table["accuracy_high"]).all()


def test_a_depth_without_examples_has_no_accuracy():
    table = depth_levels(np.zeros((1, 3)), np.ones((1, 3)), np.full(3, np.nan), ["input", "softmax"], 20)
    assert table["accuracy"].isna().tolist() == [False, True, True]
    assert table["consistency"].isna().all()
