"""Pairwise influence of several variants on the same queries, summed over checkpoints, a block of queries at a time."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from difficulty.scores.pairwise_tables import PAIRWISE_EXAMPLES, pairwise_schema
from difficulty.table_parts import read_parts
from difficulty.tables import Schema, TableError, read_arrow, read_schema, read_table

_CELLS = 1 << 23  # influences that are read at once, over all variants


def stored_schema(path) -> Schema:
    """The schema of a pairwise table, with as many training examples as it lists."""
    stored = read_schema(path).columns.get("influence")
    if stored is None:
        raise TableError(path, "has no influences")
    return pairwise_schema(stored.type.list_size)


def common_queries(paths: Sequence[Path]) -> np.ndarray:
    """int64 (Q,): the query_id of each row, which must be the same in all these pairwise tables."""
    tables = [read_arrow(path, stored_schema(path), ["query_id"]) for path in paths]
    return _common([table["query_id"].to_numpy() for table in tables], paths)


def common_examples(paths: Sequence[Path]) -> np.ndarray:
    """int64 (N,): the training examples, which must be the same in all these tables of PAIRWISE_EXAMPLES."""
    return _common([read_table(path, PAIRWISE_EXAMPLES)["example_id"].to_numpy() for path in paths], paths)


def _common(ids: Sequence[np.ndarray], paths: Sequence[Path]) -> np.ndarray:
    for each, path in zip(ids, paths, strict=True):
        if not np.array_equal(each, ids[0]):
            raise TableError(path, f"has other rows than {paths[0]}, or in another order")
    return ids[0]


def summed_blocks(paths: Mapping[str, Sequence[Path]], examples: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Blocks of queries: their ids (Q,) and float32 (V, Q, N), the influence by each variant, summed over its tables.

    paths: variant -> pairwise tables, one for each checkpoint, all of the same queries in the same order.
    examples: N. Raises TableError if a table is of other examples.
    """
    schema = pairwise_schema(examples)
    rows = max(1, _CELLS // max(1, len(paths) * examples))
    columns = ["query_id", "influence"]
    readers = [[read_parts(path, schema, rows, columns) for path in tables] for tables in paths.values()]
    for parts in zip(*(zip(*each, strict=True) for each in readers), strict=True):
        queries = parts[0][0]["query_id"].to_numpy()
        values = np.zeros((len(parts), len(queries), examples), np.float32)
        for summed, tables in zip(values, parts, strict=True):
            for table in tables:
                summed += table["influence"].combine_chunks().flatten().to_numpy().reshape(summed.shape)
        yield queries, values
