"""What other training runs recorded: one row per example and epoch, with logits or probabilities."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.errors import UserError
from difficulty.tables import read_foreign

_SPLITS = {"train": "train", "test": "test", "val": "test", "validation": "test"}
_SHOWN = 3


@dataclass(frozen=True)
class OwnRecords:
    """The records of one run.

    examples: N rows sorted by example_id, columns example_id, split, key, original_index, label, class_name and the
        truth columns. logits: float32 (E, N, C), epochs in order; of probabilities their logarithms, which have the
        same softmax and the same margins.
    """

    examples: pd.DataFrame
    logits: np.ndarray


def read_own_records(path, settings: Mapping) -> OwnRecords:
    """Reads the table of one run.

    settings: names of the columns (example_id, epoch, label, logits or probabilities; class_name, split, key), truth.
    Raises UserError naming the file and the column if an (example, epoch) pair is missing or occurs twice, if what
    should be a fact of an example changes between epochs, or if predictions are no logits or probabilities.
    """
    predictions = "logits" if "logits" in settings else "probabilities"
    facts = {name: settings[name] for name in ("label", "class_name", "split", "key") if name in settings}
    facts |= {name: name for name in settings.get("truth", ())}
    wanted = [settings["example_id"], settings["epoch"], settings[predictions], *facts.values()]
    table = read_foreign(path, list(dict.fromkeys(wanted)))
    ids = _whole_numbers(table, settings["example_id"], path)
    epochs = _whole_numbers(table, settings["epoch"], path)
    order, shape = _order(ids, epochs, path)
    values = _matrix(table[settings[predictions]], settings[predictions], path)[order].reshape(*shape, -1)
    if predictions == "probabilities":
        values = _logarithms(values, settings[predictions], path)
    columns = {name: _fact(table, column, order, shape, path) for name, column in facts.items()}
    label = columns.pop("label")
    classes = values.shape[2]
    if not (np.issubdtype(label.dtype, np.integer) and label.min() >= 0 and label.max() < classes):
        raise UserError(
            f"{path}: column {settings['label']!r} is not a class number from 0 to {classes - 1} everywhere"
        )
    example_id = ids[order].reshape(shape)[0]
    split = pd.Series(columns.pop("split", np.full(len(label), "train"))).map(_SPLITS)
    if split.isna().any():
        raise UserError(f"{path}: column {settings['split']!r} has other values than {', '.join(_SPLITS)}")
    frame = {
        "example_id": example_id,
        "split": split.to_numpy(),
        "key": pd.Series(columns.pop("key", example_id)).astype(str).to_numpy(),
        "original_index": example_id,
        "label": label.astype(np.int64),
        "class_name": pd.Series(columns.pop("class_name", label)).astype(str).to_numpy(),
    }
    return OwnRecords(pd.DataFrame({**frame, **columns}), values)


def _whole_numbers(table: pa.Table, column: str, path) -> np.ndarray:
    if not pa.types.is_integer(table[column].type) or table[column].null_count:
        raise UserError(f"{path}: column {column!r} is not a whole number in every row; mend it or name another")
    return table[column].to_numpy().astype(np.int64)


def _order(ids: np.ndarray, epochs: np.ndarray, path) -> tuple[np.ndarray, tuple[int, int]]:
    """Row order by epoch and example, and (epochs, examples)."""
    if not len(ids):
        raise UserError(f"{path}: no rows; expected one per example and epoch")
    example, epoch = np.unique(ids), epochs - epochs.min()
    shape = (int(epoch.max()) + 1, len(example))
    if epochs.min() not in (0, 1):
        raise UserError(f"{path}: the first epoch is {epochs.min()}; epochs count from 1, or from 0")
    place = epoch * shape[1] + np.searchsorted(example, ids)
    counts = np.bincount(place, minlength=shape[0] * shape[1]) if shape[0] <= len(ids) else np.zeros(1)
    if not (counts == 1).all():
        wrong = np.flatnonzero(counts != 1)[:_SHOWN]
        pairs = ", ".join(f"(example {example[p % shape[1]]}, epoch {p // shape[1] + epochs.min()})" for p in wrong)
        raise UserError(f"{path}: expected one row per example and epoch; missing, or there twice: {pairs}")
    return np.argsort(place), shape


def _matrix(column: pa.ChunkedArray, name: str, path) -> np.ndarray:
    """float32 (rows, C) of a column of lists of C numbers."""
    kind = column.type
    if not (pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)):
        raise UserError(f"{path}: column {name!r} is {kind}, expected a list of one number per class in every row")
    lists = column.combine_chunks()
    flat = lists.flatten().to_numpy(zero_copy_only=False)
    if not np.issubdtype(flat.dtype, np.number):
        raise UserError(f"{path}: column {name!r} is {kind}, expected a list of one number per class in every row")
    classes, rest = divmod(len(flat), max(len(lists), 1))
    if rest or classes < 2 or lists.null_count or not (lists.value_lengths().to_numpy() == classes).all():
        raise UserError(f"{path}: column {name!r} does not have the same number of classes, two or more, in every row")
    values = flat.astype(np.float32).reshape(-1, classes)
    if not np.isfinite(values).all():
        raise UserError(
            f"{path}: column {name!r} has {np.count_nonzero(~np.isfinite(values))} numbers that are not finite"
        )
    return values


def _logarithms(probabilities: np.ndarray, name: str, path) -> np.ndarray:
    sums = probabilities.sum(axis=-1, dtype=np.float64)
    if probabilities.min() < 0 or np.abs(sums - 1).max() > 1e-2:
        raise UserError(
            f"{path}: column {name!r} has rows that are no probabilities (not negative, sum 1); are they logits?"
        )
    return np.log(np.maximum(probabilities, np.finfo(np.float32).tiny))


def _fact(table: pa.Table, column: str, order: np.ndarray, shape: tuple[int, int], path) -> np.ndarray:
    """(N,) of a column that must say the same of an example at every epoch."""
    values = table[column].to_pandas().to_numpy()[order].reshape(shape)
    same = (values == values[0]) | (pd.isna(values) & pd.isna(values[0]))
    if not same.all():
        row = int(np.flatnonzero(~same.all(axis=0))[0])
        raise UserError(f"{path}: column {column!r} changes between epochs (the {row + 1}. example); it must not")
    return values[0]
