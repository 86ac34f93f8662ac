"""The training images whose features are nearest to those of an image, by the angle between them."""

import numpy as np

from difficulty.scores.depth.neighbors import nearest_neighbors

_MEMORY = 256 << 20  # bytes for distances


def unit_vectors(vectors: np.ndarray) -> np.ndarray:
    """float32 (N, D) of length 1; no vector may be all zeros."""
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def most_neighbors(bank_content: np.ndarray, query_content: np.ndarray) -> int:
    """How many rows of the bank each query has, at least, that are of another content than its own."""
    return len(bank_content) - int(_copies(bank_content, query_content).max(initial=0))


def nearest_others(
    bank: np.ndarray, bank_content: np.ndarray, queries: np.ndarray, query_content: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """(indices int64 (m, k), cosine distances float32 (m, k)) of the k bank rows nearest to each query, nearest first.

    bank: (n, D); queries: (m, D), which may be the bank itself; all of length 1. bank_content, query_content: (n,) and
    (m,), numbers that identical images share: neither a query itself nor what is identical with it is its neighbour.
    Raises ValueError if k is more than `most_neighbors`.
    """
    if k > (most := most_neighbors(bank_content, query_content)):
        raise ValueError(f"k is {k}, but a query has only {most} neighbours that are not identical with it")
    is_bank = queries is bank
    indices, distances = nearest_neighbors(bank, queries, k, np.arange(len(bank)) if is_bank else None, _MEMORY)
    copies = _copies(bank_content, query_content)
    repeated = np.flatnonzero(copies > is_bank)
    if len(repeated):
        wanted = k + int(copies[repeated].max())
        among, further = nearest_neighbors(bank, queries[repeated], wanted, None, _MEMORY)
        is_copy = bank_content[among] == query_content[repeated, None]
        order = np.argsort(is_copy, axis=1, kind="stable")[:, :k]
        indices[repeated] = np.take_along_axis(among, order, axis=1)
        distances[repeated] = np.take_along_axis(further, order, axis=1)
    return indices, np.square(distances) / 2  # |a - b|^2 = 2 (1 - cos), where |a| = |b| = 1


def _copies(bank_content: np.ndarray, query_content: np.ndarray) -> np.ndarray:
    """How many rows of the bank have the content of each query, itself included where it is one of them, (m,)."""
    contents, counts = np.unique(bank_content, return_counts=True)
    places = np.searchsorted(contents, query_content).clip(max=len(contents) - 1)
    return np.where(contents[places] == query_content, counts[places], 0)
