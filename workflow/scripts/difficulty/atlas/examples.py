"""What the page holds of a data set: its examples and their thumbnails."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd

from difficulty.atlas.arrays import BLOCK, MISSING, Arrays
from difficulty.atlas.thumbnails import THUMBNAILS, Tiles
from difficulty.datasets.example_tables import EXAMPLES, class_names
from difficulty.errors import UserError
from difficulty.table_parts import read_parts
from difficulty.tables import read_arrow, read_provenance, read_table

_SHEETS_READ_TOGETHER = 64
_COLUMNS = ["example_id", "split", "key", "label", "class_name", "file", "sha256", "duplicate_of"]


def read_examples(path: Path) -> pd.DataFrame:
    """The examples of a data set, as far as the page shows them."""
    return read_table(path, EXAMPLES, _COLUMNS)


def read_example_ids(path: Path) -> pd.Index:
    """The numbers of the examples of a data set, in their order."""
    return pd.Index(read_arrow(path, EXAMPLES, ["example_id"])["example_id"].to_numpy())


def describe_examples(name: str, examples: pd.DataFrame, arrays: Arrays) -> dict:
    """A data set's part of the page: names of splits and classes, and per example (in the table's order) its own.

    Raises UserError for more classes than a page can tell apart.
    """
    classes, splits = class_names(examples), list(dict.fromkeys(examples["split"]))
    if len(classes) >= MISSING:
        raise UserError(f"{name}: {len(classes):,} classes, of which a page can show {MISSING - 1:,}")
    positions = pd.Series(np.arange(len(examples)), index=examples["example_id"])
    first = examples["duplicate_of"].map(positions).fillna(-1).to_numpy(np.int64)
    return {
        "name": name,
        "count": len(examples),
        "classes": classes,
        "splits": splits,
        "folder": f"datasets/{name}/images",
        "block": BLOCK,
        "ids": arrays.identifiers(examples["example_id"].to_numpy()),
        "tags": arrays.identifiers(_tags(examples)),
        "split": arrays.numbers(examples["split"].map(splits.index).to_numpy(), "u1"),
        "label": arrays.codes(examples["label"]),
        "duplicate": arrays.numbers(first, "i4"),
        "keys": arrays.blocks(examples["key"]),
        "files": arrays.blocks(examples["file"]),
    }


def _tags(examples: pd.DataFrame) -> np.ndarray:
    """A number of 48 bits for each image, by its name and content: what a decision on it is kept under."""
    named = zip(examples["key"], examples["sha256"], strict=True)
    digests = (hashlib.sha256(f"{key}\n{content}".encode()).digest() for key, content in named)
    return np.fromiter((int.from_bytes(digest[:6]) for digest in digests), np.int64, len(examples))


def describe_thumbnails(path: Path, arrays: Arrays) -> dict:
    """The sheets of thumbnails of a data set, in the order of its examples, and the size of their tiles."""
    facts = read_provenance(path)
    tiles = Tiles(**facts["tiles"])
    parts = read_parts(path, THUMBNAILS, _SHEETS_READ_TOGETHER, ["image"])
    pictures = (picture for part in parts for picture in part["image"].to_pylist())
    return {
        "width": tiles.width,
        "height": tiles.height,
        "per_row": tiles.per_row,
        "per_sheet": tiles.per_sheet,
        "shrunk": facts["shrunk"],
        "sheets": [arrays.picture(picture) for picture in pictures],
    }
