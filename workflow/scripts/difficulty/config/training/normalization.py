"""Mean and deviation that images are normalised with, where they are not those of the training images."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from difficulty.config.core.problems import expected
from difficulty.config.core.ranges import Range
from difficulty.config.core.section import Section, problem

_NAMED = {"imagenet": {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}}


def _one_or_three(values: list[float]) -> list[float]:
    if len(values) not in (1, 3):
        raise problem(expected("one number, or one for each of three channels", values))
    return values


class Statistics(Section):
    """Per channel, on a scale of 0 to 1."""

    mean: Annotated[list[Annotated[float, Range(0, 1)]], AfterValidator(_one_or_three)] = Field(description="means")
    std: Annotated[list[Annotated[float, Range(0, 1, low_excluded=True)]], AfterValidator(_one_or_three)] = Field(
        description="standard deviations"
    )


def _named(value):
    if isinstance(value, dict | Statistics):
        return value
    if isinstance(value, str) and value in _NAMED:
        return _NAMED[value]
    raise problem(expected("imagenet or {mean: [...], std: [...]}", value, _NAMED))


Normalization = Annotated[
    Statistics,
    BeforeValidator(_named),
    WithJsonSchema({"anyOf": [{"enum": list(_NAMED)}, Statistics.model_json_schema()]}),
]
