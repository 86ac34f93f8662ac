"""What other people's networks, which have not seen the training examples, make of them."""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field, model_validator

from difficulty.config.core.names import PathText, Text
from difficulty.config.core.problems import Place
from difficulty.config.core.section import Section, problems_at


class GivenProbabilities(Section):
    """A table or an array of out-of-fold probabilities of the training examples."""

    file: PathText = Field(
        description="Parquet table, or an array (.npy) of a row for each image in the original order and a column for "
        "each class, relative to the working directory"
    )
    by: Literal["original_index", "name"] = Field(
        "original_index",
        description="what identifies an image: its index in the original publication, or its name in the source "
        "without folders and extension",
    )
    column: Text | None = Field(None, description="column that has the index or name; null: the rows of a .npy file")
    value: Text | None = Field(
        None,
        description="column of lists of one probability per class, in the order of the classes; null: the columns of a "
        ".npy file",
    )

    @model_validator(mode="after")
    def _fits_its_file(self):
        if faults := [*self._faults()]:
            raise problems_at(faults)
        return self

    def _faults(self) -> Iterator[tuple[Place, str]]:
        if not self.file.lower().endswith(".npy"):
            if self.column is None:
                yield ("column",), f"missing (column that has the {self.by})"
            if self.value is None:
                yield ("value",), "missing (column of lists of one probability per class)"
            return
        if self.by == "name":
            yield ("by",), "the rows of a .npy file have no names; match them by original_index"
        if self.column is not None:
            yield ("column",), "the rows of a .npy file are numbered by the index; leave it out"
        if self.value is not None:
            yield ("value",), "all columns of a .npy file are probabilities; leave it out"
