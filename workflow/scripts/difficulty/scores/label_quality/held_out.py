"""What networks that have not seen an example make of it: probabilities of all classes, a row per seed and example."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from difficulty.tables import ROWS_PER_GROUP, Column, Schema

HELD_OUT = Schema(
    "held_out",
    {
        "seed": Column(pa.int64(), "seed of the run, or of the folds of which one holds the example out"),
        "example_id": Column(pa.int64(), "training example, as in the examples"),
        "probabilities": Column(pa.list_(pa.float32()), "of each class, by networks that have not seen the example"),
    },
    key=("seed", "example_id"),
)
_NUMBERS_PER_GROUP = 1 << 22


@dataclass(frozen=True)
class HeldOut:
    """The training examples of one seed, each once.

    run: (N,) names of the runs that held them out. example_id: int64 (N,). label: int (N,), as given.
    probabilities: float32 (N, C).
    """

    seed: int
    run: np.ndarray
    example_id: np.ndarray
    label: np.ndarray
    probabilities: np.ndarray


def rows_of_group(classes: int) -> int:
    """Rows of a row group of probabilities of so many classes: whoever reads such a table by parts holds a group."""
    return max(min(ROWS_PER_GROUP, _NUMBERS_PER_GROUP // classes), 1)


def held_out_table(seeds: Sequence[HeldOut]) -> pa.Table:
    """The columns of HELD_OUT, seed by seed, examples in the order of their numbers."""
    return pa.concat_tables([_rows(each) for each in seeds])


def _rows(held_out: HeldOut) -> pa.Table:
    order = np.argsort(held_out.example_id)
    probabilities = held_out.probabilities[order]
    lists = pa.FixedSizeListArray.from_arrays(pa.array(probabilities.ravel()), probabilities.shape[1])
    return pa.table(
        {
            "seed": np.full(len(probabilities), held_out.seed),
            "example_id": held_out.example_id[order],
            "probabilities": lists.cast(HELD_OUT.columns["probabilities"].type),
        }
    )


def probability_matrix(table: pa.Table) -> np.ndarray:
    """float32 (R, C), the column `probabilities` of R rows of HELD_OUT."""
    column = table["probabilities"]
    return np.concatenate([chunk.flatten().to_numpy() for chunk in column.chunks]).reshape(len(column), -1)
