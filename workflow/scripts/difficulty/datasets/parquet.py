"""Parquet tables with a column of encoded images: raw bytes, or Hugging Face's {bytes, path}, and a label."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.datasets.example_tables import SPLITS
from difficulty.datasets.intake import Intake
from difficulty.datasets.label_matching import labelled, matched, named_by
from difficulty.datasets.labels import ClassLabels, read_labels
from difficulty.datasets.parquet_images import ImageColumn
from difficulty.datasets.source import Source
from difficulty.errors import UserError
from difficulty.tables import read_foreign

_PLACE = "(file, row)"


def read(settings: dict) -> Source:
    """Reads the files of each split in the order given.

    settings: files {split: one or more}, image, label, class_name, index (columns), truth, unlabelled (error or skip).
    Class names come from the column `class_name`, else from Hugging Face's metadata, else from the labels; files are
    matched by them. Classes are in the order of the metadata, otherwise of the labels. Keys, and original_index unless
    there is a column for it, are positions among all rows of the split, those without a label included.
    """
    files = [(split, path) for split in SPLITS for path in _listed(settings["files"].get(split))]
    tables = [_read_columns(path, settings) for _, path in files]
    images = [ImageColumn(path, settings["image"]) for _, path in files]
    splits = [split for split, _ in files]
    names, parts = matched(_labels([path for _, path in files], tables, settings), splits)
    intake = Intake("rows")
    kept = labelled(
        parts, lambda file, row: f"{Path(files[file][1]).name}/{row}", settings.get("unlabelled", "error"), intake
    )
    frames, seen = [], dict.fromkeys(splits, 0)
    for number, (split, table, part) in enumerate(zip(splits, tables, parts, strict=True)):
        frame = _examples(table, part.codes, names, settings, first=seen[split])
        frame.insert(0, "split", split)
        frames.append(frame.assign(**{_PLACE: [(number, row) for row in range(len(frame))]})[kept[number]])
        seen[split] += len(frame)
    examples = pd.concat(frames, ignore_index=True)
    places = examples.pop(_PLACE).tolist()
    notes = tuple(note for part in parts for note in part.notes)

    def image(row: int) -> bytes | Path:
        file, place = places[row]
        return images[file][place]

    return Source(examples, image, notes, intake)


def _listed(files: str | list[str] | None) -> list[str]:
    return [files] if isinstance(files, str) else files or []


def _read_columns(path: str, settings: dict) -> pa.Table:
    """All that is wanted of a file but its images, under the names of settings."""
    wanted = [settings[name] for name in ("label", "class_name", "index") if name in settings]
    table = read_foreign(path, list(dict.fromkeys([*wanted, *settings.get("truth", ())])))
    if "index" in settings:
        column, name = table[settings["index"]], settings["index"]
        if not pa.types.is_integer(column.type):
            raise UserError(f"{path}: column {name!r} is {column.type}, expected whole numbers")
        if nulls := column.null_count:
            raise UserError(f"{path}: {nulls:,} rows have no {name}; fill them in or remove them")
    return table


def _labels(paths: list[str], tables: list[pa.Table], settings: dict) -> list[ClassLabels]:
    """The labels of each file, with the names that it has for them."""
    column, declared = settings["label"], [None] * len(tables)
    if "class_name" not in settings:
        declared = [_declared_names(table, column) for table in tables]
        for number in [number for number, names in enumerate(declared) if not names]:
            declared[number] = _only_names(declared, paths[number], tables[number][column].type)
    labels = []
    for path, table, names in zip(paths, tables, declared, strict=True):
        part = read_labels(table[column], f"{path}: column {column!r}", names)
        if "class_name" in settings:
            named = settings["class_name"]
            part = named_by(part, read_labels(table[named], f"{path}: column {named!r}"))
        labels.append(part)
    return labels


def _only_names(declared: list, path: str, kind: pa.DataType) -> list[str] | None:
    """The class names that numbers in a file without names mean: those of the others."""
    others = {tuple(map(str, names)) for names in declared if names}
    if not others or not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        return None
    if len(others) > 1:
        raise UserError(f"{path}: has no class names, and the other files number theirs differently; name its classes")
    return list(others.pop())


def _declared_names(table: pa.Table, column: str) -> list | None:
    """Hugging Face's names of the classes 0 to C-1, if the metadata has them."""
    try:
        feature = json.loads((table.schema.metadata or {}).get(b"huggingface", b"{}"))["info"]["features"][column]
        names = feature["names"]
    except (ValueError, KeyError, TypeError):
        return None
    return names if isinstance(names, list) and names else None


def _examples(table: pa.Table, codes: np.ndarray, names: list[str], settings: dict, first: int) -> pd.DataFrame:
    """The rows of a file as examples. first: how many rows of the split come before them."""
    positions = np.arange(first, first + len(table))
    examples = pd.DataFrame(
        {
            "key": [f"{position:07d}" for position in positions],
            "original_index": table[settings["index"]].to_numpy() if "index" in settings else positions,
            "label": codes,
            "class_name": np.array([*names, None], dtype=object)[codes],
        }
    )
    for column in settings.get("truth", ()):
        examples[column] = table[column].to_pandas().to_numpy()
    return examples
