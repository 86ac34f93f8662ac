"""A person's decisions on a list of examples: which of them stay, which are dropped, which get another label.

The list is one of suspects once its column `decision` is filled in. Whatever it does not decide on stays as it is.
"""

from pathlib import Path, PurePosixPath

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from difficulty.cell_marks import without_mark
from difficulty.datasets.example_tables import class_names
from difficulty.datasets.label_sets import has_label_sets
from difficulty.datasets.label_text import tidied
from difficulty.datasets.labels import read_labels
from difficulty.errors import UserError
from difficulty.suggestions import suggestion
from difficulty.tables import read_foreign
from difficulty.text_tables import is_text_table, is_untyped, read_text_table

DECISION = "decision"
KEEP, DROP, RELABEL = "keep", "drop", "relabel"
_DONE = {KEEP: "kept", DROP: "dropped", RELABEL: "relabelled"}
_GIVEN = "given_label"
_NEW_LABELS = ("new_label", "suggested_label")  # the first that a row has counts


def read_decisions(path: Path, column: str, examples: pd.DataFrame, dataset: str) -> pd.DataFrame | None:
    """What a list decides; None if it has no column `decision`, and merely names examples.

    column: the one that names the examples, called as in `examples` (EXAMPLES of the data set of that name). Where a
    training and a test example share a name, the training example is meant.
    Returns, for each example that is decided on, index example_id, the columns decision (keep, drop or relabel) and
    label (int64: the new one, or the present one if it stays).
    Raises UserError for a list of suspects without that column, and one that names the row (of text as spreadsheets
    count, where the header is row 1) for another decision, an example that is unknown or decided on twice, a label that
    is no class, and a given label that is not the present.
    """
    if DECISION not in (columns := _columns(path, column)):
        _check_names_alone(path, columns)
        return None
    rows = _rows(path, [column, *(name for name in (DECISION, _GIVEN, *_NEW_LABELS) if name in columns)])
    for row in rows[~rows[DECISION].isin([KEEP, DROP, RELABEL])].to_dict("records"):
        raise UserError(f"{row['place']}: expected keep, drop, relabel or nothing as decision, got {row[DECISION]!r}")
    rows["example_id"] = _example_ids(rows, column, examples, dataset)
    present = examples.set_index("example_id").loc[rows["example_id"]]
    _check_given_labels(rows, present, dataset)
    rows["label"] = present["label"].to_numpy()
    rows["label"] = _labels(rows, examples, dataset)
    return rows.set_index("example_id")[[DECISION, "label"]]


def in_words(decisions: pd.DataFrame) -> str:
    """How many examples are kept, dropped and relabelled: rows of `read_decisions`."""
    counts = decisions[DECISION].value_counts()
    return ", ".join(f"{counts.get(each, 0):,} {word}" for each, word in _DONE.items())


def staying(examples: pd.DataFrame, decisions: pd.DataFrame) -> pd.Series:
    """The decision on each example that is not dropped, empty if there is none; index example_id."""
    found = decisions[DECISION].reindex(examples["example_id"]).fillna("")
    return found[found != DROP]


def relabelled(examples: pd.DataFrame, decisions: pd.DataFrame) -> pd.DataFrame:
    """The examples with the labels that were decided on, and their files in the folders of their classes.

    A file whose name there is another image's gets its example_id behind its own.
    """
    new = decisions["label"].reindex(examples["example_id"]).set_axis(examples.index)
    moved = new.notna() & (new != examples["label"])
    label = new.where(moved, examples["label"]).astype("int64")
    name = examples["class_name"].where(~moved, label.map(dict(enumerate(class_names(examples)))))
    folder = label.map(examples["file"].str.split("/").str[1].groupby(examples["label"]).first())
    files, taken = examples["file"].copy(), set(examples["file"].str.casefold())
    for row, example_id in examples.loc[moved, "example_id"].items():
        file = PurePosixPath(files[row])
        path = PurePosixPath(file.parts[0], folder[row], file.name)
        if str(path).casefold() in taken:
            path = path.with_stem(f"{path.stem}-{example_id}")
        taken.add(str(path).casefold())
        files[row] = str(path)
    return examples.assign(label=label, class_name=name, file=files)


