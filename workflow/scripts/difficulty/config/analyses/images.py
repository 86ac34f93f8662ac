"""Statistics of the images themselves: which ones, for which experiments, at which size."""

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from difficulty.config.analyses.dynamics import Dynamics
from difficulty.config.analyses.joins import Join, faults_of_joins, given_twice, name_fault
from difficulty.config.analyses.label_error import LABEL_ERROR_SCORES
from difficulty.config.analyses.label_quality import HELD_OUT_SCORES
from difficulty.config.analyses.memorization import POOLED_SCORES
from difficulty.config.core.annotations import GoesWith
from difficulty.config.core.lists import ExperimentNames
from difficulty.config.core.names import Name
from difficulty.config.core.problems import Place, expected
from difficulty.config.core.ranges import Range
from difficulty.config.core.section import problem, problems_at, without_repeats
from difficulty.config.suite import CheckedSection, Suite
from difficulty.scores.images.catalogue import SLOW, STATISTICS

_STATISTICS = tuple(STATISTICS)
_ALL = "all"


def _chosen(value):
    if isinstance(value, str) and value != _ALL:
        raise problem(expected("all or a list of statistics", value, [_ALL]))
    return list(_STATISTICS) if value == _ALL else value


_Chosen = Annotated[
    list[Literal[_STATISTICS]],
    AfterValidator(without_repeats),
    BeforeValidator(_chosen),
    WithJsonSchema({"anyOf": [{"const": _ALL}, {"type": "array", "items": {"enum": list(_STATISTICS)}}]}),
]


class Images(CheckedSection):
    """Statistics of the image alone that may make it hard (Pliushch et al. 2022), computed once for each data set."""

    switched_off_by_null: ClassVar[tuple[str, ...]] = ("fast_above",)
    # Statistics that have no easy and no hard side.
    undirected: ClassVar[tuple[str, ...]] = tuple(name for name, each in STATISTICS.items() if each.direction is None)

    experiments: ExperimentNames | None = Field(
        None, description="experiments whose tables of scores get the statistics; null: all that have images"
    )
    statistics: _Chosen = Field(
        list(_STATISTICS), description="all, or a list of their names, which may be empty if there are joins"
    )
    size: Annotated[int, Range(8, 8192)] | None = Field(
        None,
        description="pixels of an image's longer side, to which larger images are shrunk; null: as in the data set",
    )
    fast_above: Annotated[int, Range(0, 10**9)] | None = Field(
        5000,
        description="millions of pixels: where `statistics` is all and the images of a data set have more pixels than "
        f"that together, the slow ones ({', '.join(SLOW)}) are left empty: they take nine tenths of the time, 2 CPU "
        "microseconds for each pixel; null: they never are",
    )

    joins: Annotated[dict[Name, Join], GoesWith(("datasets",))] = Field(
        {}, description="name of a column -> where it is joined from: numbers that somebody else measured of the images"
    )

    @model_validator(mode="after")
    def _has_columns_of_its_own(self):
        taken = (*_STATISTICS, *Dynamics.gives, *HELD_OUT_SCORES, *POOLED_SCORES, *LABEL_ERROR_SCORES)
        faults = [(("joins", name), text) for name in self.joins if (text := name_fault(name, taken))]
        if not self.statistics and not self.joins:
            faults.append((("statistics",), "expected at least 1 entry, got 0"))
        if faults:
            raise problems_at(faults)
        return self

    def given_scores(self, experiments: Mapping[str, Mapping]) -> tuple[str, ...]:
        """Every statistic that is computed or joined."""
        return (*self.statistics, *self.joins)

    def unranked_scores(self) -> tuple[str, ...]:
        """All of them: a statistic of the image says nothing about its label or a network."""
        return (*self.statistics, *self.joins)

    def scored(self, suite: Suite) -> dict[str, list[str]]:
        """Statistic -> the experiments that have it."""
        having = self.used(suite)
        joins = [name for name in self.joins if name not in given_twice(suite)]  # faults() reports the others
        joined = {name: [each for each in having if name in self._joined(each, suite)] for name in joins}
        return dict.fromkeys(self.statistics, having) | joined

    def used(self, suite: Suite) -> list[str]:
        """The experiments whose scores get statistics; without computed ones, those whose images a join covers."""
        wanted = suite.experiments if self.experiments is None else self.experiments
        of_images = [name for name in wanted if name in suite.experiments and not suite.is_imported(name)]
        return [name for name in of_images if self.statistics or self._joined(name, suite)]

    def faults(self, suite: Suite) -> Iterator[tuple[Place, str]]:
        """Yields a fault for experiments that are unknown or have no images, and for joins that do not fit."""
        for index, name in enumerate(self.experiments or []):
            if text := suite.no_experiment(name):
                yield ("experiments", index), text
            elif suite.is_imported(name):
                yield ("experiments", index), f"experiment {name!r} is records of other runs, which have no images"
        for place, text in faults_of_joins(self.joins, suite):
            yield ("joins", *place), text

    def _joined(self, experiment: str, suite: Suite) -> list[str]:
        """The joins that cover an experiment's images."""
        root = suite.ancestors(suite.experiments[experiment].get("dataset"))[-1]
        return [name for name, join in self.joins.items() if join.dataset == root]
