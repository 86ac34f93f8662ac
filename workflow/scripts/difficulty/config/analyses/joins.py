"""Columns that were measured elsewhere for the images of a data set, joined by what identifies an image."""

from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    Field,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
    WrapValidator,
    model_validator,
)

from difficulty.config.core.names import PathText, Text
from difficulty.config.core.problems import Place, expected
from difficulty.config.core.section import Section, problem, problems_at, without_repeats
from difficulty.config.data.subsets import ByScore, Subset
from difficulty.config.suite import Suite
from difficulty.scores.runs import ROLE_SUFFIXES

# The table of scores has columns of its own, and what becomes of a score over the runs is called like it, with an end.
_COLUMNS_OF_SCORES = (
    "example_id",
    "split",
    "class_name",
    "label",
    "clean_label",
    "is_corrupt",
    "runs_train",
    "runs_validation",
    "runs_test",
)
_KEPT_ENDINGS = (*filter(None, ROLE_SUFFIXES.values()), "_std", "_ranked", "_runs_null")
_ALL = "all"
_MOST_COLUMNS = 10**6


def _checked_column(value):
    is_number = type(value) is int and 0 <= value < _MOST_COLUMNS
    if is_number or (isinstance(value, str) and value.strip() and value.isprintable()):
        return value
    raise problem(expected("the name of a column, or its number from 0", value))


def _all_or_columns(value, columns):
    if isinstance(value, str) and value != _ALL:
        raise problem(expected("all or a list of columns", value, [_ALL]))
    return value if value == _ALL else columns(value)


_COLUMN = {"anyOf": [{"type": "string", "minLength": 1}, {"type": "integer", "minimum": 0}]}
_Column = Annotated[str | int, PlainValidator(_checked_column), WithJsonSchema(_COLUMN)]
_Columns = Annotated[
    list[_Column],
    Field(min_length=2),
    AfterValidator(without_repeats),
    WrapValidator(_all_or_columns),
    PlainSerializer(lambda value: value),  # `all` is no list
    WithJsonSchema({"anyOf": [{"const": _ALL}, {"type": "array", "items": _COLUMN, "minItems": 2}]}),
]


class Join(Section):
    """One joined column: the table it comes from, and how the table identifies images."""

    dataset: Text = Field(description="data set whose images are meant, and no subset: those have the column, too")
    split: Literal["train", "test"] | None = Field(None, description="split whose images are meant; null: both")
    file: PathText = Field(
        description="CSV or Parquet table, or an array (.npy) whose rows are in the original order, relative to the "
        "working directory"
    )
    by: Literal["original_index", "name"] = Field(
        description="what identifies an image: its index in the original publication, or its name in the source "
        "without folders and extension"
    )
    column: _Column | None = Field(None, description="column that has the index or name; null: the rows of a .npy file")
    header: bool = Field(True, description="whether a CSV file begins with names; false: columns are numbered from 0")
    value: _Column | None = Field(None, description="column of the numbers that are joined")
    probabilities: _Columns | None = Field(
        None,
        description="in place of `value`: columns, or all of a .npy file, of how many people or what share of them "
        "chose each class; the entropy of each row is joined, in bits",
    )
    harder: Literal["higher", "lower"] = Field(
        "higher", description="which values count as hard when a subset is chosen by the column, and nowhere else"
    )
    description: Text | None = Field(
        None, description="what the numbers are, with their unit; null: where they are from"
    )

    @model_validator(mode="after")
    def _fits_its_file(self):
        if faults := [*self._faults_of_values(), *self._faults_of_columns()]:
            raise problems_at(faults)
        return self

    def _faults_of_values(self) -> Iterator[tuple[Place, str]]:
        if self.value is not None and self.probabilities is not None:
            yield ("probabilities",), "value and probabilities exclude each other; leave one of them out"
        if self.value is None and self.probabilities is None:
            yield (), "has neither value (a column) nor probabilities (columns of soft labels); give one of them"

    def _faults_of_columns(self) -> Iterator[tuple[Place, str]]:
        is_array, is_csv = (self.file.lower().endswith(endings) for endings in (".npy", (".csv", ".tsv")))
        if not self.header and not is_csv:
            yield ("header",), "only a CSV or TSV file may be without; leave it out"
        if is_array and self.by == "name":
            yield ("by",), "the rows of a .npy file have no names; join them by original_index"
        if is_array and self.column is not None:
            yield ("column",), "the rows of a .npy file are numbered by the index; leave it out"
        if not is_array and self.column is None:
            yield ("column",), f"missing (column that has the {self.by})"
        if not is_array and self.probabilities == _ALL:
            yield ("probabilities",), "expected a list of columns, got all, which only a .npy file may say"
        numbered = is_array or (is_csv and not self.header)
        for place, column in self._columns():
            if numbered and isinstance(column, str):
                kind = ".npy file" if is_array else "file without header"
                yield place, f"the columns of a {kind} have numbers, from 0, got {column!r}"
            if not numbered and isinstance(column, int):
                without = ", or set header: false" if is_csv else ""
                yield place, f"expected the name of a column, got {column}; write it in quotes{without}"

    def _columns(self) -> Iterator[tuple[Place, str | int]]:
        for key in ("column", "value"):
            if (column := getattr(self, key)) is not None:
                yield (key,), column
        if isinstance(self.probabilities, list):
            yield from ((("probabilities", index), column) for index, column in enumerate(self.probabilities))


def name_fault(name: str, taken: Collection[str]) -> str | None:
    """Returns an error message if a join cannot have this name. taken: names of scores and statistics."""
    if name in taken:
        return "is the name of a score that is computed here; choose another name"
    if name in _COLUMNS_OF_SCORES:
        return "is a column of every table of scores; choose another name"
    if ending := next(filter(name.endswith, _KEPT_ENDINGS), None):
        return f"names that end in {ending} are kept for what is made of scores; choose another name"
    return None


def faults_of_joins(joins: Mapping[str, Join], suite: Suite) -> Iterator[tuple[Place, str]]:
    """Yields (place, problem) for names that another analysis gives, and for data sets without such a column."""
    for name, join in joins.items():
        if text := name_fault(name, given_twice(suite)):
            yield (name,), text
        if text := _dataset_fault(join.dataset, suite):
            yield (name, "dataset"), text
        chosen = [subset for subset, source in suite.datasets.items() if _chooses_by(source, name)]
        if join.split == "test" and chosen:
            yield (name, "split"), f"{chosen[0]!r} is chosen by it from training images, expected train or null"


def given_twice(suite: Suite) -> set[str]:
    """Names of scores that two analyses give."""
    return {name for name in suite.scores if suite.scores.count(name) > 1}


def _dataset_fault(name: str, suite: Suite) -> str | None:
    if text := suite.no_dataset(name):
        return text
    if suite.has_no_images(name):
        return f"data set {name!r} is records of other runs, which have no images"
    if isinstance(suite.datasets[name], Subset):
        return f"data set {name!r} is a subset, which has the columns of {suite.ancestors(name)[-1]!r}; name that one"
    return None


def _chooses_by(source, score: str) -> bool:
    return isinstance(source, Subset) and isinstance(source.select, ByScore) and source.select.score == score
