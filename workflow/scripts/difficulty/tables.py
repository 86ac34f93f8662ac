"""Parquet tables with a declared schema, checks on reading and writing, and provenance.

Every artifact that passes between two stages is written and read here. A table carries in its
metadata the name of its schema, the description of each column (with the direction of a score),
how it was made, and a checksum of all these: Parquet has checksums for its pages only. Identical
inputs give identical bytes: no times, hosts or paths are stored.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from difficulty.atomic_files import atomic_path
from difficulty.errors import UserError
from difficulty.memory import check_claims
from difficulty.text_tables import ENDINGS, is_text_table, read_text_table

ROWS_PER_GROUP = 1 << 20
_MAKE_AGAIN = "delete it and run the workflow again"


class TableError(UserError):
    """A table that cannot be read or does not fit its schema; names the file and the remedy."""

    def __init__(self, path, problem, remedy=_MAKE_AGAIN):
        super().__init__(f"{path}: {problem}; {remedy}")
        self.path = Path(path)


@dataclass(frozen=True)
class Column:
    """One column.

    direction: for a score, +1 if higher is harder and -1 if lower is harder (as the literature
        defines it); None for whatever is not a score of difficulty.
    null_ranks_as: the value that an undefined entry counts as when examples are ranked; None
        where undefined entries cannot be ranked. Nothing but ranking ever uses it.
    """

    type: pa.DataType
    description: str
    nullable: bool = False
    direction: int | None = None
    null_ranks_as: float | None = None

    def __post_init__(self):
        if self.direction not in (None, -1, 1):
            raise ValueError(f"direction is +1, -1 or None, not {self.direction!r}")

    def to_field(self, name: str) -> pa.Field:
        metadata = {"description": self.description}
        if self.direction is not None:
            metadata["direction"] = str(self.direction)
        if self.null_ranks_as is not None:
            metadata["null_ranks_as"] = repr(float(self.null_ranks_as))
        return pa.field(name, self.type, self.nullable, metadata)

    @classmethod
    def from_field(cls, field: pa.Field) -> "Column":
        metadata = {k.decode(): v.decode() for k, v in (field.metadata or {}).items()}
        return cls(
            field.type,
            metadata.get("description", ""),
            field.nullable,
            int(metadata["direction"]) if "direction" in metadata else None,
            float(metadata["null_ranks_as"]) if "null_ranks_as" in metadata else None,
        )


@dataclass(frozen=True)
class Schema:
    """The columns of a kind of table.

    key: columns whose values together identify a row (checked on writing and reading).
    open: further columns may follow the declared ones.
    """

    name: str
    columns: Mapping[str, Column] = field(default_factory=dict)
    key: tuple[str, ...] = ()
    open: bool = False

    def extended(self, columns: Mapping[str, Column]) -> "Schema":
        """The same schema with more columns after its own."""
        return replace(self, columns={**self.columns, **columns})


def write_table(
    frame: pd.DataFrame | pa.Table,
    path,
    schema: Schema,
    provenance: Mapping | None = None,
    rows_per_group: int = ROWS_PER_GROUP,
    compression: str = "zstd",
    dictionary: bool = True,
) -> None:
    """Writes `frame`, which must have exactly the columns of `schema`, in any order.

    provenance: JSON-able facts of how the table was made (settings, source digest, versions).
    Raises TableError if a column is missing, unknown, of another type, null where it may not be,
    or if a key occurs twice.
    """
    table = fitted(frame, path, schema)
    check_rows(table, path, schema, "check the data that it is made of")
    with atomic_path(path) as temporary:
        pq.write_table(
            table.cast(sealed(table.schema, schema.name, provenance or {})),
            temporary,
            row_group_size=rows_per_group,
            compression=compression,
            use_dictionary=dictionary,
            write_page_checksum=True,
        )


def fitted(frame: pd.DataFrame | pa.Table, path, schema: Schema) -> pa.Table:
    """The rows with the columns of `schema`, in its order and of its types; TableError if they do not fit."""
    wanted = pa.schema([column.to_field(name) for name, column in schema.columns.items()])
    names = frame.column_names if isinstance(frame, pa.Table) else list(frame.columns)
    missing = [name for name in wanted.names if name not in names]
    unknown = [name for name in names if name not in schema.columns]
    if missing or unknown:
        raise TableError(path, f"columns missing {missing}, unknown {unknown}", f"schema {schema.name}")
    try:
        if isinstance(frame, pa.Table):
            return frame.select(wanted.names).cast(wanted)
        return pa.Table.from_pandas(frame, schema=wanted, preserve_index=False)
    except (pa.ArrowInvalid, pa.ArrowTypeError, ValueError) as error:
        raise TableError(
            path, f"does not fit schema {schema.name}: {_one_line(error)}", "check the data that it is made of"
        ) from error


def sealed(columns: pa.Schema, name: str, provenance: Mapping) -> pa.Schema:
    """The columns with what a table's metadata holds: its schema's name, how it was made, and the checksum of both."""
    metadata = {"schema": name, "provenance": json.dumps(provenance, sort_keys=True)}
    with_metadata = columns.with_metadata(metadata)
    return columns.with_metadata({**metadata, "checksum": _checksum(with_metadata)})


def read_arrow(path, schema: Schema, columns: Sequence[str] | None = None, filters=None) -> pa.Table:
    """The table at `path` as Arrow, checked against `schema` and its page checksums.

    columns: only these. filters: as in pyarrow.parquet.read_table.
    Raises TableError, naming the file, if it is missing, damaged or of another kind.
    """
    check_schema(path, schema)
    try:
        table = pq.read_table(
            path,
            columns=list(columns) if columns is not None else None,
            filters=filters,
            page_checksum_verification=True,
        )
    except (pa.ArrowException, OSError, ValueError) as error:
        raise TableError(path, f"is damaged ({_one_line(error)})") from error
    if columns is None:
        check_rows(table, path, schema)
    return table


def check_schema(path, schema: Schema) -> None:
    """Raises TableError if the table at `path` is missing, damaged, or has not the name and columns of `schema`."""
    stored = read_schema(path)
    if stored.name != schema.name:
        raise TableError(path, f"is a {stored.name!r} table where {schema.name!r} is expected")
    for name, column in schema.columns.items():
        if name not in stored.columns:
            raise TableError(path, f"has no column {name!r}")
        if stored.columns[name].type != column.type:
            raise TableError(path, f"column {name!r} is {stored.columns[name].type}, expected {column.type}")
    if not schema.open and (extra := set(stored.columns) - set(schema.columns)):
        raise TableError(path, f"has unknown columns {sorted(extra)}")


def read_table(path, schema: Schema, columns: Sequence[str] | None = None, filters=None) -> pd.DataFrame:
    """The table at `path` as a DataFrame; arguments and errors as for `read_arrow`."""
    frame = read_arrow(path, schema, columns, filters).to_pandas()
    pa.default_memory_pool().release_unused()  # Arrow would keep what reading took, often more than the table itself
    return frame


def read_schema(path) -> Schema:
    """The schema that the table at `path` carries, columns with their metadata (open, no key)."""
    stored = _stored(path)
    try:
        name = (stored.metadata or {}).get(b"schema", b"").decode()
        columns = {field.name: Column.from_field(field) for field in stored}
    except ValueError as error:
        raise TableError(path, f"is damaged ({_one_line(error)})") from error
    if not name:
        raise TableError(path, "was not written by this workflow")
    return Schema(name, columns, open=True)


def read_provenance(path) -> dict:
    """How the table at `path` was made: settings, source digest, versions, seed, device."""
    try:
        return json.loads((_stored(path).metadata or {}).get(b"provenance", b"{}"))
    except ValueError as error:
        raise TableError(path, f"is damaged ({_one_line(error)})") from error


def read_foreign(path, columns: Sequence[str] | None = None, text: Sequence[str] = ()) -> pa.Table:
    """A user's own table, Parquet, CSV, TSV or JSON lines (by its ending), only `columns` if given.

    text: columns of a text table that are not numbers even where they look like some (`0012`).
    Raises UserError naming the file if it is missing, unreadable or lacks one of the columns or has it twice.
    """
    try:
        table = read_text_table(path, text) if is_text_table(path) else pq.ParquetFile(path)
        names = table.column_names if isinstance(table, pa.Table) else table.schema_arrow.names
        wanted = names if columns is None else columns
        if missing := [name for name in wanted if name not in names]:
            raise UserError(f"{path}: no column {missing[0]!r}; it has {', '.join(names)}")
        if repeated := [name for name in wanted if names.count(name) > 1]:
            raise UserError(f"{path}: has several columns {repeated[0]!r}; rename or remove the others")
        if isinstance(table, pq.ParquetFile):
            check_claims(path, table.metadata, wanted)
            return table.read(columns=list(wanted))
        return table.select(wanted)
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file; see the path in the configuration") from error
    except (pa.ArrowException, OSError) as error:
        endings = (".parquet", *ENDINGS)
        kinds = "" if str(path).lower().endswith(endings) else f"; expected {', '.join(endings)}"
        raise UserError(f"{path}: cannot be read as a table ({_one_line(error)}){kinds}") from error


def _stored(path) -> pa.Schema:
    try:
        stored = pq.read_schema(path)
        metadata = stored.metadata or {}
        if b"schema" in metadata and metadata.get(b"checksum") != _checksum(stored).encode():
            raise TableError(path, "is damaged (its metadata is not what was written)")
        return stored
    except FileNotFoundError as error:
        raise TableError(path, "is missing", "run the workflow again") from error
    except (pa.ArrowException, OSError, ValueError) as error:
        raise TableError(path, f"is damaged ({_one_line(error)})") from error


def _checksum(columns: pa.Schema) -> str:
    """SHA-256 of a table's metadata and its columns, but not of the types in lists, whose names Parquet changes."""
    fields = [
        (
            field.name,
            "list" if pa.types.is_nested(field.type) else str(field.type),
            field.nullable,
            sorted((key, value) for key, value in (field.metadata or {}).items() if not key.startswith(b"PARQUET:")),
        )
        for field in columns
    ]
    facts = [(columns.metadata or {}).get(key) for key in (b"schema", b"provenance")]
    return hashlib.sha256(repr((fields, facts)).encode()).hexdigest()


def check_rows(table: pa.Table, path, schema: Schema, remedy: str = _MAKE_AGAIN) -> None:
    """Raises TableError if a value is null where it may not be, or a key of these rows occurs twice."""
    for name, column in schema.columns.items():
        if not column.nullable and table[name].null_count:
            raise TableError(path, f"column {name!r} has {table[name].null_count} nulls", remedy)
    if schema.key and table.num_rows:
        keys = table.select(schema.key)
        if len(schema.key) == 1 and pa.types.is_integer(keys.schema[0].type):
            values = keys[0].to_numpy()
            repeated = len(np.unique(values)) < len(values)
        else:
            repeated = keys.group_by(list(schema.key)).aggregate([]).num_rows < table.num_rows
        if repeated:
            counts = keys.group_by(list(schema.key)).aggregate([([], "count_all")])
            (first,) = counts.filter(pc.greater(counts["count_all"], 1)).drop("count_all").slice(0, 1).to_pylist()
            raise TableError(path, f"the key {', '.join(schema.key)} occurs twice: {first}", remedy)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
