"""Lists that several sections have, whose entries must differ."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from difficulty.config.core.annotations import ExperimentPatterns
from difficulty.config.core.names import ScoreName, Text
from difficulty.config.core.ranges import Epoch, Range
from difficulty.config.core.section import without_repeats

COLORS = 8  # that can be distinguished in a figure

Names = Annotated[list[Text], Field(min_length=1), AfterValidator(without_repeats)]
Scores = Annotated[list[ScoreName], Field(min_length=1), AfterValidator(without_repeats)]
Epochs = Annotated[list[Epoch], Field(min_length=1), AfterValidator(without_repeats)]
Splits = Annotated[list[Literal["train", "test"]], Field(min_length=1), AfterValidator(without_repeats)]
ExperimentNames = Annotated[Names, ExperimentPatterns()]
# Several experiments; one pattern may stand for all.
SeveralExperiments = Annotated[
    list[Text],
    Field(min_length=2, json_schema_extra={"minItems": 1}),
    AfterValidator(without_repeats),
    ExperimentPatterns(),
]
# Experiments that a figure distinguishes by colour.
ColoredExperiments = Annotated[
    list[Text],
    Field(min_length=2, max_length=COLORS, json_schema_extra={"minItems": 1}),
    AfterValidator(without_repeats),
    ExperimentPatterns(),
]
Bootstrap = Annotated[int, Range(10, 100_000)]
