"""Statistics of the images themselves: which, of whose, and at which size."""

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from difficulty.config.names import Text
from difficulty.config.problems import Place, expected
from difficulty.config.ranges import Range
from difficulty.config.section import problem, without_repeats
from difficulty.config.suite import CheckedSection, Suite

# As in difficulty/scores/image_statistics.py, which takes too long to import here.
_STATISTICS = (
    "local_entropy",
    "local_entropy_u8",
    "dct_coefficients",
    "dct_coefficients_ac",
    "segments",
    "edge_strength",
    "edge_strength_per_pixel",
    "brightness",
    "contrast",
    "sharpness",
)
_ALL = "all"


def _chosen(value):
    if isinstance(value, str) and value != _ALL:
        raise problem(expected("all or a list of statistics", value, [_ALL]))
    return list(_STATISTICS) if value == _ALL else value


_Chosen = Annotated[
    list[Literal[_STATISTICS]],
    Field(min_length=1),
    AfterValidator(without_repeats),
    BeforeValidator(_chosen),
    WithJsonSchema(
        {"anyOf": [{"const": _ALL}, {"type": "array", "items": {"enum": list(_STATISTICS)}, "minItems": 1}]}
    ),
]


class Images(CheckedSection):
    """Statistics of the image alone that may make it hard (Pliushch et al. 2022), computed once for each data set."""

    # Statistics that have no easy and no hard side.
    undirected: ClassVar[tuple[str, ...]] = ("brightness", "contrast", "sharpness")

    experiments: Annotated[list[Text], Field(min_length=1), AfterValidator(without_repeats)] | None = Field(
        None, description="experiments whose scores the statistics are put beside; null: all that have images"
    )
    statistics: _Chosen = Field(list(_STATISTICS), description="all, or a list of their names")
    size: Annotated[int, Range(8, 8192)] | None = Field(
        None,
        description="pixels of an image's longer side, to which larger images are shrunk; null: as in the data set",
    )

    def given_scores(self, experiments: Mapping[str, Mapping]) -> tuple[str, ...]:
        """Every statistic that is computed."""
        return tuple(self.statistics)

    def unranked_scores(self) -> tuple[str, ...]:
        """All: a statistic of the image knows nothing of its label, nor of what a network makes of it."""
        return tuple(self.statistics)

    def scored(self, suite: Suite) -> dict[str, list[str]]:
        """Statistic -> the experiments that have it."""
        return {name: self.image_experiments(suite) for name in self.statistics}

    def image_experiments(self, suite: Suite) -> list[str]:
        """The experiments that statistics are put beside."""
        wanted = suite.experiments if self.experiments is None else self.experiments
        return [name for name in wanted if name in suite.experiments and not suite.is_imported(name)]

    def faults(self, suite: Suite) -> Iterator[tuple[Place, str]]:
        """The experiments exist and have images."""
        for index, name in enumerate(self.experiments or []):
            if text := suite.no_experiment(name):
                yield ("experiments", index), text
            elif suite.is_imported(name):
                yield ("experiments", index), f"experiment {name!r} is records of other runs, which have no images"
