"""Several labels per image: the columns that hold them, and what networks and people make of them.

A class is present in an image, absent from it, or uncounted: then nobody asks about it, neither in training nor in any
number. Tables of examples and of labels of such data sets have the columns LABEL_SETS beside those of all.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.tables import Column

LABEL_SETS = {
    "label_set": Column(pa.list_(pa.int64()), "numbers of the classes that are present, ascending"),
    "label_names": Column(pa.list_(pa.string()), "their names, in the same order"),
    "uncounted": Column(
        pa.list_(pa.int64()), "numbers of the classes that count neither as present nor as absent, ascending"
    ),
}
NO_CLASS = "(none)"  # how the empty set is called


def has_label_sets(table: pd.DataFrame) -> bool:
    """Whether the examples, or the labels, of `table` are sets of classes."""
    return "label_set" in table


def set_classes(table: pd.DataFrame) -> int:
    """Number of classes: the largest that is present or uncounted in any image, and one."""
    return 1 + max(max(map(int, row), default=-1) for name in ("label_set", "uncounted") for row in table[name])


def set_class_names(table: pd.DataFrame) -> list[str]:
    """Name of each class, by its number; classes that are nowhere present are named by their number."""
    pairs = zip(table["label_set"], table["label_names"], strict=True)
    names = {int(number): name for row in pairs for number, name in zip(*row, strict=True)}
    return [names.get(number, str(number)) for number in range(set_classes(table))]


def target_matrix(table: pd.DataFrame, classes: int | None = None) -> np.ndarray:
    """float32 (N, C): 1 where a class is present, 0 where it is absent, NaN where it is uncounted.

    classes: C; None: as `set_classes` finds it. Classes beyond those of the table are absent.
    """
    targets = np.zeros((len(table), set_classes(table) if classes is None else classes), np.float32)
    for value, name in ((np.nan, "uncounted"), (1, "label_set")):
        rows = np.repeat(np.arange(len(table)), [len(row) for row in table[name]])
        targets[rows, [int(number) for row in table[name] for number in row]] = value
    return targets


def joined_names(names: Iterable[str]) -> str:
    """A set of classes as people read it, e.g. `dog+person`."""
    return "+".join(names) or NO_CLASS


def set_text(numbers: Iterable[int]) -> str:
    """A set of classes as records hold it: ascending numbers separated by spaces."""
    return " ".join(str(int(number)) for number in sorted(numbers))


def named_text(text: str, class_names: list[str]) -> str:
    """What `set_text` gives, as people read it."""
    return joined_names(class_names[int(number)] for number in text.split())
