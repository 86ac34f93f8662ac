"""Tables of an experiment made by hand, for exports: names of classes that spreadsheets and pages would run."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import PIL.Image
import pyarrow as pa

from difficulty.csv_files import write_csv
from difficulty.datasets.example_tables import EXAMPLES
from difficulty.datasets.files import FILES, describe_files
from difficulty.datasets.label_sets import LABEL_SETS
from difficulty.export.judged import Judged, read_judged
from difficulty.scores.collect import SCORES
from difficulty.tables import Column, Schema, write_table

CLASSES = ["=1+1", '<img src=x onerror="alert(1)">', 'it\'s "so" & so', "café ☕ 🦊", "NA"]
GIVEN = [0, 1, 2, 3, 4, 0]  # the last one is a test example
SUGGESTED = [3, None, 1, 0, None]  # of the training examples
SHARES = [0.9, np.nan, 0.4, 0.6, np.nan]
ORDER = [2, 0, 4, 1, 3]  # training examples, the most suspicious first
IDS = [10, 11, 12, 13, 14, 20]
AUM = {"aum": Column(pa.float32(), "area under the margin", nullable=True, direction=-1)}
FURTHER = {**AUM, "aum_runs_null": Column(pa.int16(), "number of runs", nullable=True)}


def write_tables(folder: Path, sets: list[list[int]] | None = None, **listed: list) -> None:
    """Writes examples, files, images, scores and suspects.

    listed: further columns of the list of suspects, a value for each training example. sets: the labels of each
    example, if images have several.
    """
    names = [CLASSES[label] for label in GIVEN]
    files = [f"{'test' if label == 5 else 'train'}/a & b #{label}.png" for label in range(6)]
    digests = [_write_image(folder / "images" / file, level) for level, file in enumerate(files)]
    examples = pd.DataFrame({"example_id": IDS, "split": ["train"] * 5 + ["test"], "key": [f"key {i}" for i in IDS]})
    examples = examples.assign(original_index=range(6), label=GIVEN, class_name=names, file=files, sha256=digests)
    examples["duplicate_of"] = pd.array([None] * 6, "Int64")
    if sets is not None:
        examples["label_set"], examples["uncounted"] = sets, [[]] * 6
        examples["label_names"] = [[CLASSES[label] for label in row] for row in sets]
    write_table(examples, folder / "examples.parquet", EXAMPLES.extended(LABEL_SETS if sets is not None else {}))
    write_table(
        describe_files(folder / "images", examples["file"], examples["sha256"]), folder / "files.parquet", FILES
    )
    scores = examples[["example_id", "split", "class_name", "label"]].assign(clean_label=GIVEN, is_corrupt=False)
    runs = {name: np.int16(1) for name in SCORES.columns if name.startswith("runs_")}
    scores = scores.assign(**runs, aum=[0.5, 1, np.inf, np.nan, 2, 3], aum_runs_null=[0, 1, None, 0, 0, 0])
    write_table(scores, folder / "scores.parquet", SCORES.extended(FURTHER))
    write_suspects(folder, examples, **listed)


def list_of(folder: Path) -> Path:
    """The list of suspects that was written last."""
    table = folder / "suspects.parquet"
    return table if table.exists() else folder / "suspects.csv"


def write_suspects(folder: Path, examples: pd.DataFrame, suggested: list[str | None] | None = None, **listed) -> None:
    suggested = suggested or [None if each is None else CLASSES[each] for each in SUGGESTED]
    table = examples.iloc[:5][["example_id", "key", "file"]]
    table = table.assign(
        given_label=examples["class_name"], suggested_label=suggested, suggested_share=SHARES, **listed
    )
    table = table.iloc[ORDER].assign(rank=range(1, 6), aum=[100.0, 75, 50, 25, 0])
    write_csv(table, folder / "suspects.csv", float_format="%.2f")


def as_parquet(folder: Path, **listed: list) -> None:
    """Writes the list of suspects as a table, too, with unrounded columns of its own."""
    table = pd.read_csv(folder / "suspects.csv", usecols=["rank", "example_id"])
    of_example = {name: dict(zip(IDS, values, strict=False)) for name, values in listed.items()}
    table = table.assign(**{name: table["example_id"].map(values) for name, values in of_example.items()})
    columns = {name: Column(pa.Array.from_pandas(table[name]).type, name, nullable=True) for name in table}
    write_table(table, folder / "suspects.parquet", Schema("suspects", columns))


def judged(folder: Path, has_images: bool = True) -> Judged:
    files = folder / "files.parquet" if has_images else None
    return read_judged(folder / "scores.parquet", list_of(folder), folder / "examples.parquet", files, "aum")


def _write_image(path: Path, level: int) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    PIL.Image.fromarray(np.full((4, 6, 3), 40 * level, np.uint8)).save(path)
    return hashlib.sha256(path.read_bytes()).hexdigest()
