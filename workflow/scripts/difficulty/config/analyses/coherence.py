"""Coherence of gradients: the experiments, checkpoints and examples it is measured on."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from difficulty.config.analyses.checkpoint_use import use_faults, used_epochs
from difficulty.config.analyses.dynamics import Dynamics
from difficulty.config.analyses.vog import saved_epochs
from difficulty.config.core.lists import Epochs, ExperimentNames
from difficulty.config.core.names import Text
from difficulty.config.core.problems import Place, unknown_name
from difficulty.config.core.ranges import Range, Seed
from difficulty.config.suite import CheckedSection, Suite


class Coherence(CheckedSection):
    """How far gradients of examples point the same way (Chatterjee & Zielinski 2020): pristine, corrupt, easy, hard."""

    experiments: ExperimentNames | None = Field(
        None,
        description="experiments whose gradients are compared (noise-*: all whose name fits); "
        "null: all that keep checkpoints",
    )
    epochs: Epochs | None = Field(None, description="epochs whose checkpoints are used; null: all that are kept")
    examples: Annotated[int, Range(2, 1_000_000)] = Field(
        100, description="examples of each group, at most; all groups have as many as the smallest"
    )
    score: Text = Field(
        "aum", description="score of learning dynamics, whose mean over runs says what is easy and hard"
    )
    fraction: Annotated[float, Range(0, 0.5, low_excluded=True)] = Field(
        0.1, description="share of the training examples that is easy, and that is hard"
    )
    seed: Seed = Field(0, description="of the draw of the examples")

    def used(self, suite: Suite) -> dict[str, list[int]]:
        """Experiment -> epochs whose checkpoints are used, in order."""
        used = used_epochs(suite, self.experiments, self.epochs)
        return used if self.epochs else {name: saved_epochs(suite.experiments[name]) for name in used}

    def faults(self, suite: Suite) -> Iterator[tuple[Place, str]]:
        """Yields a fault for unknown experiments, missing checkpoints, and a score not of learning dynamics."""
        yield from use_faults(suite, self.experiments, self.epochs)
        if self.score not in Dynamics.gives:
            yield ("score",), unknown_name("learning-dynamics score", self.score, Dynamics.gives)
