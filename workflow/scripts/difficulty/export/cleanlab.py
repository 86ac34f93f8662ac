"""For cleanlab: the issues of the training labels as `CleanLearning` takes them, and as `Datalab` gives them.

label_issues.parquet has class numbers and the column `label_quality`; datalab_issues.parquet has class names and the
column `label_score`. Both have a row for each training example, in the order of the data set.
"""

from pathlib import Path

import pandas as pd
import pyarrow as pa

from difficulty.datasets.label_sets import joined_names
from difficulty.export.judged import Judged
from difficulty.tables import Column, Schema, write_table

_NAMED = {
    "example_id": Column(pa.int64(), "as in all tables of the workflow"),
    "key": Column(pa.string(), "name of the example in its source"),
    "file": Column(pa.string(), "image file, relative to the data set's images folder"),
}


def write(judged: Judged, folder: Path, provenance: dict) -> None:
    trained = judged.of_split("train")
    numbers = {name: number for number, name in enumerate(judged.class_names)}
    pairs = zip(trained.given, trained.suggested, strict=True)
    predicted = [given if suggested is None else suggested for given, suggested in pairs]
    label = pa.list_(pa.int64()) if judged.has_sets else pa.int64()
    for file, quality, kind, of_classes in (
        ("label_issues", "label_quality", label, lambda names: _numbered(names, numbers, judged.has_sets)),
        ("datalab_issues", "label_score", pa.string(), joined_names),
    ):
        columns = {
            "is_label_issue": Column(pa.bool_(), judged.issue),
            quality: Column(pa.float64(), judged.quality, nullable=True),
            "given_label": Column(kind, "the label that the example has"),
            "predicted_label": Column(kind, "the suggested label; the given one where there is none", nullable=True),
        }
        values = [trained.examples["is_label_issue"], trained.examples["label_quality"]]
        values += [pd.Series(map(of_classes, names), dtype=object) for names in (trained.given, predicted)]
        frame = {name: value.to_numpy() for name, value in zip(columns, values, strict=True)}
        frame |= {name: trained.examples[name].to_numpy() for name in _NAMED}
        write_table(pd.DataFrame(frame), folder / f"{file}.parquet", Schema(file, {**columns, **_NAMED}), provenance)


def _numbered(names: list[str], numbers: dict[str, int], has_sets: bool) -> list[int | None] | int | None:
    """The numbers of classes; a class that no example has is called by its number. None if one cannot be told."""
    found = [numbers.get(name, int(name) if name.isdecimal() else None) for name in names]
    if has_sets:
        return None if None in found else found
    return found[0]
