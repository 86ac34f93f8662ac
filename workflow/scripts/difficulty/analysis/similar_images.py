"""Near duplicates: pairs of images, within and across splits, whose features point the same way."""

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.progress import Progress
from difficulty.tables import Column, Schema

SIMILAR = Schema(
    "similar",
    {
        "example_id": Column(pa.int64(), "the first of two images, as in the examples"),
        "other_id": Column(pa.int64(), "the second, with the larger number"),
        "cosine": Column(pa.float32(), "cosine between their features"),
        "same_split": Column(pa.bool_(), "both are training images, or both are test images"),
        "identical": Column(pa.bool_(), "their files are the same, byte by byte"),
    },
    key=("example_id", "other_id"),
)
_ROWS = 1024  # of one matrix product with as many others
_BYTES_TOGETHER = 32 << 20  # of the vectors that others are compared with while these are read once
_MOST_PAIRS = 1_000_000


def similar_pairs(vectors, above: float, name: str = "pairs") -> tuple[np.ndarray, np.ndarray, int]:
    """(positions int64 (P, 2), the smaller first; cosines float32 (P,); how many pairs were left out).

    vectors: float32 (N, D), none all zeros, or what gives slices of such; of all pairs of rows those whose cosine is
    `above` or more, the nearest first, at most a million of them. Takes the memory of some 32 MiB of vectors, of some
    blocks of 1,024 x 1,024, and of the pairs. name: what progress lines call it.
    """
    count, width = vectors.shape
    parts = [slice(start, start + _ROWS) for start in range(0, count, _ROWS)]
    lengths = np.concatenate([np.linalg.norm(vectors[part], axis=1) for part in parts])
    progress = Progress(name, count, "images")
    pairs, cosines, seen = np.empty((0, 2), np.int64), np.empty(0, np.float32), 0
    together = max(1, _BYTES_TOGETHER // (4 * width * _ROWS))
    for number in range(0, len(parts), together):
        held = {part.start: vectors[part] / lengths[part, None] for part in parts[number : number + together]}
        found = [(pairs, cosines)]
        for others in parts[number:]:
            theirs = vectors[others]
            for first in (first for first in held if first <= others.start):
                products = held[first] @ theirs.T / lengths[others]
                if others.start == first:
                    products[np.tril_indices(len(products))] = -np.inf
                near = np.argwhere(products >= above)
                found.append((near + np.array([first, others.start]), products[near[:, 0], near[:, 1]]))
                seen += len(near)
                if sum(len(part) for part, _ in found) > 2 * _MOST_PAIRS:
                    found = [_nearest(found)]
        pairs, cosines = _nearest(found)
        progress.update(sum(map(len, held.values())))
    return pairs, np.minimum(cosines, 1), seen - len(pairs)


def similar_table(examples: pd.DataFrame, vectors, above: float, name: str = "pairs") -> tuple[pd.DataFrame, int]:
    """(rows of SIMILAR, the nearest pairs first; how many were left out); see `similar_pairs`.

    examples: columns example_id, split and sha256 of N images, vectors: theirs, (N, D).
    """
    pairs, cosines, left_out = similar_pairs(vectors, above, name)
    columns = {each: examples[each].to_numpy()[pairs] for each in ("example_id", "split", "sha256")}
    ids = np.sort(columns["example_id"], axis=1)
    table = {
        "example_id": ids[:, 0],
        "other_id": ids[:, 1],
        "cosine": cosines,
        "same_split": columns["split"][:, 0] == columns["split"][:, 1],
        "identical": columns["sha256"][:, 0] == columns["sha256"][:, 1],
    }
    return pd.DataFrame(table), left_out


def _nearest(found: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Of all pairs found those of the largest cosines, at most a million, the largest first."""
    pairs, cosines = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.lexsort((pairs[:, 1], pairs[:, 0], -cosines))[:_MOST_PAIRS]
    return pairs[order], cosines[order]
