"""Checks labels, the same way for every source: which class a row has, or why it has none.

A class is named by text, or numbered from 0 in any type that holds whole numbers (3, 3.0, a category, a list of one).
No class: null, NaN, empty text and the spellings of missing values (nan, NA, null, ...), negative numbers (published
sets mark hidden labels by -1), fractions, and what is none of the classes that are declared. Such rows are an error or
left out, as the data set's `unlabelled` says; they never become a class, and never change the number of another one.

`read_labels` checks the labels of one file; label_matching.py brings several files together. Where every row must have
one of the classes 0 to C-1, `class_numbers` is all it takes.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from difficulty.datasets.intake import SHOWN
from difficulty.datasets.label_text import are_positions, in_order, is_missing, is_number, is_whole, tidied
from difficulty.errors import UserError

NO_LABEL, NEGATIVE, FRACTION = "no label", "negative label", "label that is no whole number"
_LARGEST = 2**53  # up to here floats hold every whole number


@dataclass(frozen=True)
class ClassLabels:
    """The class of each of N rows of a file.

    place: the file and column, for messages. names: of the classes, all different; keys: by which they are sorted.
    is_declared: the file declares its classes, in this order, whether it has examples of them or not.
    codes: int64 (N,), positions in `names`, -1 for no class. faults: why -> bool (N,), the rows that have none for it.
    written: what stands in a row, for messages. notes: what the user should know, one line each.
    """

    place: str
    names: tuple[str, ...]
    keys: tuple
    is_declared: bool
    codes: np.ndarray
    faults: Mapping[str, np.ndarray]
    written: Callable[[int], str]
    notes: tuple[str, ...] = ()


def read_labels(
    column: pa.ChunkedArray | pa.Array | np.ndarray,
    place: str,
    declared: Sequence[str] | None = None,
    is_untyped: bool = False,
) -> ClassLabels:
    """The classes in a column of labels (N,).

    declared: names of the classes 0 to C-1, if the file or the data set has them: numbers are then positions in it,
    text is one of the names. is_untyped: the text comes from a file without types, such as CSV, so that a column of
    nothing but plain numbers holds numbers; `01` and `true` stay text.
    Raises UserError if the column is of a type that holds no classes.
    """
    encoded = _scalars(column, place).dictionary_encode()
    distinct = encoded.dictionary.to_pylist()
    if declared is not None:
        declared = _all_different(declared, place)
    elif is_untyped:
        distinct = _numbers_of(distinct)
    found = [_class_of(value, declared) for value in distinct]
    names = declared or sorted({each for each in found if isinstance(each, str)}, key=in_order)
    position = {name: number for number, name in enumerate(names)}
    code_of = [-1 if isinstance(each, _Fault) else position[each] for each in found]
    indices = encoded.indices.fill_null(len(distinct)).to_numpy(zero_copy_only=False)
    codes = np.array([*code_of, -1], np.int64)[indices]
    reasons = {each.reason: None for each in found if isinstance(each, _Fault)} | {NO_LABEL: None}
    faults = {}
    for reason in reasons:
        has_it = [isinstance(each, _Fault) and each.reason == reason for each in found]
        rows = np.array([*has_it, reason == NO_LABEL])[indices]
        faults |= {reason: rows} if rows.any() else {}
    values = encoded.dictionary
    return ClassLabels(
        place,
        tuple(names),
        tuple(range(len(names)) if declared else map(in_order, names)),
        bool(declared),
        codes,
        faults,
        lambda row: str(values[indices[row]]) if indices[row] < len(distinct) else "null",
        () if declared else _notes(distinct, found, place),
    )


def fault_text(part: ClassLabels, name_of: Callable[[int], str] = "row {}".format) -> str:
    """`a.csv: column 'label': no label in 4 of 12 rows (row 2: nan, row 5: nan, ...)`; empty if every row has a class.

    name_of: name of a row, by its number from 0.
    """
    texts = []
    for reason, rows in part.faults.items():
        first = ", ".join(f"{name_of(int(row))}: {_short(part.written(row))}" for row in np.flatnonzero(rows)[:SHOWN])
        more = ", ..." if rows.sum() > SHOWN else ""
        texts.append(f"{reason} in {rows.sum():,} of {len(rows):,} rows ({first}{more})")
    return f"{part.place}: {', '.join(texts)}" if texts else ""


def class_numbers(column, place: str, declared: Sequence[str], is_untyped: bool = False) -> np.ndarray:
    """int64 (N,): the number from 0 of each row's class; arguments as for `read_labels`.

    Raises UserError with the number of rows without one of the declared classes, and the first three.
    """
    labels = read_labels(column, place, declared, is_untyped)
    if text := fault_text(labels):
        raise UserError(f"{text}; correct these labels or remove the rows")
    return labels.codes


@dataclass(frozen=True)
class _Fault:
    reason: str


def _all_different(names: Sequence[str], place: str) -> list[str]:
    names = ["" if name is None else tidied(str(name)) for name in names]
    if "" in names:
        raise UserError(f"{place}: class {names.index('')} has an empty name; give it one")
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise UserError(f"{place}: two of its classes are called {twice[0]!r}; rename one of them")
    return names


def _numbers_of(distinct: Sequence) -> Sequence:
    """The numbers that text without types stands for, if it is nothing but numbers and missing values."""
    texts = [tidied(value) for value in distinct]
    if not all(is_number(text) or is_missing(text) for text in texts):
        return distinct
    return [float(text) if is_number(text) else None for text in texts]


def _class_of(value, declared: Sequence[str] | None) -> str | _Fault:
    """The name of a value's class, or the fault."""
    if isinstance(value, str):
        return _class_of_text(tidied(value), declared)
    if value is None or value != value:
        return _Fault(NO_LABEL)
    if isinstance(value, bool) and not declared:
        return str(value).lower()
    if isinstance(value, float) and (value % 1 or abs(value) > _LARGEST):
        return _Fault(FRACTION)
    if value < 0:
        return _Fault(NEGATIVE)
    if not declared:
        return str(int(value))
    return (
        declared[int(value)] if value < len(declared) else _Fault(f"label beyond the {len(declared):,} named classes")
    )


