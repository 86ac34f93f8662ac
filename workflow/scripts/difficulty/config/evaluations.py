"""Which runs are evaluated on which further data sets; never retrains."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, Field

from difficulty.config.names import Text
from difficulty.config.problems import Place
from difficulty.config.section import without_repeats
from difficulty.config.suite import Suite

Evaluations = dict[Text, Annotated[list[Text], Field(min_length=1), AfterValidator(without_repeats)]]


def faults(evaluations: Evaluations, suite: Suite) -> Iterator[tuple[Place, str]]:
    """(place, problem) of names that are no experiment or no data set."""
    for experiment, datasets in evaluations.items():
        if text := suite.no_experiment(experiment):
            yield (experiment,), text
        for index, dataset in enumerate(datasets):
            if text := suite.no_dataset(dataset):
                yield (experiment, index), text
