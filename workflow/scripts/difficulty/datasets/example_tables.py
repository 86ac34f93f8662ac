"""The tables of a data set: its examples, their decoded pixels, and the labels that an experiment sees."""

import pandas as pd
import pyarrow as pa

from difficulty.tables import Column, Schema

SPLITS = ("train", "test")

# Columns that follow the declared ones are those of LABEL_SETS, where an image has several labels, and truth columns:
# what is known of an example's real difficulty.
EXAMPLES = Schema(
    "examples",
    {
        "example_id": Column(pa.int64(), "identifies the example in every table; position in the whole source"),
        "split": Column(pa.string(), "train or test"),
        "key": Column(pa.string(), "name of the example in its source, unique within a split"),
        "original_index": Column(
            pa.int64(), "index in the original publication of the data, or position in the source"
        ),
        "label": Column(pa.int64(), "class index, from 0"),
        "class_name": Column(pa.string(), "name of the class"),
        "file": Column(pa.string(), "image file, relative to the data set's images folder"),
        "sha256": Column(pa.string(), "SHA-256 of the image file"),
        "duplicate_of": Column(
            pa.int64(), "example_id of the first example whose file has the same content, if another", nullable=True
        ),
    },
    key=("example_id",),
    open=True,
)

# One row per example in the order of EXAMPLES; the shape (height, width, channels) is in the provenance.
PIXELS = Schema(
    "pixels",
    {
        "example_id": Column(pa.int64(), "as in the examples"),
        "pixels": Column(pa.binary(), "uint8 values, row by row, channels last"),
    },
    open=True,
)

# Where an image has several labels, the columns of LABEL_SETS follow; `label` is then what images are grouped by.
LABELS = Schema(
    "labels",
    {
        "example_id": Column(pa.int64(), "as in the examples"),
        "split": Column(pa.string(), "train or test"),
        "clean_label": Column(pa.int64(), "the label that the data set gives"),
        "label": Column(pa.int64(), "the label that training sees and scores refer to"),
        "is_corrupt": Column(pa.bool_(), "the label was changed by planted noise"),
        "content": Column(
            pa.int64(), "example_id of the first example with the same image file: its own unless another one has it"
        ),
    },
    key=("example_id",),
    open=True,
)


def truth_column(values: pd.Series) -> Column:
    """The column of what a source says of how difficult its examples really are."""
    return Column(pa.Array.from_pandas(values).type, "truth column of the source", nullable=True)


def class_names(examples, classes: int = 0) -> list[str]:
    """Name of each class, by its index; classes without an example are named by their number.

    classes: how many there are at least.
    """
    names = dict(zip(examples["label"], examples["class_name"], strict=True))
    return [names.get(label, str(label)) for label in range(max(max(names) + 1, classes))]
