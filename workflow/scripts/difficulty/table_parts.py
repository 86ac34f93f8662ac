"""Tables that are larger than one wants in memory: written and read part by part, with the same checks as others."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from difficulty.atomic_files import atomic_path
from difficulty.tables import ROWS_PER_GROUP, Schema, TableError, check_rows, check_schema, fitted, sealed


@contextmanager
def table_writer(
    path, schema: Schema, provenance: Mapping, byte_stream_split: Sequence[str] = (), compression: str = "zstd"
) -> Iterator[Callable[[dict], None]]:
    """Yields a function that appends rows (column -> Arrow array or NumPy values); nothing is at `path` until the end.

    provenance: as of `write_table`. byte_stream_split: floating-point columns (Parquet's paths) whose bytes
    are stored apart, which makes them smaller. The keys of rows are not compared with those of other parts.
    """
    wanted = pa.schema([column.to_field(name) for name, column in schema.columns.items()])
    stored = sealed(wanted, schema.name, provenance)
    options = {"compression": compression, "use_dictionary": False, "write_page_checksum": True}
    with (
        atomic_path(path) as temporary,
        pq.ParquetWriter(temporary, stored, use_byte_stream_split=list(byte_stream_split) or False, **options) as file,
    ):
        yield lambda columns: file.write_table(pa.table([columns[name] for name in wanted.names], schema=stored))


@contextmanager
def frame_writer(
    path, schema: Schema, provenance: Mapping, rows_per_group: int = ROWS_PER_GROUP
) -> Iterator[Callable[[pd.DataFrame], None]]:
    """Yields a function that appends a frame's rows, which begin a row group; nothing is at `path` until the end.

    The file is as `write_table` writes it. So are the errors, but that keys are compared within a frame only.
    """
    stored = sealed(
        pa.schema([column.to_field(name) for name, column in schema.columns.items()]), schema.name, provenance
    )

    def append(frame: pd.DataFrame) -> None:
        table = fitted(frame, path, schema)
        check_rows(table, path, schema, "check the data that it is made of")
        file.write_table(table.cast(stored), row_group_size=rows_per_group)

    with (
        atomic_path(path) as temporary,
        pq.ParquetWriter(temporary, stored, compression="zstd", write_page_checksum=True) as file,
    ):
        yield append


class RowGroups:
    """The row groups of the table at `path`, of which any are read at a time; errors are those of `read_parts`."""

    def __init__(self, path, schema: Schema, buffer_size: int = 0):
        """buffer_size: bytes of a column that are read from the file at a time; 0: all of them in a row group."""
        check_schema(path, schema)
        self.path = path
        with _named(path):
            self._file = pq.ParquetFile(path, page_checksum_verification=True, buffer_size=buffer_size)
        metadata = self._file.metadata
        self.rows = [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]

    def bounds(self, column: str) -> list[tuple | None]:
        """The smallest and the largest value that each group has in a column; None where the file does not say."""
        return [(each.min, each.max) if each and each.has_min_max else None for each in self._statistics(column)]

    def is_null(self, column: str) -> bool:
        """Whether all values of a column are null, as far as the file says."""
        found = zip(self._statistics(column), self.rows, strict=True)
        return all(rows == 0 or (each is not None and each.null_count == rows) for each, rows in found)

    def read(self, groups: Sequence[int], columns: Sequence[str]) -> pd.DataFrame:
        """Some columns of some groups, one after another; text as categories.

        Groups are read one by one: a damaged number of values on a page, which no checksum covers, would shift those of
        all groups that are read with it.
        """
        with _named(self.path):
            table = self.read_arrow(groups, columns)
            return table.to_pandas(strings_to_categorical=True, split_blocks=True, self_destruct=True)

    def read_arrow(self, groups: Sequence[int], columns: Sequence[str]) -> pa.Table:
        """The same as Arrow, text as it is."""
        with _named(self.path):
            parts = [self._file.read_row_groups(part, columns=list(columns)) for part in [[], *([g] for g in groups)]]
            return pa.concat_tables(parts)

    def batches(self, group: int, column: str, rows: int) -> Iterator[pa.Array]:
        """A column of a group, at most `rows` rows at a time."""
        with _named(self.path):
            for batch in self._file.iter_batches(rows, [group], [column], use_threads=False):
                yield batch.column(0)

    def _statistics(self, column: str) -> list[pq.Statistics | None]:
        metadata, schema = self._file.metadata, self._file.schema
        (place,) = (number for number in range(len(schema)) if schema.column(number).path == column)
        return [metadata.row_group(number).column(place).statistics for number in range(len(self.rows))]


def row_count(path) -> int:
    """How many rows the table at `path` has."""
    with _named(path):
        return pq.read_metadata(path).num_rows


def read_parts(path, schema: Schema, rows: int, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
    """The table at `path` in parts of `rows` rows; TableError if it is missing, damaged or of another kind."""
    check_schema(path, schema)
    with _named(path), pq.ParquetFile(path, page_checksum_verification=True) as file:
        for batch in file.iter_batches(rows, columns=columns):
            yield pa.Table.from_batches([batch])


@contextmanager
def _named(path) -> Iterator[None]:
    """Errors of reading name the file."""
    try:
        yield
    except (pa.ArrowException, OSError, ValueError) as error:
        raise TableError(path, f"is damaged ({' '.join(str(error).split())[:200]})") from error
