"""What every source of images offers."""

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field

from difficulty.config.names import Text
from difficulty.config.ranges import Count, Range, Seed
from difficulty.config.section import Section


def _as_list(value):
    return [value] if isinstance(value, str) else value


OneOrMore = BeforeValidator(_as_list, json_schema_input_type=Text | list[Text])


# What a source does with rows without a label.
Unlabelled = Annotated[
    Literal["error", "skip"],
    Field(
        description="what to do with labels that are no class (missing, negative, beyond the named classes, classes "
        "without training examples): name them in an error, or leave these examples out and say how many"
    ),
]


class Limit(Section):
    """How many examples of a split are kept, drawn at random."""

    train: Count | None = Field(None, description="training examples to keep; null: all")
    test: Count | None = Field(None, description="test examples to keep; null: all")


class DataSource(Section):
    """What every source of images offers."""

    # Whether an image has several labels.
    is_multi_label: ClassVar[bool] = False

    size: Annotated[int, Range(1, 8192)] | None = Field(
        None, description="side in pixels that images are fitted to (resized, then cropped to a square); null: as is"
    )
    color: Literal["rgb", "grey"] | None = Field(None, description="colours to convert to; null: as the images are")
    storage: Literal["auto", "memory", "files"] | None = Field(
        None,
        description="where decoded images are kept: in memory, or nowhere, so that each use decodes the files; "
        "auto or null: in memory up to 4 GiB",
    )
    limit: Limit | None = Field(None, description="how many examples of each split are kept; null: all")
    limit_seed: Seed = Field(0, description="seed of the draw that `limit` makes")

    def truth_columns(self) -> list[str]:
        """Columns of the examples that say what is really hard."""
        return []
