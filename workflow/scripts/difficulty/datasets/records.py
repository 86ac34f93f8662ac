"""Reads what other training runs recorded: one row per example and epoch, with logits or probabilities."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from scipy.special import softmax

from difficulty.datasets.intake import Intake
from difficulty.datasets.label_matching import labelled
from difficulty.datasets.label_text import tidied
from difficulty.datasets.labels import read_labels
from difficulty.datasets.split_folders import TEST_NAMES, TRAIN_NAMES
from difficulty.errors import UserError
from difficulty.tables import read_foreign
from difficulty.text_tables import is_text_table, read_text_table

_SPLITS = {**dict.fromkeys(TRAIN_NAMES, "train"), **dict.fromkeys(TEST_NAMES, "test")}
_SHOWN = 3


@dataclass(frozen=True)
class OwnRecords:
    """The records of one run.

    examples: N rows sorted by example_id, columns example_id, split, key, original_index, label, class_name and the
        truth columns. predictions: float32 (E, N, C), epochs in order. are_logits: or probabilities.
    intake: the examples that were left out as they have no class.
    """

    examples: pd.DataFrame
    predictions: np.ndarray
    are_logits: bool
    intake: Intake

    def counts(self) -> dict[str, int]:
        """Counts that all runs of a data set must share."""
        return {"epochs": len(self.predictions), "classes": self.predictions.shape[2]}

    @property
    def logits(self) -> np.ndarray:
        """float32 (E, N, C); of probabilities their logarithms, which have the same softmax and the same margins."""
        if self.are_logits:
            return self.predictions
        return np.log(np.maximum(self.predictions, np.finfo(np.float32).tiny))

    def last_probabilities(self) -> np.ndarray:
        """float32 (N, C) of the last epoch; those that were given are as they were given."""
        values = self.predictions[-1]
        return softmax(values.astype(np.float64), axis=1).astype(np.float32) if self.are_logits else values


def read_own_records(path, settings: Mapping) -> OwnRecords:
    """Reads the table of one run.

    settings: names of the columns (example_id, epoch, label, logits or probabilities; class_name, split, key), truth,
    unlabelled (error or skip: examples whose label is none of the classes 0 to C-1), held_out (a table without column
    of epochs is of one).
    Raises UserError naming the file, the column and the row if an (example, epoch) pair is missing or occurs twice, if
    what should be a fact of an example changes between epochs, if predictions are no logits or probabilities, or if an
    example has no class.
    """
    predictions = "logits" if "logits" in settings else "probabilities"
    facts = {name: settings[name] for name in ("class_name", "split", "key") if name in settings}
    facts |= {name: name for name in settings.get("truth", ())}
    needed = [settings[name] for name in ("example_id", "label", predictions)]
    if not _lacks(path, settings["epoch"]):
        needed.insert(1, settings["epoch"])
    elif not settings.get("held_out"):
        raise UserError(
            f"{path}: no column {settings['epoch']!r}; name yours by `epoch`, or set held_out: true if these are "
            "predictions of networks that have not seen the examples, of one epoch"
        )
    table = read_foreign(path, list(dict.fromkeys([*needed, *facts.values()])))
    rows = _rows(table, settings, path)
    values = _matrix(table[settings[predictions]], settings[predictions], rows, path)
    if predictions == "probabilities":
        _check_probabilities(values, settings[predictions], rows, path)
    values = values[rows.order].reshape(*rows.shape, -1)
    label, intake = _labels(table, settings, values.shape[2], rows, path)
    kept = label >= 0
    label, values = label[kept], values if kept.all() else values[:, kept]
    example_id = rows.example[rows.order].reshape(rows.shape)[0, kept]
    columns = {name: _values(table, column, path) for name, column in facts.items()}
    for name in facts.keys() & {"class_name", "key"}:
        _check_named(columns[name], facts[name], np.isin(rows.example, example_id), rows, path)
    columns = {name: _constant(column, facts[name], rows, path)[kept] for name, column in columns.items()}
    split = columns.pop("split", np.full(len(label), "train"))
    split, written = pd.Series(split).astype(str).str.strip().str.lower().map(_SPLITS), split
    if split.isna().any():
        other = ", ".join(sorted({str(value) for value in written[split.isna()]})[:_SHOWN])
        raise UserError(f"{path}: column {settings['split']!r}: expected train, test, val or validation, found {other}")
    if not (split == "train").any():
        raise UserError(
            f"{path}: column {settings['split']!r} has no row of train; scores are those of training examples"
        )
    frame = {
        "example_id": example_id,
        "split": split.to_numpy(),
        "key": pd.Series(columns.pop("key", example_id)).astype(str).to_numpy(),
        "original_index": example_id,
        "label": label,
        "class_name": pd.Series(columns.pop("class_name", label)).astype(str).map(tidied).to_numpy(),
    }
    examples = pd.DataFrame({**frame, **columns})
    _check_class_names(examples, path)
    return OwnRecords(examples, values, predictions == "logits", intake)


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
            raise UserError(f"{pair}; {place} lacks {len(only):,}: {', '.join(map(str, only[:_SHOWN]))}{_more(only)}")
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


@dataclass(frozen=True)
class _Rows:
    """The (example, epoch) pairs of a table's R rows. order: positions by epoch and example; shape: (E, N)."""

    example: np.ndarray
    epoch: np.ndarray
    order: np.ndarray
    shape: tuple[int, int]

    def named(self, wrong: np.ndarray) -> str:
        """The first rows where `wrong`, bool (R,), in words."""
        places = np.flatnonzero(wrong)
        pairs = [f"(example {self.example[row]}, epoch {self.epoch[row]})" for row in places[:_SHOWN]]
        return ", ".join(pairs) + _more(places)