def _class_of_text(text: str, declared: Sequence[str] | None) -> str | _Fault:
    if declared and text in declared:
        return text
    if is_missing(text):
        return _Fault(NO_LABEL)
    if is_number(text) and text.startswith("-"):
        return _Fault(NEGATIVE)
    if not declared:
        return text
    if is_number(text) and are_positions(declared):
        return _class_of(float(text), declared)
    return _Fault(f"label that is none of the {len(declared):,} classes")


def _scalars(column, place: str) -> pa.Array:
    """The labels (N,) as one array of numbers, booleans or text."""
    if isinstance(column, np.ndarray):
        kind = np.float64 if column.dtype.kind == "f" else column.dtype.newbyteorder("=")
        column = pa.array(column.astype(kind))  # Arrow has no long floats
    values = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(values, pa.DictionaryArray):
        values = values.dictionary_decode()
    is_map = isinstance(values, pa.MapArray)  # which pyarrow counts among the lists
    if isinstance(values, pa.ListArray | pa.LargeListArray | pa.FixedSizeListArray) and not is_map:
        values = _only_entries(values, place)
    kind = values.type
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        try:
            return values.cast(pa.large_string())
        except pa.ArrowInvalid as error:
            raise UserError(f"{place}: holds bytes that are no text in UTF-8; store names or numbers") from error
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return values.cast(pa.float64())
    is_scalar = pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_null(kind)
    if is_scalar or pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return values
    if pa.types.is_string_view(kind):
        return values.cast(pa.large_string())
    raise UserError(f"{place}: is {kind}, expected one class for each row, by number or name")


def _only_entries(lists: pa.Array, place: str) -> pa.Array:
    """The entries of lists of one; null for empty lists."""
    lengths = pc.list_value_length(lists).fill_null(0).to_numpy(zero_copy_only=False)
    if len(lengths) and lengths.max() > 1:
        what = f"lists of up to {lengths.max():,} values in {np.sum(lengths > 1):,} of {len(lengths):,} rows"
        raise UserError(
            f"{place}: {what}; expected one class for each row, by number or name, not soft, one-hot or several labels"
        )
    rows = np.cumsum(lengths) - 1
    return lists.flatten().take(pa.array(rows, pa.int64(), mask=lengths == 0))


def _notes(distinct: Sequence, found: Sequence, place: str) -> tuple[str, ...]:
    """Remarks on the text of labels: spellings that were read as one class, numbers among words."""
    spellings: dict[str, list[str]] = {}
    for value, name in zip(distinct, found, strict=True):
        if isinstance(name, str) and isinstance(value, str):
            spellings.setdefault(name, []).append(value)
    notes = [
        f"{place}: {', '.join(map(repr, alike))} differ in spaces or Unicode forms only, and are one class"
        for alike in spellings.values()
        if len(alike) > 1
    ]
    numbers = [name for name in spellings if is_whole(name)]
    words = [name for name in spellings if not is_whole(name)]
    if numbers and words:
        few, kind = min((numbers, "numbers"), (words, "words"), key=lambda each: len(each[0]))
        shown = ", ".join(few[:SHOWN]) + (", ..." if len(few) > SHOWN else "")
        notes.append(f"{place}: holds numbers and words; the {kind} ({shown}) are classes like the others")
    return tuple(notes)


def _short(text: str) -> str:
    text = repr(text) if not text.strip() or not text.isprintable() else text
    return text if len(text) <= 40 else f"{text[:37]}..."
