"""Nearest neighbours, and prediction depth by them."""

import tempfile
from pathlib import Path

import numpy as np
import torch

import probe_neighbors
from benchmarks.gpu_check import stand_ins
from benchmarks.gpu_check.agreement import SAME, TIED, Arrays, Check
from difficulty.models.probing import Probes, probe_points
from difficulty.scores.depth.neighbors import nearest_neighbors
from difficulty.scores.depth.probe_queries import Queries, probed_neighbors
from difficulty.scores.depth.votes import prediction_depth, vote_and_ties

_K = 10
_MEMORY = 64 << 20
_LITTLE = 8 << 20  # bytes, so that activations go through a file


def nearest(check: Check) -> None:
    """Of other rows and of rows among themselves; and where rows are so near that distances need float64."""
    draws = np.random.default_rng(0)
    bank, others = (draws.standard_normal((700, 24), np.float32) for _ in range(2))
    near = 1 + 1e-4 * bank
    for what, rows, queries, own in (
        ("other rows", bank, others, None),
        ("themselves", bank, bank, np.arange(700)),
        ("themselves, near", near, near, np.arange(700)),
        ("a part of them", bank, bank[100:200], np.arange(100, 200)),
        ("equal rows", bank.round(), bank.round(), np.arange(700)),
    ):

        def compute(device: torch.device, rows=rows, queries=queries, own=own) -> Arrays:
            kept = torch.from_numpy(rows).to(device)
            asked = kept if queries is rows else torch.from_numpy(queries).to(device)
            indices, distances = nearest_neighbors(kept, asked, _K, own, _MEMORY)
            return stand_ins.numpy({"indices": indices, "distances": distances})

        found, expected = check.both(compute)
        check.close(f"{what}, distances", found["distances"], expected["distances"], SAME)
        check.equal(f"{what}, neighbours", found["indices"], expected["indices"], TIED)


def depth(check: Check) -> None:
    """Neighbours at every probe of the network, in memory and by a file; votes and depth by them."""
    for what, memory in (("in memory", _MEMORY), ("by a file", _LITTLE)):
        found, expected = check.both(lambda device, memory=memory: _probed(device, memory))
        for name in expected:
            if name.endswith("distances"):
                check.rarely_far(f"{what}, {name}", found[name], expected[name], TIED)
            elif name.endswith("neighbours"):
                check.equal(f"{what}, {name}", found[name], expected[name], TIED)
        check.equal(f"{what}, votes", found["votes"], expected["votes"], TIED)
        check.equal(f"{what}, depth", *(np.nan_to_num(each["depth"], nan=-1) for each in (found, expected)), TIED)


def _probed(device: torch.device, memory: int) -> Arrays:
    run = stand_ins.saved_run(device)
    network = run.network(stand_ins.EPOCHS)
    queries = Queries.of(np.flatnonzero(run.roles == "train"), np.arange(stand_ins.COUNT))
    probes = Probes(network.model, probe_points("resnet9", network.model))
    activations, same = probe_neighbors.compared_activations(run, network, probes, queries, memory)
    labels, found, votes = run.labels["label"].to_numpy(), {}, []
    with tempfile.TemporaryDirectory() as folder:
        for name, indices, distances in probed_neighbors(activations, queries, _K, memory, Path(folder)):
            found |= {f"{name} neighbours": indices, f"{name} distances": distances}
            among = labels[queries.bank[indices]]
            votes += [vote_and_ties(among, distances, stand_ins.CLASSES)[0]] * len(same[name])
    predicted = queries.predicted(activations.predicted.cpu().numpy())
    votes = np.stack(votes, 1)
    return {**found, "votes": votes, "depth": prediction_depth(votes, predicted)[0]}
