"""A user's own table as text: CSV, with commas, semicolons or tabs, TSV, and JSON lines."""

import json
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
from pyarrow import csv

from difficulty.errors import UserError

JSON_LINES = (".jsonl", ".ndjson")
ENDINGS = (".csv", ".tsv", *JSON_LINES)
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_UTF_8_MARK = b"\xef\xbb\xbf"


def is_text_table(path) -> bool:
    """Whether a file is a table as text, by the ending of its name."""
    return str(path).lower().endswith(ENDINGS)


def is_untyped(path) -> bool:
    """Whether all that a table holds is text, so that the types of its columns are a guess: not so in JSON."""
    return is_text_table(path) and not str(path).lower().endswith(JSON_LINES)


def read_text_table(path, text: Sequence[str] = (), has_header: bool = True) -> pa.Table:
    """All columns of a table as text; without a header they are called f0, f1, ...

    text: columns that are not numbers or dates even where they look like some (`0012`, `true`).
    Raises UserError if the file is not in UTF-8 or has a line that is no row, and what pyarrow raises.
    """
    _check_encoding(path)
    if str(path).lower().endswith(JSON_LINES):
        return _read_json_lines(path, text)
    return csv.read_csv(
        path,
        read_options=csv.ReadOptions(autogenerate_column_names=not has_header),
        parse_options=csv.ParseOptions(delimiter=_delimiter(path), newlines_in_values=True),
        convert_options=csv.ConvertOptions(column_types=dict.fromkeys(text, pa.string())),
    )


def _check_encoding(path) -> None:
    with Path(path).open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                if number == 1 and line.startswith(_UTF_16):
                    raise UserError(f"{path}: is in UTF-16; save it in UTF-8")
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                found = f"byte 0x{line[error.start]:02x} in line {number:,}"
                raise UserError(f"{path}: is not in UTF-8 ({found}), perhaps in Latin-1; save it in UTF-8") from error


def _delimiter(path) -> str:
    """A tab in .tsv; otherwise the most frequent one of comma, semicolon and tab in the first line."""
    if str(path).lower().endswith(".tsv"):
        return "\t"
    with Path(path).open(encoding="utf-8-sig") as file:
        first = file.readline()
    return max(",;\t", key=first.count)


def _read_json_lines(path, text: Sequence[str]) -> pa.Table:
    """One object in each line; keys that a line lacks are null."""
    rows = []
    for number, line in enumerate(Path(path).read_bytes().removeprefix(_UTF_8_MARK).splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise UserError(f"{path}: line {number:,} is not JSON ({error}); write one object in each line") from error
        if not isinstance(row, dict):
            raise UserError(f'{path}: line {number:,} is not an object like {{"file": "a.png", "label": "ant"}}')
        rows.append(row)
    columns = {}
    for name in dict.fromkeys(name for row in rows for name in row):
        values = [row.get(name) for row in rows]
        if name in text and any(isinstance(value, int | float) for value in values):
            values = [json.dumps(value) if isinstance(value, int | float) else value for value in values]
        try:
            columns[name] = pa.array(values)
        except (pa.ArrowException, OverflowError) as error:
            raise UserError(f"{path}: column {name!r} mixes values of different types; write all in one way") from error
    return pa.table(columns)
