"""Nearest neighbours, against scikit-learn's brute force."""

import functools

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.neighbors import NearestNeighbors

from difficulty.models.building import build_model
from difficulty.models.probing import Probes, probe_points
from difficulty.scores.depth import nearest_so_far, neighbors
from difficulty.scores.depth.neighbors import ArrayRows, query_neighbors, self_neighbors
from difficulty.scores.depth.prediction_depth import nearest_neighbors

# Of a squared distance, relative to itself and to the largest: float32 against scikit-learn's float64.
RELATIVE, ABSOLUTE = 1e-5, 3e-6
RNG = np.random.default_rng(0)


@pytest.fixture(params=["one tile", "many tiles"])
def tiles(request, monkeypatch):
    """Rows of a tile that divides nothing, or all at once."""
    if request.param == "many tiles":
        monkeypatch.setattr(neighbors, "_LARGEST_TILE", 16)
        monkeypatch.setattr(neighbors, "_LARGEST_SPAN", 37)


@pytest.fixture(params=["by bounds", "by merging"])
def choosing(request, monkeypatch):
    """As on the processor, or as on any other device."""
    if request.param == "by merging":
        made = functools.partial(nearest_so_far._ByMerging, device=torch.device("cpu"))
        monkeypatch.setattr(neighbors, "nearest_so_far", lambda m, k, device: made(m, k))


def by_scikit_learn(bank, queries, k, own=None):
    """(indices, distances) in float64, without the query itself where `own` is given."""
    wanted = NearestNeighbors(n_neighbors=k + (own is not None), algorithm="brute").fit(bank.astype(np.float64))
    distances, indices = wanted.kneighbors(queries.astype(np.float64))
    if own is None:
        return indices, distances
    keep = indices != own[:, None]
    keep[keep.all(axis=1), -1] = False
    return indices[keep].reshape(-1, k), distances[keep].reshape(-1, k)


def assert_same_neighbors(bank, queries, k, own=None):
    """The same rows at the same distances, up to rows at the same distance. Returns them."""
    indices, distances = nearest_neighbors(bank, queries, k, own)
    wanted, exact = by_scikit_learn(bank, queries, k, own)
    largest = np.square(bank - bank.mean(axis=0)).sum(axis=1).max()
    tolerance = {"rtol": RELATIVE, "atol": ABSOLUTE * largest}
    np.testing.assert_allclose(distances**2, exact**2, **tolerance)
    for row, column in zip(*np.nonzero(indices != wanted), strict=True):
        same = np.isclose(exact[row] ** 2, distances[row, column] ** 2, **tolerance)
        assert same.sum() > 1 or same[-1]  # several at that distance, or the next beyond the last
    assert (indices == wanted).mean() > 0.95
    return indices, distances


@pytest.mark.parametrize("d", [1, 7, 300])
@pytest.mark.parametrize("k", [1, 30, 199])
def test_neighbors_of_random_vectors_are_those_of_scikit_learn(tiles, choosing, d, k):
    bank, queries = RNG.normal(5, 1, (200, d)).astype(np.float32), RNG.normal(5, 1, (83, d)).astype(np.float32)
    assert_same_neighbors(bank, queries, k)


@pytest.mark.parametrize("d", [3, 300])
@pytest.mark.parametrize("form", ["itself", "in another order"])
def test_a_row_is_not_its_own_neighbor(tiles, choosing, d, form):
    bank = RNG.normal(size=(210, d)).astype(np.float32)
    own = np.arange(210) if form == "itself" else RNG.permutation(210)[:90]
    queries = bank if form == "itself" else bank[own]
    indices, _ = assert_same_neighbors(bank, queries, 30, own)
    assert not (indices == own[:, None]).any()


