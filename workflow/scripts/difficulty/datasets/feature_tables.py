"""The table of a data set's features: one vector for each image, whatever its label."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.datasets.stored_rows import GroupReader, StoredRows
from difficulty.tables import Column, Schema, TableError, check_rows, read_arrow, read_schema, write_table

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


class _VectorGroups(GroupReader):
    """The row groups of a table of features as vectors, float32 (n, D)."""

    def __init__(self, path):
        column = read_schema(path).columns.get("vector")
        if column is None or not pa.types.is_fixed_size_list(column.type):
            raise TableError(path, "has no column of vectors")
        width = column.type.list_size
        super().__init__(path, features_schema(width), "vector", (width,), np.float32)

    def _decoded(self, column: pa.Array) -> np.ndarray:
        if column.null_count:
            raise TableError(self.path, f"column 'vector' has {column.null_count} nulls")
        return column.flatten().to_numpy(zero_copy_only=False).reshape(-1, *self.shape)


def open_features(path) -> tuple[np.ndarray, StoredRows]:
    """(example_ids int64 (N,), vectors, indexed like an array (N, D) of float32 and read when they are asked for).

    Raises TableError if the table is damaged.
    """
    groups = _VectorGroups(path)
    schema = features_schema(*groups.shape)
    known = read_arrow(path, schema, ["example_id"])
    check_rows(known, path, replace(schema, columns={"example_id": schema.columns["example_id"]}))
    example_ids = known["example_id"].to_numpy()
    return example_ids, StoredRows(groups, np.arange(len(example_ids)))


def read_features(path) -> tuple[np.ndarray, np.ndarray]:
    """(example_ids int64 (N,), vectors float32 (N, D)); TableError if the table is damaged."""
    example_ids, vectors = open_features(path)
    return example_ids, vectors[:]


def stored_vectors_of(path, example_ids: np.ndarray | pd.Series) -> tuple[np.ndarray, StoredRows]:
    """(positions (n,) in example_ids of those that have features, and the vectors of these; see `open_features`)."""
    known, vectors = open_features(path)
    rows = pd.Index(known).get_indexer(example_ids)
    positions = np.flatnonzero(rows >= 0)
    return positions, vectors.select(rows[positions])


def vectors_of(path, example_ids: np.ndarray | pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """The same with all vectors in memory, float32 (n, D)."""
    positions, vectors = stored_vectors_of(path, example_ids)
    return positions, vectors[:]


def fixed_lists(values: np.ndarray) -> pa.FixedSizeListArray:
    """Rows of float32 (N, D) as a column of lists."""
    flat = pa.array(np.ascontiguousarray(values, np.float32).ravel())
    return pa.FixedSizeListArray.from_arrays(flat, values.shape[1])
