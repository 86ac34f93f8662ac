"""Whether a file that claims to be large fits into memory, known before any of it is taken."""

from collections.abc import Sequence

import pyarrow.parquet as pq

from difficulty.errors import UserError
from difficulty.machine import memory_size

_BYTES_PER_ROW = 64  # at least, of what a stage holds of each row of a table


def check_size(path, what: str, size: int) -> None:
    """Raises UserError if `what`, of `size` bytes, cannot be in memory. what: e.g. "array 'x'"."""
    if size > (memory := memory_size()):
        text = f"{what} claims {_in_words(size)}, and there are {_in_words(memory)} of memory"
        raise UserError(f"{path}: {text}; the file is damaged, or cut it into smaller ones")


def check_claims(path, metadata: pq.FileMetaData, columns: Sequence[str]) -> None:
    """Raises UserError if these columns of a Parquet file, all rows of them, cannot be in memory."""
    check_size(path, f"a table of {metadata.num_rows:,} rows", metadata.num_rows * _BYTES_PER_ROW)
    size = sum(column_size(metadata, group, columns) for group in range(metadata.num_row_groups))
    check_size(path, f"what it holds in {', '.join(columns)}", size)


def column_size(metadata: pq.FileMetaData, group: int, columns: Sequence[str]) -> int:
    """Bytes that these columns of a row group claim to have, uncompressed."""
    row_group = metadata.row_group(group)
    parts = (row_group.column(number) for number in range(metadata.num_columns))
    return sum(part.total_uncompressed_size for part in parts if part.path_in_schema.split(".")[0] in columns)


def _in_words(size: int) -> str:
    return f"{size / 2**30:,.1f} GiB" if size >= 2**30 else f"{size / 2**20:,.1f} MiB"
