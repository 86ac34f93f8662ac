"""The part that one job on a checkpoint covers: its epoch and the examples of its shard, by its file's name."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from difficulty.errors import UserError

_SHARD = re.compile(r"-shard-(\d+)$")
_EPOCH = re.compile(r"epoch-(\d+)")


def shard_of(path) -> int:
    """Number of the shard, from 0: 1 of `epoch-5-shard-1.parquet`, 0 of `epoch-5.parquet`."""
    found = _SHARD.search(Path(path).stem)
    return int(found[1]) if found else 0


def epoch_of(path) -> int:
    """5 of `epoch-5-shard-1.parquet`."""
    return int(_EPOCH.match(Path(path).stem)[1])


def shard_rows(splits: np.ndarray, wanted: Sequence[str], shard: int, shards: int) -> np.ndarray:
    """Positions of the examples of one of `shards` nearly equal ranges of those whose split is wanted.

    splits: (N,) names. Raises UserError if there is none.
    """
    rows = np.array_split(np.flatnonzero(np.isin(splits, list(wanted))), shards)[shard]
    if not len(rows):
        raise UserError(f"shard {shard} of {shards} has no {' or '.join(wanted)} example; set fewer shards")
    return rows
