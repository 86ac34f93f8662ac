"""Rank correlation of scores with one another, and with truth columns that hold numbers."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from difficulty.config.core.lists import Bootstrap, Scores
from difficulty.config.core.problems import Place
from difficulty.config.suite import CheckedSection, Suite, missing_scores


class Correlation(CheckedSection):
    """Rank correlation of every pair of scores."""

    scores: Annotated[Scores, Field(min_length=2)] | None = Field(
        None,
        description="scores in the matrix, in this order; null: all that the experiment has, like ones next to each "
        "other, and of the statistics of images local_entropy, dct_coefficients, segments and edge_strength",
    )
    bootstrap: Bootstrap = Field(1000, description="resamples of the examples behind each interval")
    examples: int | None = Field(
        100_000, ge=100, description="training examples compared, and test examples, drawn of more; null: all"
    )

    def faults(self, suite: Suite) -> Iterator[tuple[Place, str]]:
        """Yields a fault for each score that not every experiment has."""
        yield from missing_scores(self.scores or [], suite)


class TruthCorrelation(CheckedSection):
    """Rank correlation of every score with the truth columns that hold numbers."""

    bootstrap: Bootstrap = Field(1000, description="resamples of the examples behind each interval")
