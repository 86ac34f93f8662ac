"""Vectors of features that somebody else computed of the images of a data set: .npy arrays and Parquet tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.datasets.image_keys import BY_NAME, row_keys, rows_of_images
from difficulty.errors import UserError
from difficulty.tables import read_foreign

_BLOCK = 1024  # rows that are looked at together
_SHOWN = 3


@dataclass(frozen=True)
class Vectors:
    """Vectors that a file holds for images.

    file: for messages. keys: one per row, different, of integers (original_index) or text (name). rows: (n, D).
    """

    file: Path
    keys: pd.Index
    rows: np.ndarray


def read_vectors(path: Path, settings: Mapping) -> Vectors:
    """A user's .npy array (n, D), whose rows are numbered by the original index, or Parquet table with a vector column.

    settings, of a table only: by (original_index or name), column (that has it) and value (the column of vectors).
    Raises UserError, one line that names the file, if it cannot be read, lacks a column, names no image or the same one
    twice, or has vectors of several widths. Whether numbers are finite is not looked at here.
    """
    if path.suffix.lower() == ".npy":
        values = _array(path)
        return Vectors(path, pd.RangeIndex(len(values)), values)
    column, value = settings["column"], settings["value"]
    table = read_foreign(path, [column, value], text=[column] if settings["by"] == BY_NAME else [])
    return Vectors(path, row_keys(path, table, settings), _column(path, value, table[value]))


def vectors_of_examples(
    examples: pd.DataFrame, found: Sequence[Vectors], settings: Mapping
) -> tuple[np.ndarray, np.ndarray, int]:
    """(positions (n,) of the examples that have vectors, their vectors float32 (n, D), number of rows of no example).

    examples: columns of EXAMPLES. found: one file; or two, of the training and of the test images. settings: by, and
    split: `train` if the only file is of the training images alone; else all examples need a vector.
    Raises UserError, one line that names the file, for images without a vector, vectors that are not finite or all
    zeros, and files of several widths.
    """
    splits = ["train", "test"] if len(found) > 1 else [settings.get("split")]
    widths = [each.rows.shape[1] for each in found]
    if len(set(widths)) > 1:
        raise UserError(f"{found[1].file}: vectors of {widths[1]} numbers, those of {found[0].file} have {widths[0]}")
    positions, parts, unused = [], [], 0
    for each, split in zip(found, splits, strict=True):
        meant = np.flatnonzero((examples["split"] == split) if split else np.ones(len(examples), bool))
        if not len(meant):
            raise UserError(f"{each.file}: the data set has no {split} images; leave the file out")
        own = examples.iloc[meant]
        rows = rows_of_images(each.file, each.keys, own, settings)
        _require_all(each, own, rows)
        positions.append(meant)
        parts.append(_checked(each, rows))
        unused += len(each.keys) - len(rows)
    order = np.argsort(np.concatenate(positions))
    return np.concatenate(positions)[order], np.concatenate(parts)[order] if len(parts) > 1 else parts[0], unused


def _require_all(vectors: Vectors, examples: pd.DataFrame, rows: np.ndarray) -> None:
    missing = examples[rows < 0]
    if len(missing):
        names = (missing["split"] + "/" + missing["key"]).tolist()
        shown = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
        only_test = set(missing["split"]) == {"test"} and (rows >= 0).any()
        remedy = "add them, or set split: train" if only_test else "add them"
        raise UserError(
            f"{vectors.file}: {len(missing):,} of the {len(examples):,} images have no vector: {shown}; {remedy}"
        )


def _checked(vectors: Vectors, rows: np.ndarray) -> np.ndarray:
    """float32 (n, D), the vectors of these rows, which are finite and have a direction."""
    result = np.empty((len(rows), vectors.rows.shape[1]), np.float32)
    for start in range(0, len(rows), _BLOCK):
        part = slice(start, start + _BLOCK)
        with np.errstate(over="ignore"):
            result[part] = vectors.rows[rows[part]]
        bad = rows[part][~np.isfinite(result[part]).all(axis=1)]
        if len(bad):
            raise UserError(
                f"{vectors.file}: row {bad[0]} (from 0) has numbers that are not finite, or too large for float32; "
                "compute it again"
            )
        if len(zero := rows[part][~result[part].any(axis=1)]):
            raise UserError(f"{vectors.file}: row {zero[0]} (from 0) is all zeros, without direction; compute it again")
    return result


def _array(path: Path) -> np.ndarray:
    """(n, D) of numbers, which stay in the file until they are read."""
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file; see the path in the configuration") from error
    except (ValueError, OSError, EOFError) as error:
        text = " ".join(str(error).split())
        raise UserError(f"{path}: cannot be read as an array ({text}); save it with numpy.save") from error
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiu" or array.ndim != 2 or not array.size:
        kind = f"{array.dtype} {array.shape}" if isinstance(array, np.ndarray) else "an archive"
        raise UserError(f"{path}: expected an array of numbers (images, features), got {kind}")
    return array


def _is_number(kind: pa.DataType) -> bool:
    return pa.types.is_floating(kind) or pa.types.is_integer(kind)


def _column(path: Path, name: str, column: pa.ChunkedArray) -> np.ndarray:
    """(n, D) of a column of lists."""
    kinds = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    if not any(is_kind(column.type) for is_kind in kinds) or not _is_number(column.type.value_type):
        raise UserError(
            f"{path}: column {name!r} is {column.type}, expected a list of numbers in every row; name another"
        )
    chunks = [chunk for chunk in column.chunks if len(chunk)]  # which together may have too many numbers for one list
    lengths = np.concatenate([np.zeros(0, int), *(np.asarray(chunk.value_lengths().fill_null(0)) for chunk in chunks)])
    if not len(lengths) or not lengths[0]:
        raise UserError(f"{path}: column {name!r} has nothing in row 0; compute its vector")
    if (other := lengths != lengths[0]).any():
        row = int(np.argmax(other))
        raise UserError(
            f"{path}: column {name!r} has {lengths[row]} numbers in row {row} (from 0), {lengths[0]} in row 0; vectors "
            "of one data set are of one width"
        )
    return np.concatenate(
        [chunk.flatten().to_numpy(zero_copy_only=False).reshape(len(chunk), lengths[0]) for chunk in chunks]
    )
