"""Figures of the variance of gradients: the stage that they show."""

from collections.abc import Iterator

from pydantic import Field

from difficulty.config.core.names import Text
from difficulty.config.core.problems import Place, unknown_name
from difficulty.config.suite import CheckedSection, Suite

_PREFIX, _RAW = "vog_", "_raw"


class VogFigures(CheckedSection):
    """The figures of the experiments whose variance of gradients is computed."""

    stage: Text | None = Field(
        None,
        description="stage by which the lowest and highest images of each class are shown; null, or where an "
        "experiment does not have it: the last one",
    )

    def faults(self, suite: Suite) -> Iterator[tuple[Place, str]]:
        """Yields a fault if the stage is not computed."""
        if self.stage is None:
            return
        known = [name.removeprefix(_PREFIX) for name in suite.scores if name.startswith(_PREFIX)]
        stages = [name for name in known if not name.endswith(_RAW)]
        if not stages:
            yield ("stage",), "no variance of gradients is computed; set analyses.vog or leave this out"
        elif self.stage not in stages:
            yield ("stage",), unknown_name("stage", self.stage, stages)
