"""The prepared data sets that the settings of an experiment are held against."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd
import pyarrow as pa

from difficulty.datasets.duplicates import content_of
from difficulty.datasets.example_tables import EXAMPLES, SPLITS, class_names
from difficulty.datasets.label_sets import has_label_sets, set_class_names
from difficulty.tables import Column, Schema, read_provenance, read_table

# What was known of the data when the settings were found to fit: one row per data set and split.
CHECKED = Schema(
    "checked",
    {
        "dataset": Column(pa.string(), "name of the data set"),
        "split": Column(pa.string(), "train or test"),
        "examples": Column(pa.int64(), "its examples"),
        "contents": Column(pa.int64(), "how many of their image files differ"),
        "classes": Column(pa.int64(), "classes of the whole data set"),
        "height": Column(pa.int64(), "of each image, in pixels"),
        "width": Column(pa.int64(), "of each image, in pixels"),
        "channels": Column(pa.int64(), "of each image"),
    },
    key=("dataset", "split"),
)


@dataclass(frozen=True)
class PreparedData:
    """name; examples: columns of EXAMPLES; shape: (height, width, channels) of each image."""

    name: str
    examples: pd.DataFrame
    shape: tuple[int, int, int]

    @classmethod
    def read(cls, examples: Path, pixels: Path) -> "PreparedData":
        """From two tables of a data set; of its pixels only the shape is read."""
        return cls(examples.parent.name, read_table(examples, EXAMPLES), tuple(read_provenance(pixels)["shape"]))

    @cached_property
    def class_names(self) -> list[str]:
        """Name of each class that a network of these examples knows, by its number."""
        return set_class_names(self.examples) if has_label_sets(self.examples) else class_names(self.examples)

    @property
    def present_classes(self) -> list[str]:
        """Names of the classes that examples have, in the order of the examples."""
        column = "label_names" if has_label_sets(self.examples) else "class_name"
        return list(dict.fromkeys(self.examples[column].explode().dropna()))

    def split(self, name: str) -> pd.DataFrame:
        """The examples of train or test."""
        return self.examples[self.examples["split"] == name]

    def count(self, splits: Sequence[str]) -> int:
        """How many examples are in one of the splits."""
        return int(self.examples["split"].isin(splits).sum())

    def size(self) -> str:
        """`8 x 8 pixels, 1 channel`."""
        height, width, channels = self.shape
        return f"{height} x {width} pixels, {channels} channel{'s' if channels > 1 else ''}"

    def rows(self) -> list[dict]:
        """Rows of CHECKED."""
        height, width, channels = self.shape
        shape = {"height": height, "width": width, "channels": channels}
        contents = content_of(self.examples)
        return [
            {
                "dataset": self.name,
                "split": split,
                "examples": self.count([split]),
                "contents": contents[self.examples["split"] == split].nunique(),
                "classes": len(self.class_names),
                **shape,
            }
            for split in SPLITS
        ]
