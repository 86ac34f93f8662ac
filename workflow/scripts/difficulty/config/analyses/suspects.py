"""The list of suspects: the score that ranks it, and when another label is suggested."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from difficulty.config.core.names import ScoreName
from difficulty.config.core.problems import Place
from difficulty.config.core.ranges import Range
from difficulty.config.suite import CheckedSection, Suite
from difficulty.scores.runs import ROLE_SUFFIXES

_HELD_OUT = ROLE_SUFFIXES["validation"]


class Suspects(CheckedSection):
    """suspects.csv: the ranked list that a person who cleans data opens first."""

    score: ScoreName = Field(
        "label_error",
        description="score that the list is ranked by, hardest first; with folds also e.g. aum_validation, of the runs "
        "that hold an example out",
    )
    suggest_above: Annotated[float, Range(0, 1, high_excluded=True)] = Field(
        0.1, description="another label is suggested if it has more than this share of the predictions of an example"
    )

    def faults(self, suite: Suite) -> Iterator[tuple[Place, str]]:
        """Yields a fault if the score is unknown, or is one of held-out examples and an experiment has no folds."""
        score = self.score.removesuffix(_HELD_OUT)
        of_held_out_only = score in suite.held_out_scores
        if of_held_out_only and score == self.score:
            yield ("score",), f"{score!r} is a score of held-out examples; write '{score}{_HELD_OUT}'"
        elif score != self.score and score in suite.pooled:
            yield ("score",), f"{score!r} is of all runs together, also those that hold examples out; write {score!r}"
        elif not of_held_out_only and (text := suite.no_ranking(score)):
            yield ("score",), text
        elif score != self.score and (name := suite.without_folds()):
            other = "label_error" if of_held_out_only else score
            yield ("score",), f"experiment {name!r} holds no examples out; set its folds or choose {other!r}"
