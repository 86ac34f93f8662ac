"""Probabilities (N, C) of examples and classes that are too many numbers to be held: parts of them are read.

They stand for arrays: a slice of examples gives an array (n, C); positions of examples, or a mask, give probabilities
of these examples, of which parts are read as well.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from difficulty.scores.label_error.class_arrays import parts
from difficulty.table_parts import RowGroups
from difficulty.tables import Schema, TableError

_NUMBERS_AT_A_TIME = 1 << 21  # that are decoded; row groups, which are read as a whole, have twice as many


class ReadProbabilities(ABC):
    """What all of them have. shape: (N, C)."""

    shape: tuple[int, int]

    def __len__(self) -> int:
        return self.shape[0]

    @abstractmethod
    def __getitem__(self, rows): ...

    @cached_property
    def likeliest(self) -> np.ndarray:
        """The likeliest class, int (N,)."""
        return np.concatenate([self[rows].argmax(axis=1) for rows in parts(*self.shape)])


Probabilities = np.ndarray | ReadProbabilities


def likeliest(probabilities: Probabilities) -> np.ndarray:
    """The likeliest class, int (N,), by probabilities (N, C)."""
    return probabilities.argmax(axis=1) if isinstance(probabilities, np.ndarray) else probabilities.likeliest


def held(probabilities: Probabilities) -> np.ndarray:
    """The same as an array (N, C), read a part at a time."""
    if isinstance(probabilities, np.ndarray):
        return probabilities
    found = np.empty(probabilities.shape, probabilities[:1].dtype)
    for rows in parts(*found.shape):
        found[rows] = probabilities[rows]
    return found


class StoredProbabilities(ReadProbabilities):
    """float32 (N, C), rows of the column `probabilities` of a table; it is fastest to read them in their order.

    rows: int64 (N,), increasing. classes: C.
    """

    def __init__(self, path, schema: Schema, rows: np.ndarray, classes: int):
        self.shape, self._rows = (len(rows), classes), rows
        self._place, self._stream, self._batch, self._start = (path, schema), iter(()), np.empty((0, classes)), 0

    def __getitem__(self, rows):
        wanted = self._rows[rows]
        if not isinstance(rows, slice):
            return StoredProbabilities(*self._place, wanted, self.shape[1])
        found, done = np.empty((len(wanted), self.shape[1]), np.float32), 0
        while done < len(wanted):
            self._go_to(wanted[done])
            end = np.searchsorted(wanted, self._start + len(self._batch))
            found[done:end] = self._batch[wanted[done:end] - self._start]
            done = end
        return found

    def _go_to(self, row: int) -> None:
        """Reads on until the batch has the row; from the beginning of its group if the row has been passed."""
        if row < self._start or not len(self._batch):
            self._stream = self._batches(row)
        while not self._start <= row < self._start + len(self._batch):
            self._start, self._batch = next(self._stream)

    def _batches(self, row: int) -> Iterator[tuple[int, np.ndarray]]:
        """(its first row, a batch (n, C)), from the beginning of the group of a row."""
        table, classes = RowGroups(*self._place), self.shape[1]
        start, size = 0, max(_NUMBERS_AT_A_TIME // classes, 1)
        for group, rows in enumerate(table.rows):
            if start + rows <= row:
                start += rows
                continue
            for batch in table.batches(group, "probabilities", size):
                yield start, matrix_of(batch, classes, self._place[0])
                start += len(batch)


def stored_classes(path, schema: Schema) -> int:
    """How many classes the probabilities are of that a table has in its column `probabilities`."""
    groups = RowGroups(path, schema)
    for group in range(len(groups.rows)):
        for batch in groups.batches(group, "probabilities", 1):
            if len(batch) and len(batch[0]):
                return len(batch[0])
            break
    raise TableError(path, "holds no probabilities")


def matrix_of(lists: pa.Array, classes: int, path) -> np.ndarray:
    """float32 (n, C), of lists of C numbers; TableError if one has another length."""
    numbers = lists.flatten().to_numpy(zero_copy_only=False)
    lengths = pc.list_value_length(lists).to_numpy(zero_copy_only=False)
    if len(numbers) != len(lists) * classes or (lengths != classes).any() or np.isnan(numbers).any():
        raise TableError(path, f"does not hold probabilities of {classes} classes in every row")
    return numbers.reshape(-1, classes)


class MeanProbabilities(ReadProbabilities):
    """float64 (N, C), the mean of others."""

    def __init__(self, each: Sequence[Probabilities]):
        self.shape, self._each = each[0].shape, list(each)

    def __getitem__(self, rows):
        of_rows = [each[rows] for each in self._each]
        return np.mean(of_rows, axis=0, dtype=np.float64) if isinstance(rows, slice) else MeanProbabilities(of_rows)


class RunningMean:
    """The mean of probabilities (N, C) that come one after the other; arrays are added up in that of the first."""

    def __init__(self):
        self._each, self._count = [], 0

    def add(self, each: Probabilities) -> None:
        if isinstance(each, np.ndarray) and self._each:
            np.add(self._each[0], each, out=self._each[0])
        else:
            self._each.append(each)
        self._count += 1

    def mean(self) -> Probabilities:
        """Of arrays in the memory of the first, which is no longer theirs."""
        if isinstance(self._each[0], np.ndarray):
            return np.divide(self._each[0], self._count, out=self._each[0])
        return MeanProbabilities(self._each)
