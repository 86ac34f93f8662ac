"""Data sets. A source of images is one class here and the module of difficulty/datasets/ that `source` names."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, field_validator

from difficulty.config.names import Text
from difficulty.config.ranges import Count, Range, Seed
from difficulty.config.section import ChosenBy, Section, problems_at, without_repeats
from difficulty.config.subsets import Subset

# The columns of every table of examples, which a truth column must not overwrite.
_COLUMNS_OF_EXAMPLES = ("example_id", "split", "key", "original_index", "label", "class_name", "file", "sha256")


class Limit(Section):
    """How many examples of a split are kept, drawn at random."""

    train: Count | None = Field(None, description="training examples to keep; null: all")
    test: Count | None = Field(None, description="test examples to keep; null: all")


class DataSource(Section):
    """What every source of images offers."""

    size: Annotated[int, Range(1, 8192)] | None = Field(
        None, description="side in pixels that images are fitted to (resized, then cropped to a square); null: as is"
    )
    color: Literal["rgb", "grey"] | None = Field(None, description="colours to convert to; null: as the images are")
    limit: Limit | None = Field(None, description="how many examples of each split are kept; null: all")
    limit_seed: Seed = Field(0, description="seed of the draw that `limit` makes")

    def truth_columns(self) -> list[str]:
        """Columns of the examples that say what is really hard."""
        return []


class Digits(DataSource):
    """scikit-learn's 1,797 real 8x8 images of handwritten digits."""

    source: Literal["digits"] = Field(description="where the images come from")


class ImageFolder(DataSource):
    """A folder {train,test|val}/{class}/* of image files."""

    source: Literal["image_folder"] = Field(description="where the images come from")
    path: Text = Field(description="folder that holds train/ and test/ or val/, relative to the working directory")
    on_bad_image: Literal["error", "skip"] = Field(
        "error", description="what to do with images that cannot be decoded; they are listed by name either way"
    )
    link: Literal["hard", "symlink", "copy"] = Field("hard", description="how the original files enter results/")


def _as_list(value):
    return [value] if isinstance(value, str) else value


Files = Annotated[
    list[Text],
    Field(min_length=1),
    AfterValidator(without_repeats),
    BeforeValidator(_as_list, json_schema_input_type=Text | list[Text]),
]


class ParquetFiles(Section):
    """The files of each split, in the order in which their rows are read."""

    train: Files = Field(description="file or files with the training examples, relative to the working directory")
    test: Files | None = Field(None, description="file or files with the test examples; null: no test split")


class Parquet(DataSource):
    """Parquet tables with a column of encoded images."""

    source: Literal["parquet"] = Field(description="where the images come from")
    files: ParquetFiles = Field(description="the tables: {train: file or files, test: file or files}")
    image: Text = Field("image", description="column of encoded images: bytes, or Hugging Face's {bytes, path}")
    label: Text = Field("label", description="column of class labels")
    class_name: Text | None = Field(None, description="column of class names; null: from the metadata or the labels")
    index: Text | None = Field(None, description="column of the index in the original publication; null: row number")
    truth: list[Text] = Field([], description="columns kept as truth: what is known of an example's real difficulty")
    on_bad_image: Literal["error", "skip"] = Field(
        "error", description="what to do with images that cannot be decoded; they are listed by name either way"
    )

    @field_validator("truth")
    @classmethod
    def _adds_columns(cls, names):
        taken = [index for index, name in enumerate(names) if name in _COLUMNS_OF_EXAMPLES]
        if taken:
            raise problems_at(((index,), f"{names[index]!r} is a column of every data set") for index in taken)
        return without_repeats(names)

    def truth_columns(self) -> list[str]:
        """Columns of the examples that say what is really hard."""
        return self.truth


AnySource = Annotated[Digits | ImageFolder | Parquet | Subset, ChosenBy("source")]
