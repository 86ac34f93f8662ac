"""Relations of image statistics with learning: for which experiments, with which scores."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from difficulty.config.core.lists import ExperimentNames, Scores
from difficulty.config.core.problems import Place, alternatives
from difficulty.config.suite import CheckedSection, Suite

_MOST_DRAWN = 6
_DRAWN = ("learning_epoch", "aum", "loss_mean")


class Relations(CheckedSection):
    """Rank correlation of learning scores with what is known of the images: their statistics and truth columns."""

    experiments: ExperimentNames | None = Field(
        None,
        description="experiments whose scores are correlated, and of agreement groups those that have no others "
        "(noise-*: all whose name fits); null: all that have statistics of images or truth columns",
    )
    scores: Scores | None = Field(None, description="learning scores that are correlated; null: all")
    drawn: Annotated[Scores, Field(max_length=_MOST_DRAWN)] | None = Field(
        None,
        description="those of them that are drawn; the first also says which images of the histograms are easy and "
        "hard; null: the first three of `scores`, or learning_epoch, aum and loss_mean",
    )

    def implied(self, suite: Suite) -> dict:
        """The scores in the figures."""
        return {"drawn": self.drawn or list(self.scores or _DRAWN)[: len(_DRAWN)]}

    def used(self, suite: Suite) -> list[str]:
        """The experiments whose images have statistics or truth columns."""
        wanted = suite.experiments if self.experiments is None else self.experiments
        return [name for name in wanted if name in suite.experiments and _known(name, suite)]

    def faults(self, suite: Suite) -> Iterator[tuple[Place, str]]:
        """Yields a fault for unknown experiments, images nothing is known of, ambiguous names and missing scores."""
        for index, name in enumerate(self.experiments or []):
            if text := suite.no_experiment(name):
                yield ("experiments", index), text
            elif "dataset" in suite.experiments[name] and not _known(name, suite):
                text = f"nothing is known of the images of {name!r}; let analyses.images compute statistics of them"
                yield ("experiments", index), text
        related = self.used(suite)
        for name in related:
            for column in {*_statistics(name, suite)} & {*_truths(name, suite)}:
                text = f"experiment {name!r} has a truth column and a statistic {column!r}; leave out the statistic"
                yield (), text
        for key in ("scores", "drawn"):
            for index, score in enumerate(getattr(self, key) or []):
                if text := next(filter(None, (_score_fault(score, name, suite) for name in related)), None):
                    yield (key, index), text
                elif key == "drawn" and self.scores and score not in self.scores:
                    yield (key, index), f"{score!r} is none of `scores`, expected {alternatives(self.scores)}"


def _score_fault(score: str, experiment: str, suite: Suite) -> str | None:
    return None if score in suite.held_out_scores else suite.no_ranking(score, experiment)


def _known(experiment: str, suite: Suite) -> list[str]:
    return [*_statistics(experiment, suite), *_truths(experiment, suite)]


def _statistics(experiment: str, suite: Suite) -> list[str]:
    return [name for name in suite.unranked if experiment in suite.scored.get(name, ())]


def _truths(experiment: str, suite: Suite) -> list[str]:
    return suite.truth_columns(suite.experiments[experiment].get("dataset")) or []
