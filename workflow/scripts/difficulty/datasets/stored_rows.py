"""Rows of a table that are arrays, such as images or vectors, read a row group at a time."""

from abc import ABC, abstractmethod

import numpy as np
import pyarrow as pa

from difficulty.table_parts import RowGroups
from difficulty.tables import Schema, TableError

_BYTES_AT_ONCE = 4 << 20  # that are decoded, besides the row group that they become


class GroupReader(ABC):
    """The row groups of a table as arrays, of which the last one that was read stays in memory.

    shape, dtype: of each row's array. starts: position of each group's first row, and the number of rows at the end.
    """

    def __init__(self, path, schema: Schema, column: str, shape: tuple[int, ...], dtype: type):
        self.path, self.shape, self.dtype = path, shape, dtype
        self._table, self._column = RowGroups(path, schema, buffer_size=1 << 20), column
        self.starts = np.cumsum([0, *self._table.rows])
        self._last: tuple[int, np.ndarray] | None = None

    def read(self, number: int) -> np.ndarray:
        """The arrays of a group, (n, *shape); TableError if they are damaged or of another shape."""
        if self._last is None or self._last[0] != number:
            self._last = None  # not two of them at a time
            rows, start = np.empty((self._table.rows[number], *self.shape), self.dtype), 0
            at_once = max(1, _BYTES_AT_ONCE // max(1, rows[:1].nbytes))
            for batch in self._table.batches(number, self._column, at_once):
                found = self._decoded(batch)
                rows[start : start + len(found)] = found[: len(rows) - start]
                start += len(found)
            if start != len(rows):
                raise TableError(self.path, f"has {start} rows in a row group of {len(rows)}")
            self._last = number, rows
        return self._last[1]

    @abstractmethod
    def _decoded(self, column: pa.Array) -> np.ndarray:
        """The column as an array (n, *shape)."""


class StoredRows:
    """N rows of a table, indexed like an array (N, ...), of which only what is asked for is read.

    Whoever asks for rows in their order reads each row group once; whoever wants rows from all over the table asks for
    all of them at once.
    """

    def __init__(self, groups: GroupReader, rows: np.ndarray):
        """rows: positions in the table (N,)."""
        self._groups, self._rows = groups, rows

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, ...)."""
        return (len(self), *self._groups.shape)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, rows) -> np.ndarray:
        """Copies of a slice of the rows or of those at positions (B,), (B, ...); TableError if the table is damaged."""
        wanted = self._rows[rows]
        found = np.empty((len(wanted), *self._groups.shape), self._groups.dtype)
        group = np.searchsorted(self._groups.starts, wanted, side="right") - 1
        for number in np.unique(group):
            members = np.flatnonzero(group == number)
            found[members] = self._groups.read(number)[wanted[members] - self._groups.starts[number]]
        return found

    def select(self, rows) -> "StoredRows":
        """Only those at these positions; nothing is read."""
        return StoredRows(self._groups, self._rows[rows])
