"""Records of another training run that do not fit into memory: read epoch by epoch, where the file has them so.

Most programs write an epoch after the other, each in an order of its own. Of such a file one batch of rows is in memory
at a time, and what is known of an example besides its predictions.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from operator import itemgetter

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from difficulty.datasets.record_rows import Rows, check_probabilities, matrix_of, values_of, whole_numbers
from difficulty.errors import UserError
from difficulty.memory import column_size
from difficulty.memory_budget import budgeted
from difficulty.text_tables import is_text_table

_WHOLE_BELOW = 1 << 24  # bytes; smaller files are read as a whole
_ROWS = 1 << 16
_NUMBERS = 1 << 19  # of the predictions of a batch
_TOGETHER = 64  # rows; see `_from_epochs_starts`
_BUFFER = 1 << 22  # bytes of a column of a row group, which may be an epoch, that are read at a time


@dataclass(frozen=True)
class RecordStream:
    """A table of the records of E epochs, the rows of an epoch together, epochs in order.

    example_id: (N,), sorted. first_epoch: 0 or 1.
    """

    path: str
    settings: Mapping
    example_id: np.ndarray
    first_epoch: int
    epochs: int

    def first(self, columns: Sequence[str]) -> tuple[pa.Table, Rows]:
        """These columns of the first epoch's rows, and where these are."""
        count, parts = len(self.example_id), []
        needed = list(dict.fromkeys([self.settings["example_id"], *columns]))
        for batch in _batches(self.path, needed, _ROWS):
            parts.append(batch.slice(0, count))
            count -= len(parts[-1])
            if not count:
                break
        if count:
            raise self._changed()
        table = pa.concat_tables(parts)
        example = whole_numbers(table, self.settings["example_id"], self.path)
        if not np.array_equal(np.sort(example), self.example_id):
            raise self._changed()
        return table, Rows(example, np.full(len(example), self.first_epoch), np.argsort(example), (1, len(example)))

    def classes(self, name: str) -> int:
        """How many classes the predictions, `logits` or `probabilities`, have in the first row."""
        column = self.settings[name]
        table = next(_batches(self.path, self._keys(column), 1), None)
        if table is None:
            raise self._changed()
        return matrix_of(table[column], column, self._rows(table), self.path).shape[1]

    def predictions(self, name: str, first: int = 1) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
        """(epoch from 1, positions (n,) among the examples, float32 (n, C)) of some rows after the other.

        name: `logits` or `probabilities`. first: the epoch to begin with. Raises UserError, naming rows, if these are
        no logits or probabilities of the same classes, or if the file no longer has the rows that it had.
        """
        column, classes = self.settings[name], self.classes(name)
        row, seen = (first - 1) * len(self.example_id), np.zeros(len(self.example_id), bool)
        size = max(budgeted(_NUMBERS) // classes // _TOGETHER, 1) * _TOGETHER
        batches = _batches(self.path, self._keys(column), size, row)
        for table in _from_epochs_starts(batches, len(self.example_id), size, row):
            rows = self._rows(table)
            place, epoch = self._places(rows.example), np.arange(row, row + len(table)) // len(self.example_id)
            is_known = (self.example_id[place] == rows.example) & (rows.epoch == epoch + self.first_epoch)
            if row % len(seen) == 0:
                seen[:] = False
            if not is_known.all() or epoch[-1] >= self.epochs or seen[place].any():
                raise self._changed()
            seen[place] = True
            row += len(table)
            values = matrix_of(table[column], column, rows, self.path, classes)
            if name == "probabilities":
                check_probabilities(values, column, rows, self.path)
            yield int(epoch[0]) + 1, place, values
        if row != self.epochs * len(self.example_id):
            raise self._changed()

    def _places(self, example: np.ndarray) -> np.ndarray:
        """Positions among the examples; those of other ids are any."""
        return np.minimum(np.searchsorted(self.example_id, example), len(self.example_id) - 1)

    def _changed(self) -> UserError:
        return UserError(
            f"{self.path}: is damaged, or was changed while it was read; see that it is whole, and run again"
        )

    def _keys(self, column: str) -> list[str]:
        return list(dict.fromkeys([self.settings["example_id"], self.settings["epoch"], column]))

    def _rows(self, table: pa.Table) -> Rows:
        numbers = (whole_numbers(table, self.settings[name], self.path) for name in ("example_id", "epoch"))
        return Rows(*numbers, np.arange(len(table)), (1, len(table)))


def open_stream(path, settings: Mapping, predictions: str, constant: Sequence[str]) -> RecordStream | None:
    """The table at `path` if it is large and has the rows of an epoch together, epochs in order, the same examples in
    each, whose values of the columns `constant` stay the same.

    predictions: `logits` or `probabilities`. None if not; reading it as a whole then does without order, and says what
    else is wrong.
    """
    if is_text_table(path):
        return None
    try:
        metadata, schema = pq.read_metadata(path), pq.read_schema(path)
        size = sum(column_size(metadata, group, schema.names) for group in range(metadata.num_row_groups))
        is_plain = schema.names.count(settings[predictions]) == 1 and all(
            schema.names.count(name) == 1 and not pa.types.is_nested(schema.field(name).type)
            for name in (settings["example_id"], settings["epoch"], *constant)
        )
        return _in_order(path, settings, constant) if size >= _WHOLE_BELOW and is_plain else None
    except (UserError, pa.ArrowException, OSError):
        return None


def _in_order(path, settings: Mapping, constant: Sequence[str]) -> RecordStream | None:
    columns = list(dict.fromkeys([settings["example_id"], settings["epoch"], *constant]))
    epochs, ids, known = [], None, None
    for epoch, parts in groupby(_stretches(path, settings, columns), itemgetter(0)):
        epochs.append(int(epoch))
        if ids is None:
            table = pa.concat_tables(part for _, _, part in parts)
            example = whole_numbers(table, settings["example_id"], path)
            ids, order = np.unique(example, return_index=True)
            known = {name: values_of(table, name, path)[order] for name in constant}
            is_repeated = len(ids) == len(example)
        else:
            is_repeated = _is_repeated(parts, ids, known)
        if not is_repeated or epochs[-1] - epochs[0] != len(epochs) - 1:
            return None
    if not epochs or epochs[0] not in (0, 1):
        return None
    return RecordStream(str(path), settings, ids, epochs[0], len(epochs))


def _stretches(path, settings: Mapping, columns: Sequence[str]) -> Iterator[tuple[int, np.ndarray, pa.Table]]:
    """(epoch, ids of the examples, their rows), some rows of an epoch after the other."""
    for table in _batches(path, columns, _ROWS):
        example, epoch = (whole_numbers(table, settings[name], path) for name in ("example_id", "epoch"))
        for start, end in _runs(epoch):
            yield epoch[start], example[start:end], table.slice(start, end - start)


def _is_repeated(parts: Iterable, ids: np.ndarray, known: Mapping[str, np.ndarray]) -> bool:
    """Whether an epoch's stretches have every example once, with the values that are known of it."""
    seen, count = np.zeros(len(ids), bool), 0
    for _, example, table in parts:
        place = np.minimum(np.searchsorted(ids, example), len(ids) - 1)
        if not (ids[place] == example).all() or not _same(table, known, place):
            return False
        seen[place] = True
        count += len(place)
    return count == len(ids) and seen.all()


def _same(table: pa.Table, known: Mapping[str, np.ndarray], place: np.ndarray) -> bool:
    """Whether the rows of examples at `place` have the values that these are known to have."""
    for name, values in known.items():
        own, expected = table[name].to_pandas().to_numpy(), values[place]
        if not ((own == expected) | (pd.isna(own) & pd.isna(expected))).all():
            return False
    return True


def _runs(values: np.ndarray) -> Iterator[tuple[int, int]]:
    """(start, end) of the stretches of equal values."""
    bounds = [0, *(np.flatnonzero(np.diff(values)) + 1).tolist(), len(values)]
    return pairwise(bounds)


def _from_epochs_starts(tables: Iterable[pa.Table], examples: int, size: int, row: int) -> Iterator[pa.Table]:
    """The rows of tables again, `size` at a time from the start of each epoch on.

    Processors round some numbers otherwise at the end of an array, behind the last that they compute together. So sizes
    are multiples of 64, and results depend neither on the size nor on the file's groups of rows. row: the first one,
    which is that of an epoch of so many `examples`.
    """
    rest = None
    for table in tables:
        rest = table if rest is None else pa.concat_tables([rest, table])
        while len(rest) >= (count := min(size, examples - row % examples)):
            yield rest.slice(0, count)
            rest, row = rest.slice(count), row + count
    if rest is not None and len(rest):
        yield rest


def _batches(path, columns: Sequence[str], rows: int, skipped: int = 0) -> Iterator[pa.Table]:
    """These columns of so many rows at a time, without the first rows of the file."""
    try:
        with pq.ParquetFile(path, buffer_size=_BUFFER) as file:
            for group in range(file.num_row_groups):
                count = file.metadata.row_group(group).num_rows
                if skipped >= count:
                    skipped -= count
                    continue
                for batch in file.iter_batches(rows, row_groups=[group], columns=list(columns)):
                    part = pa.Table.from_batches([batch]).slice(skipped)
                    skipped = max(skipped - len(batch), 0)
                    if len(part):
                        yield part
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{path}: cannot be read as a table ({' '.join(str(error).split())[:200]})") from error
