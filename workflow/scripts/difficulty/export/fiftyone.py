"""For FiftyOne: all samples with labels, suggestions and scores, as `Dataset.from_json` reads them.

`filepath` is relative to the working directory of the workflow, which `rel_dir` names.
"""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from difficulty.export.json_files import plain_rows, write_json
from difficulty.export.judged import Judged

_FIELDS = "fiftyone.core.fields"
_TEXT, _INT, _FLOAT, _FLAG = (f"{_FIELDS}.{kind}Field" for kind in ("String", "Int", "Float", "Boolean"))
ISSUE = "label_issue"


def write(judged: Judged, folder: Path, provenance: dict) -> None:
    table = pd.concat([judged.examples.reset_index(drop=True), _scores(judged).reset_index(drop=True)], axis=1)
    label = f"fiftyone.core.labels.Classification{'s' * judged.has_sets}"
    fields = {"filepath": _TEXT, "tags": f"{_FIELDS}.ListField({_TEXT})"}
    fields |= dict.fromkeys(("ground_truth", "suggested"), f"{_FIELDS}.EmbeddedDocumentField({label})")
    fields |= {name: _field(table[name]) for name in table if name not in ("split", "file")}
    about = {"label_quality": judged.quality, "is_label_issue": judged.issue}
    write_json(
        folder / "samples.json",
        {
            "name": folder.parent.name,
            "media_type": "image",
            "sample_fields": fields,
            "info": about,
            "default_classes": judged.class_names,
            "samples": _samples(judged, table),
        },
    )


def _scores(judged: Judged) -> pd.DataFrame:
    """The scores themselves: what has a direction, but not what only ranks by them."""
    return judged.scores[[name for name, column in judged.columns.items() if column.direction is not None]]


def _samples(judged: Judged, table: pd.DataFrame) -> Iterator[dict]:
    for row, given, suggested in zip(plain_rows(table), judged.given, judged.suggested, strict=True):
        share = row.get("suggested_share")
        yield {
            "filepath": (judged.images / row.pop("file")).as_posix(),
            "tags": [row.pop("split")] + [ISSUE] * row["is_label_issue"],
            "ground_truth": _label(given, judged.has_sets),
            "suggested": None if suggested is None else _label(suggested, judged.has_sets, share),
            **row,
        }


def _label(names: list[str], has_sets: bool, confidence: float | None = None) -> dict:
    each = [{"_cls": "Classification", "label": name, "confidence": confidence, "tags": []} for name in names]
    return {"_cls": "Classifications", "classifications": each} if has_sets else each[0]


def _field(column: pd.Series) -> str:
    if pd.api.types.is_bool_dtype(column):
        return _FLAG
    if pd.api.types.is_integer_dtype(column):
        return _INT
    return _FLOAT if pd.api.types.is_numeric_dtype(column) else _TEXT
