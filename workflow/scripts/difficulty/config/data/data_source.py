"""What every source of images offers."""

import re
from math import isfinite
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, WithJsonSchema

from difficulty.config.core.names import Text
from difficulty.config.core.problems import expected
from difficulty.config.core.ranges import Count, Range, Seed
from difficulty.config.core.section import Section, problem
from difficulty.config.data.features import Features


def _as_list(value):
    return [value] if isinstance(value, str) else value


OneOrMore = BeforeValidator(_as_list, json_schema_input_type=Text | list[Text])


def _checked_background(value) -> str:
    if not isinstance(value, str) or not _BACKGROUND.fullmatch(value):
        raise problem(expected("white, black or '#rrggbb' in quotes", value))
    return value


def _increasing(levels: list[float]) -> list[float]:
    if len(levels) != 2 or not all(map(isfinite, levels)) or levels[0] >= levels[1]:
        raise problem(expected("two numbers, the smaller one first, e.g. [0, 4095]", levels))
    return levels


# What a source does with rows without a label.
Unlabelled = Annotated[
    Literal["error", "skip"],
    Field(
        description="what to do with labels that are no class (missing, negative, beyond the named classes, classes "
        "without training examples): name them in an error, or leave these examples out and say how many"
    ),
]

_BACKGROUND = re.compile("white|black|#[0-9a-fA-F]{6}")
Background = Annotated[
    str,
    PlainValidator(_checked_background),
    WithJsonSchema({"type": "string", "pattern": f"^({_BACKGROUND.pattern})$"}),
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
    background: Background | None = Field(
        None, description="colour that shows through transparent pixels: white, black or '#rrggbb'; null: white"
    )
    levels: Annotated[list[float], AfterValidator(_increasing)] | None = Field(
        None,
        description="[low, high]: levels that become 0 and 255 in images of more than 8 bits; null: the range of 8, "
        "10, 12, 14, 16, 24 or 32 bits, or 0 to 1, that holds the levels of all images",
    )
    storage: Literal["auto", "memory", "files"] | None = Field(
        None,
        description="where decoded images are kept: in memory, or nowhere, so that each use decodes the files; "
        "auto or null: in memory up to 4 GiB",
    )
    limit: Limit | None = Field(None, description="how many examples of each split are kept; null: all")
    limit_seed: Seed = Field(0, description="seed of the draw that `limit` makes")
    features: Features | None = Field(
        None, description="vectors that describe the images, from outside; subsets have them, too; null: none"
    )

    def truth_columns(self) -> list[str]:
        """Columns of the examples that say what is really hard."""
        return []
