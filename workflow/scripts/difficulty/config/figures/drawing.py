"""How figures are drawn, and what those with a choice show."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from difficulty.config.core.lists import ExperimentNames
from difficulty.config.core.names import ScoreName
from difficulty.config.core.problems import Place
from difficulty.config.core.ranges import Range
from difficulty.config.core.section import problem, without_repeats
from difficulty.config.suite import CheckedSection, Suite

_Images = Annotated[int, Range(1, 1000)]
_Classes = Annotated[int, Range(1, 1000)]


def _with_png(formats: list[str]) -> list[str]:
    if "png" not in formats:
        raise problem("has no png, which the report shows; add it")
    return formats


class Drawing(CheckedSection):
    """What holds for every figure."""

    experiments: ExperimentNames | None = Field(
        None,
        description="experiments of which figures of their own are drawn; null: all. Figures that compare several "
        "experiments are drawn anyway, and so are all tables made",
    )

    dpi: Annotated[int, Range(30, 1200)] = Field(150, description="resolution of raster graphics, dots per inch")
    formats: Annotated[list[Literal["png", "pdf"]], AfterValidator(without_repeats), AfterValidator(_with_png)] = Field(
        ["png"], description="what each figure is written as; png is always among them, as the report shows it"
    )

    def faults(self, suite: Suite) -> Iterator[tuple[Place, str]]:
        """Yields a fault for each name of an experiment that is unknown."""
        for index, name in enumerate(self.experiments or []):
            if text := suite.no_experiment(name):
                yield ("experiments", index), text


class Gallery(CheckedSection):
    """The easiest and the hardest images of each class."""

    score: ScoreName = Field("aum", description="score that says what is easy and hard")
    examples_per_class: _Images = Field(25, description="easiest images shown of a class, and as many hardest ones")
    classes: _Classes = Field(10, description="at most so many classes are shown")

    def faults(self, suite: Suite) -> Iterator[tuple[Place, str]]:
        """Yields a fault if the score is unknown."""
        if text := suite.no_ranking(self.score):
            yield ("score",), text


class Panel(CheckedSection):
    """Images x epochs x runs, right or wrong (Pliushch et al. 2022, figure 1)."""

    examples: _Images = Field(100, description="images in the panel, evenly spread from hard to easy")
    split: Literal["train", "test"] = Field("train", description="split that the images are from")


class Samples(CheckedSection):
    """The labelled sample sheet of a data set."""

    examples_per_class: _Images = Field(10, description="images shown of a class")
    classes: _Classes = Field(10, description="at most so many classes are shown")
