"""Pairwise influence as tables: which test examples are asked about, and what training examples do to them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import pyarrow as pa

from difficulty.table_parts import table_writer
from difficulty.tables import Column, Schema

_QUERY = Column(pa.int64(), "example_id of the query")

QUERIES = Schema(
    "queries",
    {
        "example_id": Column(pa.int64(), "test example whose predictions are explained"),
        "label": Column(pa.int64(), "its label"),
    },
    key=("example_id",),
)

# The examples that the lists of a pairwise table are of, in their order.
PAIRWISE_EXAMPLES = Schema(
    "pairwise_examples", {"example_id": Column(pa.int64(), "training example")}, key=("example_id",)
)

INFLUENTIAL = Schema(
    "influential",
    {
        "query_id": _QUERY,
        "helpful": Column(pa.bool_(), "more weight on it raises the query's margin or lowers its loss"),
        "rank": Column(pa.int64(), "place among the training examples, 0 for the most helpful or most harmful"),
        "example_id": Column(pa.int64(), "training example"),
        "influence": Column(
            pa.float64(), "on the query, summed over checkpoints, mean over the seeds of the runs trained on it"
        ),
        "influence_std": Column(
            pa.float64(),
            "standard deviation over these seeds (folds averaged first), ddof 1; null of a single one",
            True,
        ),
        "runs": Column(pa.int32(), "number of these runs"),
        "is_duplicate": Column(pa.bool_(), "its image file has the same content as the query's"),
    },
    key=("query_id", "helpful", "example_id"),
)

OVERALL_INFLUENCE = Schema(
    "overall_influence",
    {
        "example_id": Column(pa.int64(), "training example"),
        "influence": Column(pa.float64(), "mean over the queries of its influence on them"),
        "influence_absolute": Column(pa.float64(), "mean over the queries of the influence without its sign"),
        "helped": Column(pa.int32(), "queries that more weight on it would help"),
        "top_helpful": Column(pa.int32(), "queries among whose most helpful examples it is"),
        "top_harmful": Column(pa.int32(), "queries among whose most harmful examples it is"),
    },
    key=("example_id",),
)


def pairwise_schema(examples: int) -> Schema:
    """One row per query, with its influence from each of so many training examples, as PAIRWISE_EXAMPLES lists them."""
    return Schema(
        "pairwise_influence",
        {
            "query_id": _QUERY,
            "lost": Column(pa.float32(), "share of the norm of the query's gradient that its low rank loses"),
            "influence": Column(pa.list_(pa.float32(), examples), "of each training example on the query"),
        },
        key=("query_id",),
    )


@contextmanager
def pairwise_writer(path, examples: int, provenance: Mapping) -> Iterator[Callable]:
    """Yields a function that appends query_ids (Q,), lost (Q,) and influence (Q, N); see `table_writer`."""
    with table_writer(path, pairwise_schema(examples), provenance) as write_rows:

        def write(query_ids: np.ndarray, lost: np.ndarray, influence: np.ndarray) -> None:
            lists = pa.FixedSizeListArray.from_arrays(influence.astype(np.float32, copy=False).ravel(), examples)
            write_rows({"query_id": query_ids, "lost": lost, "influence": lists})

        yield write
