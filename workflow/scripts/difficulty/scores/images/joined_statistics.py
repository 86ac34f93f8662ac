"""Statistics of images that somebody else measured, joined to the images of a data set by what identifies them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy.stats import entropy

from difficulty.datasets.image_keys import BY_NAME, row_keys, rows_of_images
from difficulty.errors import UserError
from difficulty.tables import Column, read_foreign
from difficulty.text_tables import read_text_table


@dataclass(frozen=True)
class Measured:
    """Values that a table holds for images.

    file: for messages. keys: one per row, different, of integers (original_index) or text (name).
    numbers: float64, a number per row; NaN where it says nothing.
    """

    file: Path
    keys: pd.Index
    numbers: np.ndarray


def read_measured(path: Path, settings: Mapping) -> Measured:
    """A user's CSV file, Parquet table or .npy array of what was measured of images.

    settings: by (original_index or name), column (that has it), header (of a CSV file; without one, columns are
    numbered from 0), and value (a column) or probabilities (columns, or "all" of an array): see `human_entropy`. The
    rows of an array are numbered by the original index.
    Raises UserError, one line that names the file, if it cannot be read, lacks a column, names no image or the same
    one twice, or has values that are no finite numbers.
    """
    value, probabilities = settings.get("value"), settings.get("probabilities")
    wanted = [value] if probabilities is None else probabilities
    if path.suffix.lower() == ".npy":
        columns = _array_columns(path, wanted)
        keys = pd.RangeIndex(len(columns[0]))
    else:
        table = _table(path, settings, [settings["column"], *wanted])
        keys = row_keys(path, table, settings)
        columns = [_numbers(path, table, name) for name in wanted]
    if probabilities is None:
        return Measured(path, keys, columns[0])
    try:
        return Measured(path, keys, human_entropy(np.stack(columns, axis=1)))
    except ValueError as error:
        raise UserError(f"{path}: {error}; fix or remove the rows") from error


def human_entropy(probabilities: np.ndarray) -> np.ndarray:
    """Entropy, in bits, of what people say an image shows (Peterson et al. 2019, arXiv 1908.07086).

    probabilities: (N, C), the number or share of people that chose each class; a row need not add up to 1.
    Returns float64 (N,), 0 where all agree, at most log2 C.
    Raises ValueError for a row with a negative number, without any, or whose sum is 0.
    """
    good = (np.isfinite(probabilities) & (probabilities >= 0)).all(axis=1) & (probabilities.sum(axis=1) > 0)
    if not good.all():
        row = int(np.argmin(good))
        raise ValueError(
            f"{np.sum(~good):,} rows of probabilities, the first is row {row} (from 0), have a number that is missing "
            "or negative, or the sum 0"
        )
    return np.asarray(entropy(probabilities, base=2, axis=1), np.float64)


def joined(examples: pd.DataFrame, measured: Measured, settings: Mapping) -> tuple[np.ndarray, int]:
    """What was measured of each example, float64 (N,), NaN where that is nothing; and how many rows found no example.

    examples: columns of EXAMPLES. settings: by, and split, whose examples are meant (None: of both).
    Raises UserError if two of these examples have the same index or name, or if the table has none of them.
    """
    rows = rows_of_images(measured.file, measured.keys, examples, settings)
    values = np.where(rows >= 0, measured.numbers[rows], np.nan)
    return values, len(measured.keys) - int((rows >= 0).sum())


def joined_column(settings: Mapping, file: str) -> Column:
    """How the column is described. settings: description, by, value. file: the table's name."""
    what = settings.get("description")
    if not what:
        value = settings.get("value")
        what = "entropy of human soft labels, bits" if value is None else f"column {value}"
        what += f" of {file}"
    return Column(pa.float32(), f"{what}; joined by {settings['by']}, null if it says nothing of the image", True)


def _array_columns(path: Path, wanted: Sequence[int] | str) -> list[np.ndarray]:
    """float64 (N,) each. wanted: numbers of columns, or "all"."""
    try:
        array = np.load(path, allow_pickle=False)
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file; see the path in the configuration") from error
    except (ValueError, OSError, EOFError) as error:
        text = " ".join(str(error).split())
        raise UserError(f"{path}: cannot be read as an array ({text}); save it with numpy.save") from error
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "iuf" or array.ndim not in (1, 2) or not array.size:
        kind = f"{array.dtype} {array.shape}" if isinstance(array, np.ndarray) else "an archive"
        raise UserError(f"{path}: expected an array of numbers, a row for each image, got {kind}")
    array = array.reshape(len(array), -1).astype(np.float64)
    wanted = range(array.shape[1]) if wanted == "all" else wanted
    if beyond := [number for number in wanted if number >= array.shape[1]]:
        raise UserError(f"{path}: no column {beyond[0]}; it has {array.shape[1]}, numbered from 0")
    return [_finite(path, number, array[:, number]) for number in wanted]


def _table(path: Path, settings: Mapping, wanted: Sequence[str | int]) -> pa.Table:
    """The wanted columns; names of images are text even where they look like numbers (`0012`)."""
    wanted = list(dict.fromkeys(wanted))
    names_of_images = [settings["column"]] if settings["by"] == BY_NAME else []
    if settings.get("header", True):
        return read_foreign(path, wanted, text=names_of_images)
    try:
        table = read_text_table(path, [f"f{number}" for number in names_of_images], has_header=False)
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file; see the path in the configuration") from error
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{path}: cannot be read as a table ({' '.join(str(error).split())})") from error
    if beyond := [number for number in wanted if number >= table.num_columns]:
        raise UserError(f"{path}: no column {beyond[0]}; it has {table.num_columns}, numbered from 0")
    return pa.table({str(number): table.column(number) for number in wanted})


def _numbers(path: Path, table: pa.Table, name: str | int) -> np.ndarray:
    """A column as float64, NaN where it is null."""
    column = table[str(name)]
    if not any(kind(column.type) for kind in (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)):
        raise UserError(f"{path}: column {name!r} is {column.type}, expected numbers; fix it or name another")
    values = column.cast(pa.float64()).to_numpy()
    _finite(path, name, values[column.is_valid().to_numpy()])
    return values


def _finite(path: Path, name: str | int, values: np.ndarray) -> np.ndarray:
    """The values, if all are finite as the tables of scores store them."""
    with np.errstate(over="ignore"):
        bad = ~np.isfinite(values.astype(np.float32))
    if bad.any():
        raise UserError(
            f"{path}: column {name!r} has {bad.sum():,} numbers that are not finite, e.g. {values[bad][0]}; "
            "fix these or remove the rows"
        )
    return values
