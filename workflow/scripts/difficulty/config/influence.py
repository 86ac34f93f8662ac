"""Influence scores: whose, at which checkpoints, and with which curvature."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from difficulty.config.architectures import Architecture
from difficulty.config.checkpoint_use import architecture_faults, use_faults, used_epochs
from difficulty.config.names import Text
from difficulty.config.problems import Place
from difficulty.config.ranges import Epoch, Range, Seed
from difficulty.config.section import Section, problem, without_repeats
from difficulty.config.suite import CheckedSection, Suite

_Names = Annotated[list[Text], Field(min_length=1), AfterValidator(without_repeats)]
_Strategy = Literal["identity", "diagonal", "kfac", "ekfac"]
_Positive = Annotated[float, Range(0, 1e6, low_excluded=True)]


class Damping(Section):
    """What is added to the curvature before it is inverted: one of the two."""

    relative: _Positive | None = Field(None, description="times the mean curvature of each layer, e.g. 0.1")
    absolute: _Positive | None = Field(None, description="the same for all layers, e.g. 1.0e-8")

    @model_validator(mode="after")
    def _one(self):
        if (self.relative is None) == (self.absolute is None):
            raise problem("expected either relative or absolute; set the other one to null")
        return self


class Influence(CheckedSection):
    """Self-influence (Koh & Liang 2017): how much training on an image lowers its own loss, given the curvature."""

    experiments: _Names | None = Field(
        None, description="experiments whose images are scored; null: all that keep checkpoints"
    )
    epochs: Annotated[list[Epoch], Field(min_length=1), AfterValidator(without_repeats)] | None = Field(
        None, description="epochs whose checkpoints are used; scores are summed over them; null: the last checkpoint"
    )
    strategies: Annotated[list[_Strategy], Field(min_length=1), AfterValidator(without_repeats)] = Field(
        ["ekfac"],
        description="how the curvature is approximated: not at all, by its diagonal, by Kronecker factors, or by these "
        "with corrected eigenvalues; a score each",
    )
    fisher: Literal["sampled", "empirical"] = Field(
        "sampled", description="labels of the Fisher matrix: drawn from the network's softmax, or the given ones"
    )
    seed: Seed = Field(0, description="of the labels that are drawn")
    damping: Damping = Field(Damping(relative=0.1), description="what makes the curvature invertible")
    modules: dict[Architecture, _Names] = Field(
        {},
        description="architecture -> names of the linear layers and convolutions that count; without an entry, all",
    )
    splits: Annotated[list[Literal["train", "test"]], Field(min_length=1), AfterValidator(without_repeats)] = Field(
        ["train", "test"], description="splits whose examples are scored; curvature is of training examples always"
    )
    memory: Annotated[int, Range(16, 1_000_000)] = Field(
        256, description="MiB that a job may take for what is computed of a batch, beside its pass through the network"
    )

    def given_scores(self, experiments: Mapping[str, Mapping]) -> tuple[str, ...]:
        """One score for each strategy."""
        return tuple(f"self_influence_{strategy}" for strategy in self.strategies)

    def scored(self, suite: Suite) -> dict[str, list[str]]:
        """Score -> the experiments that have it."""
        return {score: list(self.influence_epochs(suite)) for score in self.given_scores(suite.experiments)}

    def influence_epochs(self, suite: Suite) -> dict[str, list[int]]:
        """Experiment -> epochs whose checkpoints are used, in order."""
        return used_epochs(suite, self.experiments, self.epochs)

    def faults(self, suite: Suite) -> Iterator[tuple[Place, str]]:
        """The experiments exist and keep the checkpoints."""
        yield from use_faults(suite, self.experiments, self.epochs)
        yield from architecture_faults(suite, "modules", self.modules)
