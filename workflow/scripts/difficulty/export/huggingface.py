"""For Hugging Face's `datasets`: a Parquet file for each split, with the images themselves and all scores.

Images and labels are described in the file's metadata, so that they load as `Image` and `ClassLabel`. Rows are written
in groups, of which one at a time is in memory.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from difficulty.atomic_files import atomic_path
from difficulty.datasets.example_tables import SPLITS
from difficulty.datasets.label_sets import joined_names
from difficulty.export.judged import Judged

_ROWS, _BYTES = 1000, 64 << 20  # the most of a group, of rows and of images
_IMAGE = pa.struct({"bytes": pa.binary(), "path": pa.string()})


def write(judged: Judged, folder: Path, provenance: dict) -> None:
    for split in SPLITS:
        part = judged.of_split(split)
        if len(part.examples):
            _write_split(part, folder / f"{split}.parquet")


def _write_split(part: Judged, path: Path) -> None:
    images = [pa.field("image", _IMAGE)] if part.images else []
    described = [_described(field, part) for field in _fields(part)]
    schema = pa.schema([*images, *described], {"huggingface": json.dumps({"info": {"features": _features(part)}})})
    with atomic_path(path) as temporary, pq.ParquetWriter(temporary, schema, write_page_checksum=True) as file:
        for start, stop, image in _groups(part):
            columns = _columns(part.at(np.arange(start, stop)), described)
            file.write_table(pa.table([pa.array(image, _IMAGE), *columns] if part.images else columns, schema=schema))


def _fields(part: Judged) -> list[pa.Field]:
    """All columns but the images."""
    label = pa.list_(pa.int64()) if part.has_sets else pa.int64()
    others = pa.Schema.from_pandas(_others(part), preserve_index=False)
    return [
        pa.field("label", label),
        pa.field("suggested_label", pa.string()),
        *(pa.field(field.name, _kind(field, part)) for field in others),
    ]


def _others(part: Judged) -> pd.DataFrame:
    """The columns that are handed on as they are."""
    return pd.concat([part.examples.drop(columns="split"), part.scores.set_axis(part.examples.index)], axis=1)


def _columns(part: Judged, fields: list[pa.Field]) -> list[pa.Array | pa.ChunkedArray]:
    """The columns of `_fields` of some examples."""
    numbers = {name: number for number, name in enumerate(part.class_names)}
    label = [[numbers[name] for name in names] for names in part.given]
    suggested = [None if names is None else joined_names(names) for names in part.suggested]
    values = [label if part.has_sets else [number for (number,) in label], suggested]
    own = [pa.array(each, field.type) for each, field in zip(values, fields, strict=False)]
    others = pa.Table.from_pandas(_others(part), preserve_index=False)
    return [*own, *others.cast(pa.schema([field.remove_metadata() for field in fields[2:]])).columns]


def _kind(field: pa.Field, part: Judged) -> pa.DataType:
    """The type of a column in its own table: pandas has none for whole numbers and nulls; text is never large."""
    kind = part.columns[field.name].type if field.name in part.columns else field.type
    return pa.string() if pa.types.is_large_string(kind) else kind


def _described(field: pa.Field, part: Judged) -> pa.Field:
    """The field with the description that a reader of the file finds."""
    known = {name: column.description for name, column in part.columns.items()}
    known |= {"label_quality": part.quality, "is_label_issue": part.issue}
    return field.with_metadata({"description": known[field.name]}) if field.name in known else field


def _features(part: Judged) -> dict:
    """What `datasets` cannot tell from the types of columns."""
    label = {"names": part.class_names, "_type": "ClassLabel"}
    label = {"feature": label, "_type": "Sequence"} if part.has_sets else label
    return {"image": {"_type": "Image"}, "label": label} if part.images else {"label": label}


def _groups(part: Judged) -> Iterator[tuple[int, int, list[dict]]]:
    """(start, stop, images) of each group of rows."""
    files, start, size, images = part.examples["file"].tolist(), 0, 0, []
    for place, file in enumerate(files):
        if part.images:
            images.append({"bytes": (part.images / file).read_bytes(), "path": file})
            size += len(images[-1]["bytes"])
        if place + 1 == len(files) or place + 1 - start == _ROWS or size >= _BYTES:
            yield start, place + 1, images
            start, size, images = place + 1, 0, []
