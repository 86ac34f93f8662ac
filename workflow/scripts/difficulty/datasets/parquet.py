"""Parquet tables with a column of encoded images: raw bytes, or Hugging Face's {bytes, path}, and a label."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.datasets.source import Source
from difficulty.errors import UserError
from difficulty.tables import read_foreign


def read(settings: dict) -> Source:
    """Reads the files of each split in the order given.

    Class names come from the column `class_name`, else from Hugging Face's metadata, else from the labels.
    Integer labels 0 to C-1 are kept; any others are numbered in sorted order.
    """
    tables = {split: _read_split(settings, split) for split in ("train", "test") if settings["files"].get(split)}
    table = pa.concat_tables(tables.values())
    splits = np.repeat(list(tables), [len(part) for part in tables.values()])
    positions = np.concatenate([np.arange(len(part)) for part in tables.values()])
    labels, names = _classes(table, settings)
    examples = pd.DataFrame(
        {
            "split": splits,
            "key": [f"{position:07d}" for position in positions],
            "original_index": table["index"].to_numpy() if "index" in settings else positions,
            "label": labels,
            "class_name": names,
        }
    )
    for column in settings.get("truth", ()):
        examples[column] = table[column].to_pandas().to_numpy()
    images = table["image"].combine_chunks()
    if pa.types.is_struct(images.type):
        images = images.field("bytes")
    return Source(examples, lambda row: images[row].as_py() or b"")


def _read_split(settings: dict, split: str) -> pa.Table:
    """The wanted columns of a split's files under fixed names."""
    wanted = {name: settings[name] for name in ("image", "label", "class_name", "index") if name in settings}
    wanted |= {name: name for name in settings.get("truth", ())}
    files = settings["files"][split]
    parts = []
    for file in [files] if isinstance(files, str) else files:
        part = read_foreign(file, list(dict.fromkeys(wanted.values())))
        parts.append(pa.table({name: part[column] for name, column in wanted.items()}, metadata=part.schema.metadata))
    table = pa.concat_tables(parts, promote_options="permissive")
    for name in [name for name in ("label", "class_name", "index") if name in wanted]:
        if nulls := table[name].null_count:
            raise UserError(f"{files}: {nulls} rows have no {wanted[name]}; remove them")
    if "index" in wanted and not pa.types.is_integer(table["index"].type):
        raise UserError(f"{files}: column {wanted['index']!r} is {table['index'].type}, expected whole numbers")
    image = table.schema.field("image").type
    if not (pa.types.is_binary(image) or pa.types.is_large_binary(image) or pa.types.is_struct(image)):
        raise UserError(f"{files}: column {settings['image']!r} is {image}, expected encoded bytes or {{bytes, path}}")
    return table


def _classes(table: pa.Table, settings: dict) -> tuple[np.ndarray, np.ndarray]:
    """Class index from 0 and class name of every row."""
    given = table["label"].to_pandas().to_numpy()
    values, labels = np.unique(given, return_inverse=True)
    if pd.api.types.is_integer_dtype(values) and values[0] >= 0:
        known = _hugging_face_names(table, settings)
        if known or "class_name" in settings or np.array_equal(values, np.arange(len(values))):
            labels = given
        if known and "class_name" not in settings:
            return labels.astype(np.int64), np.array(known, dtype=object)[labels]
    names = table["class_name"].to_pandas() if "class_name" in settings else pd.Series(given)
    pairs = pd.DataFrame({"label": labels, "name": names}).drop_duplicates()
    if pairs["label"].duplicated().any() or pairs["name"].duplicated().any():
        raise UserError(f"column {settings['class_name']!r}: labels and names are not one to one; mend or leave it out")
    return labels.astype(np.int64), names.astype(str).to_numpy()


def _hugging_face_names(table: pa.Table, settings: dict) -> list[str]:
    metadata = table.schema.metadata or {}
    features = json.loads(metadata.get(b"huggingface", b"{}")).get("info", {}).get("features", {})
    return features.get(settings["label"], {}).get("names") or []
