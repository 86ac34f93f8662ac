"""Which experiments are drawn beside each other."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, Field

from difficulty.config.names import Name, Text
from difficulty.config.problems import Place
from difficulty.config.section import without_repeats
from difficulty.config.suite import Suite

_COLORS = 8  # that a figure can tell apart

Comparisons = dict[
    Name,
    Annotated[
        list[Text],
        Field(min_length=2, max_length=_COLORS, json_schema_extra={"minItems": 1}),  # a pattern may stand for both
        AfterValidator(without_repeats),
    ],
]


def faults(comparisons: Comparisons, suite: Suite) -> Iterator[tuple[Place, str]]:
    """(place, problem) of names that are no experiment; their data sets may differ."""
    for comparison, names in comparisons.items():
        for index, name in enumerate(names):
            if text := suite.no_experiment(name):
                yield (comparison, index), text