def _lacks(path, column: str) -> bool:
    """Whether a table is one, and has no such column."""
    read_foreign(path, [])
    names = read_text_table(path).column_names if is_text_table(path) else pq.read_schema(path).names
    return column not in names


def _rows(table: pa.Table, settings: Mapping, path) -> _Rows:
    example = _whole_numbers(table, settings["example_id"], path)
    has_epochs = settings["epoch"] in table.column_names
    epoch = _whole_numbers(table, settings["epoch"], path) if has_epochs else np.ones(len(example), np.int64)
    if not len(example):
        raise UserError(f"{path}: no rows; expected one per example and epoch")
    epochs, ids = np.unique(epoch), np.unique(example)
    if epochs[0] not in (0, 1):
        raise UserError(f"{path}: the first epoch is {epochs[0]}; epochs count from 1, or from 0, without gaps")
    if (gaps := np.flatnonzero(np.diff(epochs) != 1)).size:
        before, after = epochs[gaps[0]], epochs[gaps[0] + 1]
        raise UserError(
            f"{path}: no rows between epoch {before} and {after}; epochs count from 1, or from 0, without gaps"
        )
    shape = (len(epochs), len(ids))
    place = (epoch - epochs[0]) * shape[1] + np.searchsorted(ids, example)
    there, order, counts = np.unique(place, return_index=True, return_counts=True)
    problem = ""
    if missing := shape[0] * shape[1] - len(there):
        gaps = np.flatnonzero(there != np.arange(len(there)))
        problem, first = f"{missing:,} missing", gaps[0] if len(gaps) else len(there)
    elif (counts > 1).any():
        problem, first = "some are there twice", there[counts > 1][0]
    if problem:
        pair = f"(example {ids[first % shape[1]]}, epoch {first // shape[1] + epochs[0]})"
        raise UserError(f"{path}: expected one row per example and epoch; {problem}, first {pair}")
    return _Rows(example, epoch, order, shape)


def _whole_numbers(table: pa.Table, column: str, path) -> np.ndarray:
    """int64 (R,) of a column of whole numbers, which may be stored as floats."""
    values = table[column]
    try:
        if values.null_count or not (pa.types.is_integer(values.type) or pa.types.is_floating(values.type)):
            raise pa.ArrowInvalid("no numbers")
        return values.cast(pa.int64()).to_numpy()
    except pa.ArrowInvalid as error:
        raise UserError(
            f"{path}: column {column!r} is not a whole number in every row; correct it or name another"
        ) from error


