"""Out-of-fold probabilities from elsewhere, matched to the training examples by what identifies them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from difficulty.datasets.image_keys import BY_NAME, example_keys, row_keys
from difficulty.errors import UserError
from difficulty.tables import Column, Schema, read_foreign

GIVEN_PROBABILITIES = Schema(
    "given_probabilities",
    {
        "example_id": Column(pa.int64(), "training example, as in the examples"),
        "probabilities": Column(pa.list_(pa.float32()), "of each class, by networks that have not seen the example"),
    },
    key=("example_id",),
)
_OFF_ONE = 1e-3
_SHOWN = 3


@dataclass(frozen=True)
class GivenRows:
    """R rows of a user's file. keys: different integers (original_index) or text (name). rows: float32 (R, C)."""

    file: Path
    keys: pd.Index
    rows: np.ndarray


def read_given(path: Path, settings: Mapping) -> GivenRows:
    """A user's table or .npy array of probabilities.

    settings: by (original_index or name), column (that has it) and value (column of lists); of an array, whose rows are
    numbered by the original index, neither.
    Raises UserError, one line that names the file, if it cannot be read, lacks a column, has not the same number of
    classes in every row, or has the same image twice.
    """
    if path.suffix.lower() == ".npy":
        values = _array(path)
        return GivenRows(path, pd.RangeIndex(len(values)), values)
    column, by = settings["column"], settings["by"]
    table = read_foreign(path, list(dict.fromkeys([column, settings["value"]])), text=[column] * (by == BY_NAME))
    return GivenRows(path, row_keys(path, table, settings), _lists(path, table[settings["value"]], settings["value"]))


def probabilities_of(examples: pd.DataFrame, given: GivenRows, by: str, classes: int) -> np.ndarray:
    """float32 (N, C), the probabilities of N training examples, as they are in the file.

    examples: rows of EXAMPLES. classes: how many the data set has. Rows of other images are ignored.
    Raises UserError for another number of classes, for examples without probabilities, and for rows that are no
    probabilities.
    """
    if given.rows.shape[1] != classes:
        raise UserError(
            f"{given.file}: {given.rows.shape[1]} probabilities in a row; the data set has {classes} classes"
        )
    own = example_keys(examples, by)
    if own.has_duplicates:
        twice = own[own.duplicated()].tolist()[0]
        raise UserError(f"{given.file}: {by} {twice!r} is that of several training images; match them by another key")
    place = given.keys.get_indexer(own)
    if (missing := place < 0).any():
        names = ", ".join(map(str, own[missing][:_SHOWN])) + ", ..." * bool(missing.sum() > _SHOWN)
        raise UserError(
            f"{given.file}: {missing.sum():,} of {len(own):,} training images have no probabilities, by {by}: {names}; "
            f"its rows are of e.g. {', '.join(map(str, given.keys[:_SHOWN]))}"
        )
    values = given.rows[place]
    sums = values.sum(axis=1, dtype=np.float64)
    wrong = ~np.isfinite(values).all(axis=1) | (values < 0).any(axis=1) | ~(np.abs(sums - 1) <= _OFF_ONE)
    if wrong.any():
        first = int(np.argmax(wrong))
        raise UserError(
            f"{given.file}: {wrong.sum():,} rows are no probabilities (finite, not negative, sum 1), first row "
            f"{place[first]} (from 0), {by} {own[first]}, with the sum {sums[first]:.4g}; fix them"
        )
    return values


def _array(path: Path) -> np.ndarray:
    """float32 (R, C)."""
    try:
        array = np.load(path, allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        text = " ".join(str(error).split())
        raise UserError(f"{path}: cannot be read as an array ({text}); save it with numpy.save") from error
    if not isinstance(array, np.ndarray) or array.dtype.kind != "f" or array.ndim != 2:
        kind = f"{array.dtype} {array.shape}" if isinstance(array, np.ndarray) else "an archive"
        raise UserError(f"{path}: expected an array of probabilities, a row for each image, got {kind}")
    return array.astype(np.float32)


def _lists(path: Path, column: pa.ChunkedArray, name: str) -> np.ndarray:
    """float32 (R, C) of a column of lists of C numbers; NaN where one is null."""
    kind = column.type
    is_list = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    if not is_list or not pa.types.is_floating(kind.value_type):
        raise UserError(f"{path}: column {name!r} is {kind}, expected a list of one probability per class in every row")
    lengths = pc.list_value_length(column).fill_null(0).to_numpy()
    if (other := lengths != lengths[:1]).any():
        row = int(np.argmax(other))
        raise UserError(f"{path}: column {name!r} has {lengths[0]} numbers in row 0 and {lengths[row]} in row {row}")
    # Chunk by chunk: lists of 32-bit offsets cannot hold 2^31 numbers together.
    parts = [chunk.flatten().to_numpy(zero_copy_only=False).astype(np.float32) for chunk in column.chunks]
    return np.concatenate(parts or [np.empty(0, np.float32)]).reshape(len(column), -1 if len(column) else 0)
