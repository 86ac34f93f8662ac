"""Reads what other training runs recorded: one row per example and epoch, with logits or probabilities."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.special import softmax

from difficulty.datasets.intake import Intake
from difficulty.datasets.label_matching import labelled
from difficulty.datasets.label_text import tidied
from difficulty.datasets.labels import read_labels
from difficulty.datasets.record_rows import (
    SHOWN,
    Rows,
    check_named,
    check_probabilities,
    constant,
    matrix_of,
    more,
    rows_of,
    values_of,
)
from difficulty.datasets.record_stream import open_stream
from difficulty.datasets.split_folders import TEST_NAMES, TRAIN_NAMES
from difficulty.errors import UserError
from difficulty.tables import read_foreign
from difficulty.text_tables import is_text_table, read_text_table

_SPLITS = {**dict.fromkeys(TRAIN_NAMES, "train"), **dict.fromkeys(TEST_NAMES, "test")}


@dataclass(frozen=True)
class OwnRecords:
    """The records of one run.

    examples: N rows sorted by example_id, columns example_id, split, key, original_index, label, class_name and the
        truth columns. epochs, classes: their numbers. are_logits: or probabilities. intake: the examples that were left
        out as they have no class.
    parts: from an epoch on, (epoch, positions (n,), float32 (n, C)) of some of the rows of the file after the other,
        epochs in order; positions are those of the examples.
    """

    examples: pd.DataFrame
    epochs: int
    classes: int
    are_logits: bool
    intake: Intake
    parts: Callable[[int], Iterator[tuple[int, np.ndarray, np.ndarray]]]

    def counts(self) -> dict[str, int]:
        """Counts that all runs of a data set must share."""
        return {"epochs": self.epochs, "classes": self.classes}

    def logits(self) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
        """All parts as logits: of probabilities their logarithms, which have the same softmax and the same margins."""
        for epoch, positions, values in self.parts(1):
            logits = values if self.are_logits else np.log(np.maximum(values, np.finfo(np.float32).tiny))
            yield epoch, positions, logits

    def last_probabilities(self) -> np.ndarray:
        """float32 (N, C) of the last epoch; those that were given are as they were given."""
        found = np.empty((len(self.examples), self.classes), np.float32)
        for _, positions, values in self.parts(self.epochs):
            found[positions] = softmax(values.astype(np.float64), axis=1) if self.are_logits else values
        return found


def read_own_records(path, settings: Mapping) -> OwnRecords:
    """Reads the table of one run.

    settings: names of the columns (example_id, epoch, label, logits or probabilities; class_name, split, key), truth,
    unlabelled (error or skip: examples whose label is none of the classes 0 to C-1), held_out (a table without column
    of epochs is of one).
    Raises UserError naming the file, the column and the row if an (example, epoch) pair is missing or occurs twice, if
    what should be a fact of an example changes between epochs, if predictions are no logits or probabilities, or if an
    example has no class. Of a file too large for memory, whose rows are in the order of epochs, some rows are read at a
    time, and predictions checked when they are.
    """
    predictions = "logits" if "logits" in settings else "probabilities"
    facts = {name: settings[name] for name in ("class_name", "split", "key") if name in settings}
    facts |= {name: name for name in settings.get("truth", ())}
    stream = open_stream(path, settings, predictions, [settings["label"], *facts.values()])
    if stream:
        table, rows = stream.first([settings["label"], *facts.values()])
        epochs, classes = stream.epochs, stream.classes(predictions)
        parts = partial(stream.predictions, predictions)
    else:
        table, rows, values = _whole(path, settings, predictions, facts)
        epochs, _, classes = values.shape
        parts = partial(_parts_of, values)
    examples, kept, intake = _examples(table, rows, settings, facts, classes, path)
    return OwnRecords(examples, epochs, classes, predictions == "logits", intake, partial(_of_kept, parts, kept))


def _whole(path, settings: Mapping, predictions: str, facts: Mapping[str, str]) -> tuple[pa.Table, Rows, np.ndarray]:
    """The table, where its rows belong, and its predictions (E, N, C), examples by id."""
    needed = [settings[name] for name in ("example_id", "label", predictions)]
    if not _lacks(path, settings["epoch"]):
        needed.insert(1, settings["epoch"])
    elif not settings.get("held_out"):
        raise UserError(
            f"{path}: no column {settings['epoch']!r}; name yours by `epoch`, or set held_out: true if these are "
            "predictions of networks that have not seen the examples, of one epoch"
        )
    table = read_foreign(path, list(dict.fromkeys([*needed, *facts.values()])))
    rows = rows_of(table, settings, path)
    values = matrix_of(table[settings[predictions]], settings[predictions], rows, path)
    if predictions == "probabilities":
        check_probabilities(values, settings[predictions], rows, path)
    return table, rows, values[rows.order].reshape(*rows.shape, -1)


def _parts_of(values: np.ndarray, first: int) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    for epoch in range(first, len(values) + 1):
        yield epoch, np.arange(values.shape[1]), values[epoch - 1]


def _of_kept(parts: Callable, kept: np.ndarray, first: int) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """The parts without the examples that are not `kept`, bool (N,)."""
    if kept.all():
        yield from parts(first)
        return
    position = np.cumsum(kept) - 1
    for epoch, positions, values in parts(first):
        chosen = kept[positions]
        yield epoch, position[positions[chosen]], values[chosen]


def _examples(
    table: pa.Table, rows: Rows, settings: Mapping, facts: Mapping[str, str], classes: int, path
) -> tuple[pd.DataFrame, np.ndarray, Intake]:
    """The examples of a run, which have been kept, bool (N,), and why the others were not."""
    label, intake = _labels(table, settings, classes, rows, path)
    kept = label >= 0
    label = label[kept]
    example_id = rows.example[rows.order].reshape(rows.shape)[0, kept]
    columns = {name: values_of(table, column, path) for name, column in facts.items()}
    for name in facts.keys() & {"class_name", "key"}:
        check_named(columns[name], facts[name], np.isin(rows.example, example_id), rows, path)
    columns = {name: constant(column, facts[name], rows, path)[kept] for name, column in columns.items()}
    split = columns.pop("split", np.full(len(label), "train"))
    split, written = _renamed(split, lambda name: _SPLITS.get(name.strip().lower())), split
    if split.isna().any():
        other = ", ".join(sorted({str(value) for value in written[split.isna()]})[:SHOWN])
        raise UserError(f"{path}: column {settings['split']!r}: expected train, test, val or validation, found {other}")
    if not (split == "train").any():
        raise UserError(
            f"{path}: column {settings['split']!r} has no row of train; scores are those of training examples"
        )
    frame = {
        "example_id": example_id,
        "split": split,
        "key": pd.Series(columns.pop("key", example_id)).astype(str),
        "original_index": example_id,
        "label": label,
        "class_name": _renamed(columns.pop("class_name", label), tidied),
    }
    examples = pd.DataFrame({**frame, **columns})
    _check_class_names(examples, path)
    return examples, kept, intake


def _renamed(values: np.ndarray, renamed: Callable[[str], str | None]) -> pd.Series:
    """Values (N,), few of them different, as what their text becomes."""
    codes, distinct = pd.factorize(values, use_na_sentinel=False)
    return pd.Series(np.array([*map(renamed, map(str, distinct))], object)[codes])


def check_same_examples(own: pd.DataFrame, first: pd.DataFrame, path, first_path) -> None:
    """Raises UserError naming both files and the first examples if two runs are not of the same examples.

    own, first: examples of the runs as `read_own_records` gives them; first may have further columns, and its rows in
    another order.
    """
    pair = f"{path} and {first_path}: runs of one data set need the same examples"
    own, first = own.set_index("example_id"), first.set_index("example_id")
    for here, there, other in ((own, first, path), (first, own, first_path)):
        if len(only := here.index.difference(there.index)):
            place = first_path if other == path else path
            raise UserError(f"{pair}; {place} lacks {len(only):,}: {', '.join(map(str, only[:SHOWN]))}{more(only)}")
    first = first.loc[own.index]
    for column in own.columns:
        same = (own[column] == first[column]) | (own[column].isna() & first[column].isna())
        if not same.all():
            example = own.index[~same][0]
            raise UserError(
                f"{pair}; {(~same).sum():,} differ in {column}: example {example} has {own.loc[example, column]} in "
                f"{path}, {first.loc[example, column]} in {first_path}"
            )


def check_same_shape(own: Mapping[str, int], first: Mapping[str, int], path, first_path) -> None:
    """Raises UserError naming both files if two runs differ in what is counted, e.g. {"epochs": 3, "classes": 10}."""
    for name, count in own.items():
        if count != first[name]:
            raise UserError(
                f"{path} and {first_path}: runs of one data set need the same number of {name}; the first has "
                f"{count}, the second {first[name]}; record them alike, or give each its own data set"
            )


def _lacks(path, column: str) -> bool:
    """Whether a table is one, and has no such column."""
    read_foreign(path, [])
    names = read_text_table(path).column_names if is_text_table(path) else pq.read_schema(path).names
    return column not in names


def _check_class_names(examples: pd.DataFrame, path) -> None:
    pairs = examples[["label", "class_name"]].drop_duplicates()
    for one, other in (("label", "class_name"), ("class_name", "label")):
        if (twice := pairs[one].duplicated()).any():
            value = pairs.loc[twice, one].iloc[0]
            both = " and ".join(map(str, pairs.loc[pairs[one] == value, other][:2]))
            raise UserError(f"{path}: {one} {value} goes with {other} {both}; give each class one number and one name")


def _labels(table: pa.Table, settings: Mapping, classes: int, rows: Rows, path) -> tuple[np.ndarray, Intake]:
    """int64 (N,), the class of each example, -1 for none; which those are, unless they are an error."""
    column, place = table[settings["label"]], f"{path}: column {settings['label']!r}"
    names = list(map(str, range(classes)))
    constant(read_labels(column, place, names).codes, settings["label"], rows, path)
    count = rows.shape[1]
    labels, ids = read_labels(column.take(pa.array(rows.order[:count])), place, names), rows.example[rows.order[:count]]
    intake = Intake("examples")
    try:
        labelled([labels], lambda _, row: f"example {ids[row]}", settings.get("unlabelled", "error"), intake)
    except UserError as error:
        order = f"labels count the predictions' classes, from 0 to {classes - 1}; their names go into class_name"
        raise UserError(f"{error}; {order}") from error
    if (labels.codes < 0).all():
        raise UserError(f"{place}: no example has one of the {classes:,} classes; name another column")
    return labels.codes, intake
