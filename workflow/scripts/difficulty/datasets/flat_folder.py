"""Images in one folder; a table says what they show, or their names do."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.datasets.folders import subfolders
from difficulty.datasets.image_files import image_files
from difficulty.datasets.intake import Intake
from difficulty.datasets.path_names import composed, is_utf8, printable, unique_names
from difficulty.datasets.source import Source
from difficulty.datasets.split_folders import TEST_NAMES, TRAIN_NAMES
from difficulty.errors import UserError
from difficulty.tables import read_foreign

_SPLITS = {**dict.fromkeys(TRAIN_NAMES, "train"), **dict.fromkeys(TEST_NAMES, "test")}
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
    intake = Intake("files")
    listed = image_files(root, settings.get("recursive", False), intake)
    files = dict(zip(unique_names([file.relative_to(root).as_posix() for file in listed]), listed, strict=True))
    below = [] if settings.get("recursive", False) else _images_below(root)
    intake.leave_out("in folders below; set recursive: true", [printable(path) for path in below])
    if not files:
        remedy = "set recursive: true to take those in folders below" if below else "see datasets.*.path"
        raise UserError(f"{root}: no image files in it; {remedy} in the configuration")
    given, problems = _from_table(settings, files) if "labels" in settings else _from_names(settings, files)
    if problems and settings.get("on_bad_image", "error") == "error":
        raise UserError(f"{'; '.join(problems)}; mend this or set on_bad_image: skip")
    if given.empty:
        raise UserError(f"{root}: none of its {len(files):,} images has a label; {'; '.join(problems)}")
    values, labels = np.unique(given["label"].tolist(), return_inverse=True)
    given["class_name"], given["label"] = values[labels].astype(str), labels.astype(np.int64)
    notes = list(problems)
    if "split" in given:
        notes += _about_splits(given["split"], settings)
        given["split"] = _known_splits(given["split"], settings)
    else:
        is_test = _drawn_for_test(labels, settings.get("test_fraction", 0.2), settings.get("split_seed", 0))
        given["split"] = np.where(is_test, "test", "train")
    examples = given.sort_values("split", ascending=False, kind="stable", ignore_index=True)  # train, then test
    examples["original_index"] = examples.groupby("split").cumcount()
    labelled = set(given["key"])
    intake.leave_out("without a label", [printable(name) for name in files if name not in labelled])
    return Source(examples, lambda row: files[examples["key"][row]], tuple(notes), intake)


def _images_below(root: Path) -> list[Path]:
    return [path for folder in subfolders(root) for path in image_files(folder, True)]


def _from_table(settings: dict, files: dict[str, Path]) -> tuple[pd.DataFrame, list[str]]:
    """Columns key, label and, if the table has it, split, in the order of `files`; and what does not fit."""
    path, columns = settings["labels"], {"key": settings.get("file_column", "file")}
    columns["label"] = settings.get("label_column", "label")
    if "split_column" in settings:
        columns["split"] = settings["split_column"]
    table = read_foreign(path, list(dict.fromkeys(columns.values())))
    table = pa.table({name: table[column] for name, column in columns.items()})
    for name, column in columns.items():
        kind = table.schema.field(name).type
        kind = kind.value_type if pa.types.is_dictionary(kind) else kind
        is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
        if not is_text and not (name == "label" and pa.types.is_integer(kind)):
            what = "text or whole numbers" if name == "label" else "text"
            raise UserError(f"{path}: column {column!r} is {kind}, expected {what}")
        if empty := sum(value is None or value == "" for value in table[name].to_pylist()):
            raise UserError(f"{path}: {empty:,} rows have no {column}; fill them in or remove them")
    given = pd.DataFrame({name: table[name].to_pylist() for name in columns})
    given["key"] = [name if name in files else composed(name) for name in given["key"]]
    column = f"{path}: column {columns['key']!r}"
    if (repeated := given["key"].duplicated()).any():
        raise UserError(f"{column} names {_counted(given['key'][repeated].unique())} more than once")
    rows, problems = {name: row for row, name in enumerate(given["key"])}, []
    if unlabelled := [name for name in files if name not in rows]:
        problems.append(f"{column} lacks {_counted(unlabelled)} of {settings['path']}")
    if missing := [name for name in rows if name not in files]:
        problems.append(f"{column} names {_counted(missing)} that {settings['path']} does not have")
    return given.iloc[[rows[name] for name in files if name in rows]].reset_index(drop=True), problems


def _from_names(settings: dict, files: dict[str, Path]) -> tuple[pd.DataFrame, list[str]]:
    """The same, read out of the names."""
    pattern = re.compile(settings["pattern"])
    groups = [name for name in ("label", "split") if name in pattern.groupindex]
    matches = {name: pattern.fullmatch(name) for name, file in files.items() if is_utf8(str(file))}
    found = {name: [match[group] for group in groups] for name, match in matches.items() if match}
    whole = {name: values for name, values in found.items() if all(values)}
    given = pd.DataFrame([[name, *values] for name, values in whole.items()], columns=["key", *groups])
    problems = []
    if unmatched := [name for name in files if name not in whole]:
        problems.append(f"{settings['path']}: the pattern {settings['pattern']} does not match {_counted(unmatched)}")
    return given, problems


def _known_splits(values: pd.Series, settings: dict) -> pd.Series:
    """train or test; UserError for names that are neither."""
    if unknown := sorted(set(values) - {name for name in values if name.lower() in _SPLITS}):
        place = f"{settings['labels']}: column {settings['split_column']!r}" if "labels" in settings else ""
        place = place or f"{settings['path']}: the pattern's group 'split'"
        raise UserError(f"{place}: expected train, test, val or validation, found {', '.join(unknown[:_SHOWN])}")
    return values.str.lower().map(_SPLITS)


def _about_splits(values: pd.Series, settings: dict) -> list[str]:
    """Says how many images of which kinds are taken together as the test split, if they are of several."""
    counts = values[values.str.lower().isin(TEST_NAMES)].value_counts()
    if len(counts) < 2:
        return []
    kinds = " and ".join(f"{count:,} {name}" for name, count in counts.sort_index().items())
    return [f"{settings['path']}: {kinds} images are together the test split"]


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
    shown = ", ".join(printable(name) for name in names[:_SHOWN])
    return f"{count} ({shown}{', ...' if len(names) > _SHOWN else ''})"
