"""Labels of the images of one folder: from a table that names the files, or from their names."""

import re
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.datasets.intake import SHOWN, Intake
from difficulty.datasets.label_matching import UNTRAINED, labelled
from difficulty.datasets.label_text import tidied
from difficulty.datasets.labels import ClassLabels, read_labels
from difficulty.datasets.path_names import is_utf8, printable
from difficulty.errors import UserError
from difficulty.tables import read_foreign
from difficulty.text_tables import is_untyped

_SHOWN = 5


def labels_from_table(settings: dict, files: dict[str, Path], intake: Intake) -> tuple[pd.DataFrame, list[str], tuple]:
    """Columns key, label (name of the class) and, if the table has it, split, in the order of `files`; what does not
    fit; and notes. Rows without a class become an error or part of `intake`."""
    path, columns = settings["labels"], {"key": settings.get("file_column", "file")}
    if "split_column" in settings:
        columns["split"] = settings["split_column"]
    label = settings.get("label_column", "label")
    text = [*columns.values(), *([label] if is_untyped(path) else [])]
    table = read_foreign(path, list(dict.fromkeys([*columns.values(), label])), text=text)
    given = pd.DataFrame({name: _text(table[column], column, path) for name, column in columns.items()})
    column = f"{path}: column {columns['key']!r}"
    given["key"] = _names_of_files(given["key"], files, column)
    if (repeated := given["key"].duplicated()).any():
        raise UserError(f"{column} names {_counted(given['key'][repeated].unique())} more than once")
    labels = read_labels(table[label], f"{path}: column {label!r}", is_untyped=is_untyped(path))
    listed, problems = dict.fromkeys(given["key"]), []
    if unlisted := [name for name in files if name not in listed]:
        problems.append(f"{column} lacks {_counted(unlisted)} of {settings['path']}")
        intake.leave_out("not in the table of labels", list(map(printable, unlisted)))
    if missing := [name for name in listed if name not in files]:
        problems.append(f"{column} names {_counted(missing)} that {settings['path']} does not have")
    given = _with_classes(given, labels, files, settings, intake)
    rows = {name: row for row, name in enumerate(given["key"])}
    given = given.iloc[[rows[name] for name in files if name in rows]].reset_index(drop=True)
    return given, problems, labels.notes


def labels_from_names(settings: dict, files: dict[str, Path], intake: Intake) -> tuple[pd.DataFrame, list[str], tuple]:
    """The same, read out of the names of the files."""
    pattern = re.compile(settings["pattern"])
    groups = [name for name in ("label", "split") if name in pattern.groupindex]
    matches = {name: pattern.fullmatch(name) for name in files if is_utf8(name)}
    found = {name: [match[group] for group in groups] for name, match in matches.items() if match}
    whole = {name: values for name, values in found.items() if all(values)}
    given = pd.DataFrame([[name, *values] for name, values in whole.items()], columns=["key", *groups])
    place = f"{settings['path']}: the pattern's group"
    labels = read_labels(pa.array(given.pop("label"), pa.string()), f"{place} 'label'", is_untyped=True)
    given = _with_classes(given, labels, files, settings, intake)
    problems = []
    if unmatched := [name for name in files if name not in whole]:
        problems.append(f"{settings['path']}: the pattern {settings['pattern']} does not match {_counted(unmatched)}")
        intake.leave_out("not matched by the pattern", list(map(printable, unmatched)))
    return given, problems, labels.notes


def with_trained_classes(given: pd.DataFrame, settings: dict, intake: Intake) -> pd.DataFrame:
    """The rows whose class has training images."""
    is_lost = ~given["label"].isin(given.loc[given["split"] == "train", "label"])
    lost = [f"{key}: {label}" for key, label in given.loc[is_lost, ["key", "label"]].itertuples(index=False)]
    if lost and settings.get("unlabelled", "error") == "error":
        remedy = "correct these labels or remove the rows, or set unlabelled: skip to leave them out"
        shown = ", ".join(lost[:SHOWN]) + (", ..." if len(lost) > SHOWN else "")
        place = settings.get("labels", settings["path"])
        raise UserError(f"{place}: {UNTRAINED} in {len(lost):,} of {len(given):,} rows ({shown}); {remedy}")
    intake.leave_out(UNTRAINED, given.loc[is_lost, "key"].tolist())
    return given[~is_lost].reset_index(drop=True)


def _text(column: pa.ChunkedArray, name: str, path: str) -> list[str]:
    """A column of names, which may look like numbers; UserError if a row has none."""
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_integer(kind)):
        raise UserError(f"{path}: column {name!r} is {kind}, expected text")
    values = column.cast(kind).cast(pa.large_string()).to_pylist()
    if empty := sum(not value for value in values):
        raise UserError(f"{path}: {empty:,} rows have no {name}; fill them in or remove them")
    return values


def _names_of_files(given: pd.Series, files: dict[str, Path], place: str) -> list[str]:
    """The file that each name means: the one of that name, or the only one that has an ending more."""
    by_stem: dict[str, list[str]] = {}
    for name in files:
        by_stem.setdefault(str(PurePosixPath(name).with_suffix("")), []).append(name)
    found = []
    for name in given:
        name = name if name in files else tidied(name)
        meant = [name] if name in files else by_stem.get(name, [name])
        if len(meant) > 1:
            raise UserError(f"{place}: {name} may be {' or '.join(meant)}; write the ending")
        found += meant
    return found


def _with_classes(
    given: pd.DataFrame, labels: ClassLabels, files: dict[str, Path], settings: dict, intake: Intake
) -> pd.DataFrame:
    """The rows that have a class, with its name in the column label; the files of the others are left out."""
    (kept,) = labelled([labels], lambda _, row: given["key"][row], settings.get("unlabelled", "error"), Intake())
    for reason, rows in labels.faults.items():
        intake.leave_out(reason, [printable(name) for name in given["key"][rows] if name in files])
    return given.assign(label=np.array([*labels.names, None], dtype=object)[labels.codes])[kept].reset_index(drop=True)


def _counted(names) -> str:
    """`1 image (a.jpg)` or `7 images (a.jpg, b.jpg, ...)`."""
    count = "1 image" if len(names) == 1 else f"{len(names):,} images"
    shown = ", ".join(printable(name) for name in names[:_SHOWN])
    return f"{count} ({shown}{', ...' if len(names) > _SHOWN else ''})"