def _check_names_alone(path: Path, columns: list[str]) -> None:
    """Raises UserError if a table without a column `decision` was meant to have one."""
    if alike := [name for name in columns if name.strip().casefold() in (DECISION, f"{DECISION}s")]:
        raise UserError(f"{path}: column {alike[0]!r}: expected {DECISION!r}")
    if lost := [name for name in (*_NEW_LABELS, "verdict") if name in columns]:
        raise UserError(
            f"{path}: has a column {lost[0]!r} but no column {DECISION!r}; put that back, or leave out the other "
            "columns of the list of suspects if the table names the images to keep"
        )


def _columns(path: Path, column: str) -> list[str]:
    """The names of all columns of a table, which must have this one and be readable."""
    read_foreign(path, [column], text=[column])
    return read_text_table(path).column_names if is_text_table(path) else pq.read_schema(path).names


def _rows(path: Path, columns: list[str]) -> pd.DataFrame:
    """The rows with a decision: these columns as text, of which the first names examples, and the row's `place`."""
    table, is_text = read_foreign(path, columns, text=columns), is_text_table(path)
    cells = {name: [_text(value, is_text) for value in table[name].to_pylist()] for name in columns}
    rows = pd.DataFrame(cells, dtype=object)
    first = 2 if is_untyped(path) else 1
    names = rows[columns[0]].items()
    rows["place"] = [f"{path}: row {first + row:,} ({columns[0]} {name})" for row, name in names]
    rows[DECISION] = rows[DECISION].str.lower()
    return rows[rows[DECISION] != ""]


def _text(value, is_marked: bool) -> str:
    """What a cell holds, empty for a missing value. is_marked: whether text has the marks of a CSV file."""
    if value is None or value != value:
        return ""
    return tidied(without_mark(str(value)) if is_marked else str(value))


def _example_ids(rows: pd.DataFrame, column: str, examples: pd.DataFrame, dataset: str) -> pd.Series:
    """The example of each row; every row another one."""
    names = examples[column].astype(str).map(tidied)
    first = names[(examples["split"] == "train").sort_values(ascending=False, kind="stable").index].drop_duplicates()
    found = rows[column].map(pd.Series(examples.loc[first.index, "example_id"].to_numpy(), index=first))
    for row in rows[found.isna()].to_dict("records"):
        raise UserError(
            f"{row['place']}: no example of {dataset!r} is called that; remove the row or name another column"
        )
    for row in rows[found.duplicated()].to_dict("records"):
        raise UserError(f"{row['place']}: is decided on a second time; remove one of the rows")
    return found.astype("int64")


def _check_given_labels(rows: pd.DataFrame, present: pd.DataFrame, dataset: str) -> None:
    """Raises UserError if a row's given label, where the list has it, is not the present one."""
    if _GIVEN not in rows or has_label_sets(present):
        return
    own = present["class_name"].map(tidied).to_numpy()
    for row, label in zip(rows.to_dict("records"), own, strict=True):
        if row[_GIVEN] not in ("", label):
            raise UserError(
                f"{row['place']}: {_GIVEN} {row[_GIVEN]!r} is not the label in {dataset!r}, {label!r}: the list is "
                "about planted wrong labels, or older than the data; decide on one that is about these labels"
            )


def _labels(rows: pd.DataFrame, examples: pd.DataFrame, dataset: str) -> list[int]:
    """The label of each row's example: `label`, its present one, or the one that it gets."""
    classes, known = class_names(examples), sorted(set(examples["label"]))
    labels = rows["label"].tolist()
    for place, row in enumerate(rows.to_dict("records")):
        if row[DECISION] != RELABEL:
            continue
        if has_label_sets(examples):
            raise UserError(f"{row['place']}: images of {dataset!r} have several labels each; keep or drop this one")
        name = next((row[column] for column in _NEW_LABELS if row.get(column)), None)
        if name is None:
            raise UserError(f"{row['place']}: relabel needs the label in the column {' or '.join(_NEW_LABELS)}")
        (labels[place],) = read_labels(pa.array([name]), row["place"], classes).codes.tolist()
        if labels[place] not in known:
            likely = suggestion(name, [classes[number] for number in known])
            raise UserError(f"{row['place']}: no class {name!r} in {dataset!r}; {likely}")
    return labels