def test_another_row_with_the_same_values_is_a_neighbor(tiles, choosing):
    bank = np.repeat(RNG.normal(size=(60, 5)), 3, axis=0).astype(np.float32)
    indices, distances = nearest_neighbors(bank, bank, 2, np.arange(180))
    triples = np.arange(180) // 3
    assert (indices // 3 == triples[:, None]).all()
    assert (np.diff(indices, axis=1) > 0).all()  # at the same distance the lower index comes first
    np.testing.assert_allclose(distances, 0, atol=2e-3)


@pytest.mark.parametrize("k", [5, 50])
def test_of_rows_at_the_same_distance_the_first_are_taken_whatever_the_memory(k, choosing):
    classes = RNG.integers(0, 4, 3000)
    bank = torch.eye(4)[torch.from_numpy(classes)]
    for queries, own in ((bank, np.arange(3000)), (bank[:500].clone(), None)):
        expected = [
            np.flatnonzero((classes == classes[row]) & (np.arange(3000) != (row if own is not None else -1)))[:k]
            for row in range(len(queries))
        ]
        for memory in (1 << 30, 12_000_000):
            indices, distances = nearest_neighbors(bank, queries, k, own, memory)
            np.testing.assert_array_equal(indices, expected)
            np.testing.assert_array_equal(distances, 0)


@pytest.mark.parametrize("sureness", [8, 14])
def test_neighbors_at_the_softmax_of_a_sure_network_are_exact(tiles, choosing, sureness):
    logits = torch.randn(600, 10, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    logits[torch.arange(600), torch.arange(600) % 10] += sureness
    bank = logits.softmax(1).float()
    exact = torch.cdist(bank.double(), bank.double(), compute_mode="donot_use_mm_for_euclid_dist")
    wanted = exact.fill_diagonal_(np.inf).sort(dim=1)
    indices, distances = nearest_neighbors(bank, bank, 30, torch.arange(600))
    np.testing.assert_allclose(distances, wanted.values[:, :30], rtol=1e-4, atol=1e-8)
    assert (indices == wanted.indices[:, :30]).double().mean() > 0.99


def test_activations_of_a_network_have_the_neighbors_of_scikit_learn(tiles):
    images = torch.from_numpy(load_digits().images[:400, None] / 16).float()
    model = build_model({"architecture": "resnet9", "width": 8}, 1, (8, 8), 10, seed=0)
    activations, _ = Probes(model, probe_points("resnet9", model))(images)
    for values in activations.values():
        bank = values[:300].numpy()
        assert_same_neighbors(bank, values[300:].numpy(), 30)
        assert_same_neighbors(bank, bank, 30, np.arange(300))


def test_far_from_the_origin_differences_still_count():
    bank = np.arange(100, dtype=np.float64)[:, None] + 1e7
    indices, distances = nearest_neighbors(bank.astype(np.float32), bank.astype(np.float32), 1, np.arange(100))
    assert (abs(indices[:, 0] - np.arange(100)) == 1).all()
    np.testing.assert_array_equal(distances, 1)


def test_little_memory_gives_the_same_neighbors():
    bank, queries = (torch.from_numpy(RNG.normal(size=(n, 64)).astype(np.float32)) for n in (1000, 700))
    much, little = (nearest_neighbors(bank, queries, 10, memory=memory) for memory in (1 << 30, 300_000))
    assert max(neighbors._sizes(4 * 64, 700, 1000, 10, 300_000)) < 700
    assert torch.equal(much[0], little[0])
    torch.testing.assert_close(much[1], little[1])
    both = [self_neighbors(ArrayRows(bank), 10, memory) for memory in (1 << 30, 400_000)]
    assert torch.equal(both[0][0], both[1][0])
    assert torch.equal(both[0][0], query_neighbors(ArrayRows(bank), ArrayRows(bank), 10, torch.arange(1000))[0])


def test_progress_counts_every_pair_once(tiles):
    rows, done = ArrayRows(torch.randn(130, 3)), []
    self_neighbors(rows, 2, progress=done.append)
    assert sum(done) == 130 * 130
    done.clear()
    query_neighbors(rows, ArrayRows(torch.randn(70, 3)), 2, progress=done.append)
    assert sum(done) == 130 * 70


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((np.zeros((5, 2)), np.zeros((5, 3)), 1), "are not"),
        ((np.zeros((5, 2)), np.zeros((5, 2)), 6), "k is 6, but each query has 5 neighbours"),
        ((np.zeros((5, 2)), np.zeros((5, 2)), 5, np.arange(5)), "has 4 neighbours among 5"),
        ((np.zeros((5, 2)), np.zeros((5, 2)), 1, np.arange(4)), "one index for each of 5"),
        ((np.full((5, 2), np.nan), np.zeros((5, 2)), 1), "not finite"),
        ((np.zeros((5, 2000)), np.zeros((5, 2000)), 1, None, 10_000), "too little by 1 MiB"),
    ],
)
def test_wrong_arguments_are_told(arguments, text):
    with pytest.raises(ValueError, match=text):
        nearest_neighbors(*arguments)
