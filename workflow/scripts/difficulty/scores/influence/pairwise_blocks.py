"""Reading pairwise influence: several tables of the same queries, a block of queries at a time."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from difficulty.scores.influence.pairwise_tables import PAIRWISE_EXAMPLES, pairwise_schema
from difficulty.table_parts import read_parts
from difficulty.tables import Schema, TableError, read_arrow, read_schema, read_table

_CELLS = 1 << 23  # influences that are read at once


def rows_at_once(tables: int, examples: int) -> int:
    """How many queries a block should have where so many tables of so many training examples are read together."""
    return max(1, _CELLS // max(1, tables * examples))


def stored_schema(path) -> Schema:
    """The schema of a pairwise table, with as many training examples as it lists."""
    stored = read_schema(path).columns.get("influence")
    if stored is None:
        raise TableError(path, "has no influences")
    return pairwise_schema(stored.type.list_size)


def examples_beside(path) -> np.ndarray:
    """int64 (N,): the training examples that the lists of a pairwise table are of, from the table beside it."""
    return read_table(listing(path), PAIRWISE_EXAMPLES)["example_id"].to_numpy()


def listing(path) -> Path:
    """Where the training examples of a pairwise table are listed."""
    return Path(path).with_name(f"{Path(path).stem}-examples.parquet")


def common_queries(paths: Sequence[Path]) -> np.ndarray:
    """int64 (Q,): the query_id of each row, which must be the same in all these pairwise tables."""
    tables = [read_arrow(path, stored_schema(path), ["query_id"]) for path in paths]
    return _common([table["query_id"].to_numpy() for table in tables], paths)


def common_examples(paths: Sequence[Path]) -> np.ndarray:
    """int64 (N,): the training examples, which must be the same for all these pairwise tables."""
    return _common([examples_beside(path) for path in paths], paths)


def _common(ids: Sequence[np.ndarray], paths: Sequence[Path]) -> np.ndarray:
    for each, path in zip(ids, paths, strict=True):
        if not np.array_equal(each, ids[0]):
            raise TableError(path, f"is of other examples than {paths[0]}, or in another order")
    return ids[0]


def summed_blocks(paths: Sequence[Path], rows: int) -> Iterator[np.ndarray]:
    """float32 (Q, N), at most `rows` queries at a time: the sum of these tables, in the order of their rows.

    paths: of the same queries and training examples. Raises TableError if one lists another number of examples.
    """
    schema = stored_schema(paths[0])
    for parts in zip(*(read_parts(path, schema, rows, ["influence"]) for path in paths), strict=True):
        yield sum(part["influence"].combine_chunks().flatten().to_numpy().reshape(len(part), -1) for part in parts)
