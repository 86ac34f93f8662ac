"""Images in one folder; a table says what they show, or their names do."""

import re
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.datasets.image_files import image_files
from difficulty.datasets.intake import SHOWN, Intake
from difficulty.datasets.label_matching import UNTRAINED, labelled
from difficulty.datasets.label_text import in_order, tidied
from difficulty.datasets.labels import ClassLabels, read_labels
from difficulty.datasets.source import Source
from difficulty.errors import UserError
from difficulty.tables import read_foreign
from difficulty.text_tables import is_untyped

_SPLITS = {"train": "train", "test": "test", "val": "test", "validation": "test"}
_SHOWN = 5


def read(settings: dict) -> Source:
    """Lists the images in order of split and name; classes are numbered in the order of their labels.

    settings: path, recursive; labels (a table) with file_column, label_column and, if any, split_column, or pattern
    (which must match all of a name) with the groups label and, if any, split; test_fraction and split_seed, where
    nothing says what is a test image; on_bad_image. A name is the path relative to the folder.
    Raises UserError for what the table or the pattern leaves unclear; images without a label, rows without an image
    become notes if on_bad_image is skip.
    """
    root = Path(settings["path"])
    if not root.is_dir():
        raise UserError(f"{root}: no such folder; see datasets.*.path in the configuration")
    files = {file.relative_to(root).as_posix(): file for file in image_files(root, settings.get("recursive", False))}
    if not files:
        raise UserError(f"{root}: no image files in it; see datasets.*.path in the configuration")
    intake = Intake()
    listed = _from_table if "labels" in settings else _from_names
    given, problems, notes = listed(settings, files, intake)
    if problems and "skip" not in (settings.get("on_bad_image"), settings.get("unlabelled")):
        raise UserError(f"{'; '.join(problems)}; mend this or set on_bad_image: skip")
    if given.empty:
        raise UserError(f"{root}: none of its {len(files):,} images has a label; {'; '.join(problems)}")
    if "split" in given:
        given = _with_trained_classes(given, settings, intake)
    names = sorted(set(given["label"]), key=in_order)
    given["class_name"], given["label"] = given["label"], given["label"].map(names.index).astype(np.int64)
    if "split" not in given:
        labels = given["label"].to_numpy()
        is_test = _drawn_for_test(labels, settings.get("test_fraction", 0.2), settings.get("split_seed", 0))
        given["split"] = np.where(is_test, "test", "train")
    examples = given.sort_values("split", ascending=False, kind="stable", ignore_index=True)  # train, then test
    examples["original_index"] = examples.groupby("split").cumcount()
    return Source(examples, lambda row: files[examples["key"][row]], (*notes, *problems), intake)


def _from_table(settings: dict, files: dict[str, Path], intake: Intake) -> tuple[pd.DataFrame, list[str], tuple]:
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
        intake.leave_out("not in the table of labels", unlisted)
    if missing := [name for name in listed if name not in files]:
        problems.append(f"{column} names {_counted(missing)} that {settings['path']} does not have")
    given = _with_classes(given, labels, settings, intake)
    if "split" in given:
        given["split"] = _known_splits(given["split"], f"{path}: column {columns['split']!r}")
    rows = {name: row for row, name in enumerate(given["key"])}
    given = given.iloc[[rows[name] for name in files if name in rows]].reset_index(drop=True)
    return given, problems, labels.notes


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


def _with_classes(given: pd.DataFrame, labels: ClassLabels, settings: dict, intake: Intake) -> pd.DataFrame:
    """The rows that have a class, with its name in the column label."""
    unlabelled = settings.get("unlabelled", "error")
    (kept,) = labelled([labels], lambda _, row: given["key"][row], unlabelled, intake)
    return given.assign(label=np.array([*labels.names, None], dtype=object)[labels.codes])[kept].reset_index(drop=True)


def _with_trained_classes(given: pd.DataFrame, settings: dict, intake: Intake) -> pd.DataFrame:
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


def _from_names(settings: dict, files: dict[str, Path], intake: Intake) -> tuple[pd.DataFrame, list[str], tuple]:
    """The same, read out of the names."""
    pattern = re.compile(settings["pattern"])
    groups = [name for name in ("label", "split") if name in pattern.groupindex]
    matches = {name: pattern.fullmatch(name) for name in files}
    found = {name: [match[group] for group in groups] for name, match in matches.items() if match}
    whole = {name: values for name, values in found.items() if all(values)}
    given = pd.DataFrame([[name, *values] for name, values in whole.items()], columns=["key", *groups])
    place = f"{settings['path']}: the pattern's group"
    labels = read_labels(pa.array(given.pop("label"), pa.string()), f"{place} 'label'", is_untyped=True)
    given = _with_classes(given, labels, settings, intake)
    if "split" in given:
        given["split"] = _known_splits(given["split"], f"{place} 'split'")
    problems = []
    if unmatched := [name for name in files if name not in whole]:
        problems.append(f"{settings['path']}: the pattern {settings['pattern']} does not match {_counted(unmatched)}")
        intake.leave_out("not matched by the pattern", unmatched)
    return given, problems, labels.notes


def _known_splits(values: pd.Series, place: str) -> pd.Series:
    if unknown := sorted(set(values) - set(_SPLITS)):
        raise UserError(f"{place}: expected train, test, val or validation, found {', '.join(unknown[:_SHOWN])}")
    return values.map(_SPLITS)


def _drawn_for_test(labels: np.ndarray, fraction: float, seed: int) -> np.ndarray:
    """A stratified draw, bool (N,), of round(fraction N) of N examples, less what small classes cannot give.

    labels: int (N,) from 0. Each class gives the whole part of fraction n_c; the rest comes one by one from the
    classes with the largest remainder, drawn where these are equal. No class gives its last example.
    """
    random = np.random.default_rng(seed)
    sizes = np.bincount(labels)
    shares = fraction * sizes
    numbers = np.minimum(shares.astype(int), sizes - 1)
    rest = round(fraction * len(labels)) - numbers.sum()
    order = np.lexsort((random.random(len(sizes)), numbers - shares))
    numbers[order[numbers[order] < sizes[order] - 1][: max(rest, 0)]] += 1
    is_test = np.zeros(len(labels), bool)
    for label, number in enumerate(numbers):
        is_test[random.choice(np.flatnonzero(labels == label), number, replace=False)] = True
    return is_test


def _counted(names) -> str:
    """`1 image (a.jpg)` or `7 images (a.jpg, b.jpg, ...)`."""
    count = "1 image" if len(names) == 1 else f"{len(names):,} images"
    return f"{count} ({', '.join(names[:_SHOWN])}{', ...' if len(names) > _SHOWN else ''})"
