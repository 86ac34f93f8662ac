"""What identifies an image in a table of somebody else's: its index in the original publication, or its name.

It is never the position in a folder, which is another one as soon as the images are sorted by class.
"""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
import PIL.Image
import pyarrow as pa

from difficulty.errors import UserError

BY_NAME, BY_INDEX = "name", "original_index"


def row_keys(path: Path, table: pa.Table, settings: Mapping) -> pd.Index:
    """The index or name that each row of a user's table is of, all different.

    settings: by (original_index or name), and column (that has it). Raises UserError for rows that name no image or the
    same one twice. path: for messages.
    """
    name, by = settings["column"], settings["by"]
    column = table[str(name)]
    if nulls := column.null_count:
        raise UserError(f"{path}: {nulls:,} rows have nothing in column {name!r}; remove them")
    if by == BY_NAME:
        keys = pd.Index([image_name(text) for text in column.cast(pa.string()).to_pylist()], dtype=object)
    elif pa.types.is_integer(column.type):
        keys = pd.Index(column.to_numpy())
    else:
        raise UserError(f"{path}: column {name!r} is {column.type}, expected whole numbers; fix it, or join by name")
    if keys.has_duplicates:
        twice = keys[keys.duplicated()].tolist()[0]
        raise UserError(f"{path}: {by} {twice!r} occurs twice in column {name!r}; keep one row for each image")
    return keys


def rows_of_images(path: Path, keys: pd.Index, examples: pd.DataFrame, settings: Mapping) -> np.ndarray:
    """The row of a user's table that is of each example, int (N,); -1 where there is none, or another split is meant.

    keys: of the rows, see `row_keys`. examples: columns of EXAMPLES. settings: by, and split, whose examples are meant
    (None: of both). Raises UserError if two of these examples have the same index or name, or if the table has none of
    them.
    """
    by, split = settings["by"], settings.get("split")
    is_meant = (examples["split"] == split).to_numpy() if split else np.ones(len(examples), bool)
    own = example_keys(examples[is_meant], by)
    if own.has_duplicates:
        other = f"join by {BY_INDEX}" if by == BY_NAME else f"join by {BY_NAME}"
        splits = examples["split"].nunique() if split is None else 1
        remedy = "set split to the one that the table is of" if splits > 1 else other
        twice = own[own.duplicated()].tolist()[0]
        raise UserError(f"{path}: {by} {twice!r} is that of several images of the data set; {remedy}")
    found = keys.get_indexer(own)
    if not (found >= 0).any():
        raise UserError(
            f"{path}: none of its {len(keys):,} rows is of any of the {len(own):,} images meant, "
            f"whose {by} is e.g. {_example(own)}, not {_example(keys)}; see by, column and split"
        )
    rows = np.full(len(examples), -1)
    rows[is_meant] = found
    return rows


def example_keys(examples: pd.DataFrame, by: str) -> pd.Index:
    """Keys by which a table may identify examples: the original index, or the name in the source."""
    if by == BY_INDEX:
        return pd.Index(examples["original_index"])
    return pd.Index([image_name(key) for key in examples["key"]], dtype=object)


def image_name(text: str) -> str:
    """The last part of a path, without the extension of an image file: `2008_000002` of `a/2008_000002.jpg`."""
    path = PurePosixPath(text)
    return path.stem if path.suffix.lower() in PIL.Image.registered_extensions() else path.name


def _example(keys: pd.Index) -> str:
    return repr(keys.tolist()[0]) if len(keys) else "none"
