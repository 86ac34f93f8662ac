"""Prediction depth: the experiments, checkpoints and probes, and how neighbours vote."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from difficulty.config.analyses.checkpoint_use import architecture_faults, use_faults, used_epochs
from difficulty.config.core.lists import Epochs, ExperimentNames, Names, Splits
from difficulty.config.core.problems import Place
from difficulty.config.core.ranges import Range
from difficulty.config.suite import CheckedSection, Suite
from difficulty.config.training.architectures import Architecture

_CONSENSUS_RUNS = 3
_Neighbors = Annotated[int, Range(1, 10_000)]


class PredictionDepth(CheckedSection):
    """Prediction depth (Baldock et al. 2021): from which layer on neighbours vote what the network predicts."""

    gives: ClassVar[tuple[str, ...]] = ("prediction_depth",)

    experiments: ExperimentNames | None = Field(
        None,
        description="experiments whose networks are probed (noise-*: all whose name fits); "
        "null: all that keep checkpoints",
    )
    epochs: Epochs | None = Field(
        None,
        description="epochs whose checkpoints are probed; scores are of the last of them, accuracies of the probes of "
        "all; null: the last checkpoint",
    )
    splits: Splits = Field(
        ["train", "test"], description="splits whose examples are scored; neighbours are training examples always"
    )
    k: _Neighbors = Field(30, description="nearest neighbours that vote")
    k_max: _Neighbors = Field(
        50, description="nearest neighbours that are kept, so that another k costs another vote only"
    )
    labels: Literal["given", "clean", "consensus"] = Field(
        "given",
        description="labels that neighbours vote with: the given ones, those before planted noise, or the class that "
        "most runs predict which did not train on the example (the given one where fewer than three did not)",
    )
    ties: Literal["distance", "lowest_class"] = Field(
        "distance",
        description="which of the classes with as many votes wins: the one whose neighbours' distances have the "
        "smaller sum, or the lowest",
    )
    probes: dict[Architecture, Names] = Field(
        {},
        description="architecture -> names of modules whose outputs are probed, in addition to input and "
        "softmax; without an entry, the places that are known for it",
    )
    memory: Annotated[int, Range(64, 10_000_000)] = Field(
        2000, description="MiB that a job may take for images, activations and comparing them"
    )
    numbers: Annotated[int, Range(16, 100_000_000)] = Field(
        65_536,
        description="numbers per image that a probe may have; longer ones are projected to as many, at random and "
        "orthogonally, which gives distances a relative standard deviation of sqrt(1 / (2 numbers))",
    )
    bank: Annotated[int, Range(2, 10**9)] | None = Field(
        None,
        description="training examples among which neighbours are found: a random sample of as many, of each given "
        "label in proportion; null: all. Time and memory grow with it times the examples that are scored",
    )
    shards: Annotated[int, Range(1, 10_000)] = Field(
        1, description="parts that the examples are cut into, each a job of its own"
    )

    def scored(self, suite: Suite) -> dict[str, list[str]]:
        """Score -> the experiments that have it."""
        return {score: list(self.used(suite)) for score in self.gives}

    def used(self, suite: Suite) -> dict[str, list[int]]:
        """Experiment -> epochs whose checkpoints are probed, in order."""
        return used_epochs(suite, self.experiments, self.epochs)

    def faults(self, suite: Suite) -> Iterator[tuple[Place, str]]:
        """Yields a fault for unknown experiments, missing checkpoints, and more voting neighbours than are kept."""
        yield from use_faults(suite, self.experiments, self.epochs)
        if self.labels == "consensus":
            yield from self._without_consensus(suite)
        if self.k > self.k_max:
            yield ("k",), f"expected at most k_max, {self.k_max}, got {self.k}"
        if self.bank is not None and self.bank <= self.k_max:
            yield ("bank",), f"expected more than k_max, {self.k_max}, got {self.bank}"
        yield from architecture_faults(suite, "probes", self.probes)

    def _without_consensus(self, suite: Suite) -> Iterator[tuple[Place, str]]:
        """Yields a fault unless three runs hold out each training example."""
        if "train" not in self.splits:
            yield ("labels",), "a consensus takes training examples that runs hold out; add train to splits"
        for name in self.used(suite):
            settings = suite.experiments[name]
            seeds = len(settings.get("seeds") or ()) if settings.get("folds") else 0
            if {"seeds", "folds"} <= settings.keys() and seeds < _CONSENSUS_RUNS:
                text = f"experiment {name!r} holds each training example out in {seeds} runs, a consensus takes three"
                yield ("labels",), f"{text}; set its folds and three seeds, or choose given"
                return
