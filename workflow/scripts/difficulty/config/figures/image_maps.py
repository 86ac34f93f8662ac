"""The figure of maps of image statistics: which images of which experiments it shows."""

from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import Field

from difficulty.config.core.lists import ExperimentNames
from difficulty.config.core.names import ScoreName
from difficulty.config.core.problems import Place
from difficulty.config.core.ranges import Range
from difficulty.config.suite import CheckedSection, Suite
from difficulty.scores.images.catalogue import WITH_MAP


class ImageMaps(CheckedSection):
    """Maps of what statistics of images see in easy and hard training images."""

    statistics: ClassVar[tuple[str, ...]] = WITH_MAP

    experiments: ExperimentNames | None = Field(
        None, description="experiments whose images are shown; null: all that have statistics with a map"
    )
    score: ScoreName = Field("aum", description="score that says what is easy and hard")
    count: Annotated[int, Range(1, 50)] = Field(
        3, description="easiest images shown, and as many in the middle and hardest ones"
    )

    def used(self, suite: Suite) -> dict[str, list[str]]:
        """Experiment -> statistics whose maps are drawn."""
        wanted = suite.experiments if self.experiments is None else self.experiments
        found = {name: [each for each in self.statistics if name in suite.scored.get(each, [])] for name in wanted}
        return {name: statistics for name, statistics in found.items() if statistics}

    def faults(self, suite: Suite) -> Iterator[tuple[Place, str]]:
        """Yields a fault for experiments that are unknown or lack statistics, and for an unknown score."""
        mapped = self.used(suite)
        computed = [name for name in self.statistics if name in suite.scores]
        for index, name in enumerate(self.experiments or []):
            if text := suite.no_experiment(name):
                yield ("experiments", index), text
            elif computed and name not in mapped:
                yield ("experiments", index), f"experiment {name!r} has no {computed[0]}; see analyses.images"
        if text := next(filter(None, (suite.no_ranking(self.score, name) for name in mapped or [None])), None):
            yield ("score",), text
