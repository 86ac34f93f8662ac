"""Comparisons: experiments whose training curves are drawn in one figure."""

from collections.abc import Iterator, Mapping
from typing import Annotated

from difficulty.config.core.annotations import CheckedBy, GoesWith
from difficulty.config.core.lists import ColoredExperiments
from difficulty.config.core.names import Name
from difficulty.config.core.problems import Place
from difficulty.config.suite import Suite


def faults(comparisons: Mapping[str, list[str]], suite: Suite) -> Iterator[tuple[Place, str]]:
    """Yields (place, problem) for each name that is no experiment; their data sets may differ."""
    for comparison, names in comparisons.items():
        for index, name in enumerate(names):
            if text := suite.no_experiment(name):
                yield (comparison, index), text


Comparisons = Annotated[dict[Name, ColoredExperiments], GoesWith(("datasets", "experiments")), CheckedBy(faults)]
