"""The rows of a table that another training run recorded, one per example and epoch, and checks of its columns."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from difficulty.errors import UserError

SHOWN = 3


@dataclass(frozen=True)
class Rows:
    """The (example, epoch) pairs of a table's R rows. order: positions by epoch and example; shape: (E, N)."""

    example: np.ndarray
    epoch: np.ndarray
    order: np.ndarray
    shape: tuple[int, int]

    def named(self, wrong: np.ndarray) -> str:
        """The first rows where `wrong`, bool (R,), in words."""
        places = np.flatnonzero(wrong)
        pairs = [f"(example {self.example[row]}, epoch {self.epoch[row]})" for row in places[:SHOWN]]
        return ", ".join(pairs) + more(places)


def rows_of(table: pa.Table, settings: Mapping, path) -> Rows:
    """Which example and epoch each row is of; UserError if a pair is missing or there twice, or epochs have gaps."""
    example = whole_numbers(table, settings["example_id"], path)
    has_epochs = settings["epoch"] in table.column_names
    epoch = whole_numbers(table, settings["epoch"], path) if has_epochs else np.ones(len(example), np.int64)
    if not len(example):
        raise UserError(f"{path}: no rows; expected one per example and epoch")
    epochs, ids = np.unique(epoch), np.unique(example)
    if epochs[0] not in (0, 1):
        raise UserError(f"{path}: the first epoch is {epochs[0]}; epochs count from 1, or from 0, without gaps")
    if (gaps := np.flatnonzero(np.diff(epochs) != 1)).size:
        before, after = epochs[gaps[0]], epochs[gaps[0] + 1]
        raise UserError(
            f"{path}: no rows between epoch {before} and {after}; epochs count from 1, or from 0, without gaps"
        )
    shape = (len(epochs), len(ids))
    place = (epoch - epochs[0]) * shape[1] + np.searchsorted(ids, example)
    there, order, counts = np.unique(place, return_index=True, return_counts=True)
    problem = ""
    if missing := shape[0] * shape[1] - len(there):
        gaps = np.flatnonzero(there != np.arange(len(there)))
        problem, first = f"{missing:,} missing", gaps[0] if len(gaps) else len(there)
    elif (counts > 1).any():
        problem, first = "some are there twice", there[counts > 1][0]
    if problem:
        pair = f"(example {ids[first % shape[1]]}, epoch {first // shape[1] + epochs[0]})"
        raise UserError(f"{path}: expected one row per example and epoch; {problem}, first {pair}")
    return Rows(example, epoch, order, shape)


def whole_numbers(table: pa.Table, column: str, path) -> np.ndarray:
    """int64 (R,) of a column of whole numbers, which may be stored as floats."""
    values = table[column]
    try:
        if values.null_count or not (pa.types.is_integer(values.type) or pa.types.is_floating(values.type)):
            raise pa.ArrowInvalid("no numbers")
        return values.cast(pa.int64()).to_numpy()
    except pa.ArrowInvalid as error:
        raise UserError(
            f"{path}: column {column!r} is not a whole number in every row; correct it or name another"
        ) from error


def matrix_of(column: pa.ChunkedArray, name: str, rows: Rows, path, classes: int | None = None) -> np.ndarray:
    """float32 (R, C) of a column of lists of C numbers; None: as many as the first row has."""
    kind = column.type
    is_list = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    if not is_list or not (pa.types.is_integer(kind.value_type) or pa.types.is_floating(kind.value_type)):
        raise UserError(f"{path}: column {name!r} is {kind}, expected a list of one number per class in every row")
    lengths = pc.list_value_length(column).fill_null(0).to_numpy()
    classes = int(lengths[0]) if classes is None else classes
    if classes < 2 or not (lengths == classes).all():
        where = f": {classes} in the first row, other than in {rows.named(lengths != classes)}" if classes > 1 else ""
        raise UserError(
            f"{path}: column {name!r} does not have the same number of classes, two or more, in every row{where}"
        )
    # Chunk by chunk: lists of 32-bit offsets cannot hold 2^31 numbers together.
    parts = [chunk.flatten().to_numpy(zero_copy_only=False) for chunk in column.chunks]
    with np.errstate(over="ignore"):
        values = np.concatenate([part.astype(np.float32) for part in parts]).reshape(-1, classes)
    if not (finite := np.isfinite(values)).all():
        raise UserError(
            f"{path}: column {name!r} has {np.count_nonzero(~finite):,} numbers that are not finite, or too large for "
            f"float32: {rows.named(~finite.all(axis=1))}"
        )
    return values


def check_probabilities(probabilities: np.ndarray, name: str, rows: Rows, path) -> None:
    """Raises UserError if rows (R, C) are not probabilities."""
    sums = probabilities.sum(axis=1, dtype=np.float64)
    wrong = (probabilities.min(axis=1) < 0) | (np.abs(sums - 1) > 1e-2)
    if wrong.any():
        raise UserError(
            f"{path}: column {name!r} has {wrong.sum():,} rows that are no probabilities (not negative, sum 1), "
            f"{rows.named(wrong)}; are they logits?"
        )


def values_of(table: pa.Table, column: str, path) -> np.ndarray:
    """(R,) of a column that is not nested. Of text, equal values are one object, and missing ones NaN."""
    values = table[column]
    if pa.types.is_nested(values.type):
        raise UserError(f"{path}: column {column!r} is {values.type}, expected one value in every row")
    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        return values.to_pandas().to_numpy()
    encoded = values.combine_chunks().dictionary_encode()
    words = np.array([*encoded.dictionary.to_pylist(), np.nan], object)
    return words[encoded.indices.fill_null(len(words) - 1).to_numpy(zero_copy_only=False)]


def check_named(values: np.ndarray, column: str, counted: np.ndarray, rows: Rows, path) -> None:
    """Raises UserError if a column of names has none for an example at the first epoch.

    counted: bool (R,), the rows of examples that need one. Names that are missing at a later epoch have changed; see
    `constant`.
    """
    first, unnamed = rows.order[: rows.shape[1]], np.zeros(len(values), bool)
    unnamed[first] = [value is None or value != value or not str(value).strip() for value in values[first].tolist()]
    unnamed &= counted
    if unnamed.any():
        raise UserError(
            f"{path}: column {column!r} has no name for {unnamed.sum():,} examples, {rows.named(unnamed)}; fill them in"
        )


def constant(values: np.ndarray, column: str, rows: Rows, path) -> np.ndarray:
    """(N,) of values (R,); raises UserError if they differ between the epochs of an example."""
    values = values[rows.order].reshape(rows.shape)
    same = (values == values[0]) | (pd.isna(values) & pd.isna(values[0]))
    if not same.all():
        changes = np.zeros(len(rows.example), bool)
        changes[rows.order] = ~same.ravel()
        raise UserError(f"{path}: column {column!r} changes between epochs; it must not: {rows.named(changes)}")
    return values[0]


def more(found) -> str:
    """What follows a list of the first few of what was found, if that is not all."""
    return ", ..." if len(found) > SHOWN else ""
