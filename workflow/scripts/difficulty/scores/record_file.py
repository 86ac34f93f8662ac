"""The file of a run's records, read in parts: some examples over all epochs, or all examples after one.

Its row groups are of one epoch each, of the same examples in every epoch. A block is the groups of the same examples.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from difficulty.scores.record_arrays import RecordArrays, stored_records
from difficulty.table_parts import RowGroups
from difficulty.tables import TableError
from difficulty.training.run_tables import RECORDS

_PLACE = ("example_id", "epoch")


class RecordFile:
    """The records at `path`. Columns to read are those of the table besides example_id and epoch, which always are.

    Text other than roles comes as numbers that stand for it, in this part.
    """

    def __init__(self, path):
        self.path = path
        self._table = RowGroups(path, RECORDS)
        self._bounds = self._table.bounds("epoch")

    @property
    def epochs(self) -> int:
        """The last epoch; 0 if there are no records."""
        return max((last for _, last in filter(None, self._bounds)), default=0)

    def most(self, column: str) -> float:
        """The largest value of a column of numbers."""
        return max(bounds[1] for bounds in self._table.bounds(column) if bounds)

    def is_null(self, column: str) -> bool:
        """Whether all values of a column are null."""
        return self._table.is_null(column)

    def blocks(self, columns: Sequence[str]) -> Iterator[RecordArrays]:
        """All epochs of some of the examples, then of others, until every example has come once.

        Raises TableError if not every epoch from the first has the same examples in the same order, or one is there
        twice.
        """
        seen = []
        for groups in self._blocks():
            block = stored_records(self._read(groups, columns), self.path)
            seen.append(block.example_id)
            yield block
        ids = np.concatenate(seen)
        if len(np.unique(ids)) < len(ids):
            raise TableError(self.path, "holds an example twice in every epoch")

    def of_epoch(self, epoch: int, columns: Sequence[str]) -> RecordArrays:
        """All examples after one epoch, from 1, as arrays of one epoch. Raises TableError if there is no such epoch."""
        groups = [number for number, found in enumerate(self._bounds) if found and found[0] <= epoch <= found[1]]
        rows = self._read(groups, columns)
        rows = rows[rows["epoch"] == epoch]
        if rows.empty:
            raise TableError(self.path, f"has no epoch {epoch}")
        return stored_records(rows.assign(epoch=1), self.path)

    def _read(self, groups: Sequence[int], columns: Sequence[str]) -> pd.DataFrame:
        rows = self._table.read(groups, list(dict.fromkeys([*_PLACE, *columns])))
        for name in rows.select_dtypes("category"):
            if name != "role":
                rows[name] = rows[name].cat.codes
        return rows

    def _blocks(self) -> list[list[int]]:
        """Numbers of the groups of each block; one block of all groups where they are not of an epoch each."""
        whole = [list(range(len(self._bounds)))]
        if any(found is None or found[0] != found[1] for found in self._bounds):
            return whole
        of_epoch: dict[int, list[int]] = {}
        for group, (epoch, _) in enumerate(self._bounds):
            of_epoch.setdefault(epoch, []).append(group)
        sizes = {tuple(self._table.rows[group] for group in groups) for groups in of_epoch.values()}
        if len(sizes) != 1 or list(of_epoch) != list(range(1, len(of_epoch) + 1)):
            return whole  # which is refused with a reason
        return [list(block) for block in zip(*of_epoch.values(), strict=True)]


def blocks_of_runs(paths: Sequence[Path], columns: Sequence[str]) -> Iterator[list[RecordArrays]]:
    """The blocks of several runs side by side: the same examples of all of them, each over its own epochs.

    paths: records of runs. Raises TableError if they do not have the same examples in the same order.
    """
    streams = [RecordFile(path).blocks(columns) for path in paths]
    parts: list[RecordArrays | None] = [None] * len(paths)
    while True:
        for number, part in enumerate(parts):
            if part is None or not len(part.example_id):
                parts[number] = next(streams[number], None)
        if all(part is None for part in parts):
            return
        if ended := [path for path, part in zip(paths, parts, strict=True) if part is None]:
            raise TableError(ended[0], "has fewer examples than other runs")
        count = min(len(part.example_id) for part in parts)
        taken = [part.select(np.s_[:count]) for part in parts]
        for path, part in zip(paths, taken, strict=True):
            if not np.array_equal(part.example_id, taken[0].example_id):
                raise TableError(path, f"does not have the examples of {paths[0]} in their order")
        yield taken
        parts = [part.select(np.s_[count:]) for part in parts]
