"""The column of images of a Parquet file, one image at a time, however large the file is."""

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from difficulty.errors import UserError
from difficulty.memory import check_size, column_size


class ImageColumn:
    """Encoded images in the rows of a file: bytes, or Hugging Face's {bytes, path}.

    Of bytes that are null the file at `path` is the image, relative to the folder of the table and never outside it.
    No more than one row is decoded, so that neither the file nor a list in it can be too large. Rows that are read
    in ascending order cost one pass; another order starts their row group again.
    """

    def __init__(self, path, column: str):
        """Raises UserError if the column holds anything else, or a row group claims more than fits into memory."""
        self._path, self._column = path, column
        try:
            self._file = pq.ParquetFile(path)
        except (pa.ArrowException, OSError) as error:
            raise UserError(f"{path}: is no Parquet file ({' '.join(str(error).split())})") from error
        metadata, schema = self._file.metadata, self._file.schema_arrow
        if schema.names.count(column) != 1:
            raise UserError(f"{path}: has not one column {column!r}; it has {', '.join(schema.names)}")
        kind = schema.field(column).type
        if not _holds_images(kind):
            raise UserError(f"{path}: column {column!r} is {kind}, expected encoded bytes or {{bytes, path}}")
        groups = range(metadata.num_row_groups)
        for group in groups:
            check_size(path, f"row group {group} of {column}", column_size(metadata, group, [column]))
        self._starts = np.cumsum([0, *(metadata.row_group(group).num_rows for group in groups)])
        self._group, self._next, self._rows = None, 0, iter(())

    def __getitem__(self, row: int) -> bytes | Path:
        """The image of a row; empty bytes if there is none. Raises UserError if the row is damaged, or if it has only a
        path and that leaves the folder or is no file."""
        group = int(np.searchsorted(self._starts, row, side="right")) - 1
        if group != self._group or row < self._next:
            self._group, self._next = group, int(self._starts[group])
            self._rows = self._file.iter_batches(1, [group], [self._column], use_threads=False)
        try:
            while self._next < row:
                next(self._rows)
                self._next += 1
            value = next(self._rows).column(0)[0].as_py()
        except (pa.ArrowException, OSError, StopIteration) as error:
            self._group = None
            raise UserError(f"{self._path}: row {row:,} cannot be read ({' '.join(str(error).split())})") from error
        self._next += 1
        if not isinstance(value, dict):
            return value or b""
        return value.get("bytes") or (self._at(value["path"], row) if value.get("path") else b"")

    def _at(self, name: str, row: int) -> Path:
        folder = Path(os.path.normpath(Path(self._path).absolute().parent))
        path = Path(os.path.normpath(folder / name))
        if not path.is_relative_to(folder):
            raise UserError(f"{self._path}: row {row:,}: {name} is not in the folder of the table")
        if not path.exists():
            raise UserError(f"{self._path}: row {row:,} has only a path, no image bytes, and there is no file {name}")
        return path


def _holds_images(kind: pa.DataType) -> bool:
    if pa.types.is_struct(kind):
        names = {field.name: field.type for field in kind}
        return _is_bytes(names["bytes"]) if "bytes" in names else "path" in names
    return _is_bytes(kind)


def _is_bytes(kind: pa.DataType) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return (
        pa.types.is_null(kind)
        or pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_fixed_size_binary(kind)
    )
