"""Rank correlation of scores with one another, and with truth columns that hold numbers."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from difficulty.config.analyses.dynamics import Dynamics
from difficulty.config.core.lists import Bootstrap, Scores
from difficulty.config.core.problems import Place
from difficulty.config.suite import CheckedSection, Suite, missing_scores

# Those that the authors compare with what is learned.
_STATISTICS_BESIDE_LEARNING = ("local_entropy", "dct_coefficients", "segments", "edge_strength")


class Correlation(CheckedSection):
    """Rank correlation of every pair of scores."""

    scores: Annotated[Scores, Field(min_length=2)] | None = Field(
        None,
        description="scores in the matrix, in this order; null: those of learning dynamics, but not loss_mean, and, "
        "where they are computed, the local_entropy, dct_coefficients, segments and edge_strength of the images",
    )
    bootstrap: Bootstrap = Field(1000, description="resamples of the examples behind each interval")

    def faults(self, suite: Suite) -> Iterator[tuple[Place, str]]:
        """Yields a fault for each score that not every experiment has."""
        yield from missing_scores(self.scores or [], suite)

    def implied(self, suite: Suite) -> dict:
        """The scores in the matrix; if none are configured, those of learning and the computed ones of images."""
        learning = [name for name in Dynamics.gives if name != "loss_mean"]
        statistics = [name for name in _STATISTICS_BESIDE_LEARNING if suite.scored.get(name)]
        return {"scores": self.scores or [*learning, *statistics]}


class TruthCorrelation(CheckedSection):
    """Rank correlation of every score with the truth columns that hold numbers."""

    bootstrap: Bootstrap = Field(1000, description="resamples of the examples behind each interval")
