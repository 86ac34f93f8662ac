"""Augmentation sensitivity: the experiments that are scored, and how their images are augmented."""

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar

from pydantic import Field, field_validator

from difficulty.config.analyses.checkpoint_use import use_faults, used_epochs
from difficulty.config.core.lists import ExperimentNames
from difficulty.config.core.problems import Place
from difficulty.config.core.ranges import Range
from difficulty.config.core.section import problem
from difficulty.config.suite import CheckedSection, Suite
from difficulty.config.training.augmentation import Augmentation

_REMEDY = "set analyses.augmentation_sensitivity.augmentation, e.g. {crop: 1}"


class AugmentationSensitivity(CheckedSection):
    """Augmentation sensitivity (Zhang et al. 2022): how far predictions of augmented copies of an image diverge."""

    gives: ClassVar[tuple[str, ...]] = ("augmentation_sensitivity",)

    experiments: ExperimentNames | None = Field(
        None,
        description="experiments that are scored (noise-*: all whose name fits); null: all that keep checkpoints and "
        "whose images are augmented",
    )
    draws: Annotated[int, Range(1, 10_000)] = Field(8, description="augmented copies of each image")
    augmentation: Augmentation | None = Field(
        None,
        description="how the copies are augmented, as in experiments, e.g. {crop: 4, flip: true}; null: as each "
        "experiment augments its training images",
    )

    @field_validator("augmentation")
    @classmethod
    def _changes_images(cls, augmentation):
        if augmentation is not None and not _changes(augmentation.model_dump()):
            raise problem("changes nothing; set its crop, flip or resized_crop, or set it to null")
        return augmentation

    def used(self, suite: Suite) -> list[str]:
        """The experiments that are scored, where networks have passes of single images."""
        return [name for name in used_epochs(suite, self.experiments, None) if self._augments(name, suite)]

    def scored(self, suite: Suite) -> dict[str, list[str]]:
        """Score -> the experiments that have it."""
        return {score: self.used(suite) for score in self.gives}

    def faults(self, suite: Suite) -> Iterator[tuple[Place, str]]:
        """Yields a fault for experiments that are unknown, have no checkpoints, or whose images are not augmented."""
        yield from use_faults(suite, self.experiments, None)
        usable = used_epochs(suite, self.experiments, None)
        without = [name for name in usable if not self._augments(name, suite)]
        for name in without if self.experiments else ():
            yield ("experiments", self.experiments.index(name)), f"experiment {name!r} has no augmentation; {_REMEDY}"

    def _augments(self, experiment: str, suite: Suite) -> bool:
        """Whether there are augmented copies of an experiment's images."""
        return self.augmentation is not None or _changes(suite.experiments[experiment].get("augmentation") or {})


def _changes(augmentation: Mapping) -> bool:
    """Whether settings of augmentation change any image."""
    return any(augmentation.values())