def _matrix(column: pa.ChunkedArray, name: str, rows: _Rows, path) -> np.ndarray:
    """float32 (R, C) of a column of lists of C numbers."""
    kind = column.type
    is_list = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    if not is_list or not (pa.types.is_integer(kind.value_type) or pa.types.is_floating(kind.value_type)):
        raise UserError(f"{path}: column {name!r} is {kind}, expected a list of one number per class in every row")
    lengths = pc.list_value_length(column).fill_null(0).to_numpy()
    classes = int(lengths[0])
    if classes < 2 or not (lengths == classes).all():
        where = f": {classes} in the first row, other than in {rows.named(lengths != classes)}" if classes > 1 else ""
        raise UserError(
            f"{path}: column {name!r} does not have the same number of classes, two or more, in every row{where}"
        )
    # Chunk by chunk: lists of 32-bit offsets cannot hold 2^31 numbers together.
    parts = [chunk.flatten().to_numpy(zero_copy_only=False) for chunk in column.chunks]
    with np.errstate(over="ignore"):
        values = np.concatenate([part.astype(np.float32) for part in parts]).reshape(-1, classes)
    if not (finite := np.isfinite(values)).all():
        raise UserError(
            f"{path}: column {name!r} has {np.count_nonzero(~finite):,} numbers that are not finite, or too large for "
            f"float32: {rows.named(~finite.all(axis=1))}"
        )
    return values


def _check_probabilities(probabilities: np.ndarray, name: str, rows: _Rows, path) -> None:
    sums = probabilities.sum(axis=1, dtype=np.float64)
    wrong = (probabilities.min(axis=1) < 0) | (np.abs(sums - 1) > 1e-2)
    if wrong.any():
        raise UserError(
            f"{path}: column {name!r} has {wrong.sum():,} rows that are no probabilities (not negative, sum 1), "
            f"{rows.named(wrong)}; are they logits?"
        )


def _check_class_names(examples: pd.DataFrame, path) -> None:
    pairs = examples[["label", "class_name"]].drop_duplicates()
    for one, other in (("label", "class_name"), ("class_name", "label")):
        if (twice := pairs[one].duplicated()).any():
            value = pairs.loc[twice, one].iloc[0]
            both = " and ".join(map(str, pairs.loc[pairs[one] == value, other][:2]))
            raise UserError(f"{path}: {one} {value} goes with {other} {both}; give each class one number and one name")


def _more(found) -> str:
    return ", ..." if len(found) > _SHOWN else ""


def _labels(table: pa.Table, settings: Mapping, classes: int, rows: _Rows, path) -> tuple[np.ndarray, Intake]:
    """int64 (N,), the class of each example, -1 for none; which those are, unless they are an error."""
    column, place = table[settings["label"]], f"{path}: column {settings['label']!r}"
    names = list(map(str, range(classes)))
    _constant(read_labels(column, place, names).codes, settings["label"], rows, path)
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


def _values(table: pa.Table, column: str, path) -> np.ndarray:
    """(R,) of a column that is not nested."""
    if pa.types.is_nested(table[column].type):
        raise UserError(f"{path}: column {column!r} is {table[column].type}, expected one value in every row")
    return table[column].to_pandas().to_numpy()


def _check_named(values: np.ndarray, column: str, counted: np.ndarray, rows: _Rows, path) -> None:
    """Raises UserError if a column of names has `counted` rows, bool (R,), without one."""
    unnamed = np.array([value is None or value != value or not str(value).strip() for value in values.tolist()], bool)
    unnamed &= counted
    if unnamed.any():
        raise UserError(
            f"{path}: column {column!r} has no name in {unnamed.sum():,} rows, {rows.named(unnamed)}; fill them in"
        )


def _constant(values: np.ndarray, column: str, rows: _Rows, path) -> np.ndarray:
    """(N,) of values (R,); raises UserError if they differ between the epochs of an example."""
    values = values[rows.order].reshape(rows.shape)
    same = (values == values[0]) | (pd.isna(values) & pd.isna(values[0]))
    if not same.all():
        changes = np.zeros(len(rows.example), bool)
        changes[rows.order] = ~same.ravel()
        raise UserError(f"{path}: column {column!r} changes between epochs; it must not: {rows.named(changes)}")
    return values[0]
