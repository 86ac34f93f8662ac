"""Influence scores: the experiments, checkpoints and curvature they are computed with."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from difficulty.config.analyses.checkpoint_use import architecture_faults, use_faults, used_epochs
from difficulty.config.core.lists import Epochs, ExperimentNames, Names, Splits
from difficulty.config.core.names import ClassName, Name
from difficulty.config.core.problems import Place, unknown_name
from difficulty.config.core.ranges import Count, Range, Seed
from difficulty.config.core.section import Section, problem, without_repeats
from difficulty.config.suite import CheckedSection, Suite
from difficulty.config.training.architectures import Architecture

_Ids = Annotated[list[Annotated[int, Range(0, 2**62)]], Field(min_length=1), AfterValidator(without_repeats)]
_Strategies = Annotated[
    list[Literal["identity", "diagonal", "kfac", "ekfac"]], Field(min_length=1), AfterValidator(without_repeats)
]
_Precisions = Annotated[list[Literal["float32", "bfloat16"]], Field(min_length=1), AfterValidator(without_repeats)]
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


class Queries(Section):
    """Test examples whose predictions are explained by training examples: those that meet all conditions."""

    example_ids: _Ids | None = Field(None, description="only these, as numbered in the table of examples")
    classes: Annotated[list[ClassName], Field(min_length=1), AfterValidator(without_repeats)] | None = Field(
        None, description="only those labelled as one of these classes"
    )
    experiments: ExperimentNames | None = Field(
        None, description="whose predictions (noise-*: of all whose name fits); null: all whose influence is computed"
    )
    misclassified: bool = Field(False, description="only those that most runs get wrong after the last epoch")
    count: Count | None = Field(None, description="at most so many, drawn at random; null: all")
    seed: Seed = Field(0, description="of the draw")


class Influence(CheckedSection):
    """Influence (Koh & Liang 2017): how training on an image changes a prediction, its own or a test image's."""

    experiments: ExperimentNames | None = Field(
        None,
        description="experiments whose images are scored (noise-*: all whose name fits); "
        "null: all that keep checkpoints",
    )
    epochs: Epochs | None = Field(
        None, description="epochs whose checkpoints are used; scores are summed over them; null: the last checkpoint"
    )
    strategies: _Strategies = Field(
        ["ekfac"],
        description="how the curvature is approximated: not at all, by its diagonal, by Kronecker factors, or by these "
        "with corrected eigenvalues; a score each",
    )
    precisions: _Precisions = Field(
        ["float32"],
        description="of networks and their gradients; each strategy is computed in each; bfloat16 needs a device with "
        "matrix units for it",
    )
    fisher: Literal["sampled", "empirical"] = Field(
        "sampled", description="labels of the Fisher matrix: drawn from the network's softmax, or the given ones"
    )
    seed: Seed = Field(0, description="of the labels that are drawn")
    damping: Damping = Field(Damping(relative=0.1), description="what makes the curvature invertible")
    modules: dict[Architecture, Names] = Field(
        {},
        description="architecture -> names of the linear layers and convolutions that count; without an entry, all",
    )
    splits: Splits = Field(
        ["train", "test"], description="splits whose examples are scored; curvature is of training examples always"
    )
    queries: dict[Name, Queries] = Field(
        {"misclassified": Queries(misclassified=True, count=10)},
        description="name -> test examples, on which the influence of every training example is computed; {}: none",
    )
    measurement: Literal["margin", "loss"] = Field(
        "margin", description="of a query, what is influenced: the margin of its label, or its loss, which has to fall"
    )
    rank: Annotated[int, Range(1, 100_000)] | None = Field(
        None, description="rank that gradients of queries are cut to, which takes less memory, e.g. 32; null: not cut"
    )
    top: Annotated[int, Range(1, 10_000)] = Field(
        10, description="most helpful, and most harmful, training examples that are kept of each query"
    )
    memory: Annotated[int, Range(16, 1_000_000)] = Field(
        256,
        description="MiB that a job may take for what is computed of a batch, in addition to its pass through the "
        "network",
    )
    shards: Annotated[int, Range(1, 10_000)] = Field(
        1, description="parts that the training examples are cut into for the curvature, each a job of its own"
    )

    def given_scores(self, experiments: Mapping[str, Mapping]) -> tuple[str, ...]:
        """One score for each strategy and precision."""
        return tuple(f"self_influence_{variant}" for variant in variants(self.strategies, self.precisions))

    def scored(self, suite: Suite) -> dict[str, list[str]]:
        """Score -> the experiments that have it."""
        return {score: list(self.used(suite)) for score in self.given_scores(suite.experiments)}

    def used(self, suite: Suite) -> dict[str, list[int]]:
        """Experiment -> epochs whose checkpoints are used, in order."""
        return used_epochs(suite, self.experiments, self.epochs)

    def faults(self, suite: Suite) -> Iterator[tuple[Place, str]]:
        """Yields a fault for unknown experiments, missing checkpoints, unknown architectures and reserved names."""
        yield from use_faults(suite, self.experiments, self.epochs)
        if "self" in self.queries:
            yield ("queries", "self"), "is kept for self-influence; choose another name"
        for name, queries in self.queries.items():
            for index, experiment in enumerate(queries.experiments or []):
                if experiment not in (known := self.used(suite)):
                    text = unknown_name("experiment with influence", experiment, known)
                    yield ("queries", name, "experiments", index), text
        yield from architecture_faults(suite, "modules", self.modules)


def variants(strategies: Sequence[str], precisions: Sequence[str]) -> list[str]:
    """Names of the strategies in each precision, e.g. ekfac and ekfac_bfloat16."""
    endings = {"float32": "", "bfloat16": "_bfloat16"}
    return [strategy + endings[precision] for precision in precisions for strategy in strategies]
