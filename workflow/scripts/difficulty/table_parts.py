"""Tables that are larger than one wants in memory: written and read part by part, with the same checks as others."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.parquet as pq

from difficulty.atomic_files import atomic_path
from difficulty.tables import Schema, TableError, check_schema, sealed


@contextmanager
def table_writer(
    path, schema: Schema, provenance: Mapping, byte_stream_split: Sequence[str] = ()
) -> Iterator[Callable[[dict], None]]:
    """Yields a function that appends rows (column -> Arrow array or NumPy values); nothing is at `path` until the end.

    provenance: as of `write_table`. byte_stream_split: floating-point columns (Parquet's paths) whose bytes
    are stored apart, which makes them smaller. The keys of rows are not compared with those of other parts.
    """
    wanted = pa.schema([column.to_field(name) for name, column in schema.columns.items()])
    stored = sealed(wanted, schema.name, provenance)
    options = {"compression": "zstd", "use_dictionary": False, "write_page_checksum": True}
    with (
        atomic_path(path) as temporary,
        pq.ParquetWriter(temporary, stored, use_byte_stream_split=list(byte_stream_split) or False, **options) as file,
    ):
        yield lambda columns: file.write_table(pa.table([columns[name] for name in wanted.names], schema=stored))


def read_parts(path, schema: Schema, rows: int, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
    """The table at `path` in parts of `rows` rows; TableError if it is missing, damaged or of another kind."""
    check_schema(path, schema)
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            for batch in file.iter_batches(rows, columns=columns):
                yield pa.Table.from_batches([batch])
    except (pa.ArrowException, OSError, ValueError) as error:
        raise TableError(path, f"is damaged ({' '.join(str(error).split())[:200]})") from error
