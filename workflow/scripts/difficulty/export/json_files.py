"""JSON files that are written piece by piece, in plain ASCII; what is undefined or infinite becomes null."""

import json
import math
from collections.abc import Iterator

import pandas as pd

from difficulty.atomic_files import atomic_path

_ROWS = 10_000  # that are made at a time


def write_json(path, value: dict | Iterator) -> None:
    """Writes an object or a list. Iterators, also as values of an object, become lists without being held in memory."""
    with atomic_path(path) as temporary, temporary.open("w", encoding="ascii") as file:
        if isinstance(value, Iterator):
            _write_list(file, value)
        else:
            for number, (key, each) in enumerate(value.items()):
                file.write(f"{', ' if number else '{'}{json.dumps(key)}: ")
                _write_list(file, each) if isinstance(each, Iterator) else file.write(_json(each))
            file.write("}")
        file.write("\n")


def plain_rows(frame: pd.DataFrame) -> Iterator[dict]:
    """The rows as dictionaries of JSON's own types, of which some thousands are made at a time."""
    for start in range(0, len(frame), _ROWS):
        part = frame.iloc[start : start + _ROWS]
        columns = [map(_plain, column.astype(object).tolist()) for _, column in part.items()]
        yield from (dict(zip(frame.columns, row, strict=True)) for row in zip(*columns, strict=True))


def _plain(value):
    if isinstance(value, list):
        return value
    if pd.isna(value) or (isinstance(value, float) and math.isinf(value)):
        return None
    return value.item() if hasattr(value, "item") else value


def _write_list(file, values: Iterator) -> None:
    file.write("[")
    for number, value in enumerate(values):
        file.write(f"{',' * (number > 0)}\n{_json(value)}")
    file.write("\n]")


def _json(value) -> str:
    return json.dumps(value, allow_nan=False)
