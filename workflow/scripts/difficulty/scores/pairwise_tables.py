"""Pairwise influence as tables: which test examples are asked about, and what training examples do to them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from difficulty.tables import Column, Schema, TableError, read_arrow, read_table, write_table

_GROUP = 1 << 22  # influences of a row group, so that a reader can take some queries only
_QUERY = Column(pa.int64(), "example_id of the query")

QUERIES = Schema(
    "queries",
    {
        "example_id": Column(pa.int64(), "test example whose predictions are explained"),
        "label": Column(pa.int64(), "its label"),
        "predicted": Column(
            pa.int64(), "what most runs predict after the last epoch; of equally frequent classes the lowest", True
        ),
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
        "helpful": Column(pa.bool_(), "more weight on the example raises the query's margin; else it lowers it"),
        "rank": Column(pa.int64(), "place among the training examples, 0 for the most helpful or most harmful"),
        "example_id": Column(pa.int64(), "training example"),
        "influence": Column(pa.float64(), "on the query, summed over checkpoints, mean over the runs trained on it"),
        "influence_std": Column(pa.float64(), "population standard deviation over these runs"),
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
        "helped": Column(pa.int32(), "queries whose margin more weight on it would raise"),
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
            "influence": Column(pa.list_(pa.float32(), examples), "of each training example on the query's margin"),
        },
        key=("query_id",),
    )


def write_pairwise(
    path, query_ids: np.ndarray, lost: np.ndarray, influence: np.ndarray, provenance: Mapping | None = None
) -> None:
    """Writes query_ids (Q,), lost (Q,) and influence (Q, N) as such a table."""
    examples = influence.shape[1]
    lists = pa.FixedSizeListArray.from_arrays(influence.astype(np.float32, copy=False).ravel(), examples)
    table = pa.table({"query_id": query_ids, "lost": lost, "influence": lists})
    rows = max(1, _GROUP // examples)
    write_table(table, path, pairwise_schema(examples), provenance, rows, dictionary=False)


def examples_beside(path) -> Path:
    """Where the examples of the lists of a pairwise table are listed."""
    return Path(path).with_name(f"{Path(path).stem}-examples.parquet")


@dataclass(frozen=True)
class PairwiseTable:
    """A pairwise table of one run and checkpoint. example_ids: (N,), those of its lists."""

    path: Path
    example_ids: np.ndarray

    @classmethod
    def open(cls, path) -> "PairwiseTable":
        """Its examples are those listed beside it."""
        return cls(Path(path), read_table(examples_beside(path), PAIRWISE_EXAMPLES)["example_id"].to_numpy())

    def rows(self, query_ids: np.ndarray) -> np.ndarray:
        """float32 (Q, N) of these queries, in this order; TableError, naming the file, if one is missing."""
        schema = pairwise_schema(len(self.example_ids))
        wanted = pc.field("query_id").isin(np.asarray(query_ids))
        table = read_arrow(self.path, schema, ["query_id", "influence"], wanted)
        places = pd.Index(table["query_id"].to_numpy()).get_indexer(query_ids)
        if (places < 0).any():
            raise TableError(self.path, f"lacks query {query_ids[places.argmin()]}")
        values = table["influence"].combine_chunks().flatten().to_numpy()
        return values.reshape(-1, len(self.example_ids))[places]
