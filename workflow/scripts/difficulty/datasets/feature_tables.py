"""The table of a data set's features: one vector for each image, whatever its label."""

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.tables import Column, Schema, TableError, read_arrow, read_schema, write_table

_BYTES_PER_ROW_GROUP = 64 << 20


def features_schema(width: int) -> Schema:
    """One row per image that has features, in the order of the examples. width: numbers of a vector."""
    return Schema(
        "features",
        {
            "example_id": Column(pa.int64(), "as in the examples"),
            "vector": Column(pa.list_(pa.float32(), width), "features of the image"),
        },
        key=("example_id",),
    )


def write_features(path, example_ids: np.ndarray, vectors: np.ndarray, provenance: dict) -> None:
    """Writes vectors, float32 (N, D), in the order of example_ids, int64 (N,)."""
    table = pa.table({"example_id": example_ids, "vector": fixed_lists(vectors)})
    rows = max(1, _BYTES_PER_ROW_GROUP // (4 * vectors.shape[1]))
    schema = features_schema(vectors.shape[1])
    write_table(table, path, schema, provenance, rows, compression="none", dictionary=False)


def read_features(path) -> tuple[np.ndarray, np.ndarray]:
    """(example_ids int64 (N,), vectors float32 (N, D)); TableError if the table is damaged."""
    column = read_schema(path).columns.get("vector")
    if column is None or not pa.types.is_fixed_size_list(column.type):
        raise TableError(path, "has no column of vectors")
    width = column.type.list_size
    example_ids, vectors = _arrays(read_arrow(path, features_schema(width)), width)
    pa.default_memory_pool().release_unused()  # two and a half times what the vectors take
    return example_ids, vectors


def _arrays(table: pa.Table, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Copies of the columns of a table of features, which need not stay in memory for them."""
    vectors = np.empty((table.num_rows, width), np.float32)
    row = 0
    for chunk in table["vector"].chunks:
        vectors[row : row + len(chunk)] = chunk.flatten().to_numpy(zero_copy_only=False).reshape(-1, width)
        row += len(chunk)
    return table["example_id"].to_numpy().copy(), vectors


def vectors_of(path, example_ids: np.ndarray | pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """(positions (n,) in example_ids of those that have features, and the vectors of these, float32 (n, D))."""
    known, vectors = read_features(path)
    rows = pd.Index(known).get_indexer(example_ids)
    positions = np.flatnonzero(rows >= 0)
    chosen = rows[positions]
    is_whole = len(chosen) == len(known) and (chosen == np.arange(len(known))).all()
    return positions, vectors if is_whole else vectors[chosen]


def fixed_lists(values: np.ndarray) -> pa.FixedSizeListArray:
    """Rows of float32 (N, D) as a column of lists."""
    flat = pa.array(np.ascontiguousarray(values, np.float32).ravel())
    return pa.FixedSizeListArray.from_arrays(flat, values.shape[1])
