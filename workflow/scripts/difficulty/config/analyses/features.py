"""Scores from features of the images that come from outside."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from difficulty.config.core.annotations import CheckedBy
from difficulty.config.core.problems import Place
from difficulty.config.core.ranges import Range
from difficulty.config.suite import CheckedSection, Suite
from difficulty.scores.features.catalogue import FEATURE_SCORES


class FeatureScores(CheckedSection):
    """What features of the images say of their labels, wherever a data set has `features`."""

    gives: ClassVar[tuple[str, ...]] = tuple(FEATURE_SCORES)
    known_where_scored: ClassVar[bool] = True

    neighbors: Annotated[int, Range(1, 1000)] = Field(
        30, description="nearest training images that vote on a label; fewer where there are not as many"
    )
    folds: Annotated[int, Range(2, 100)] = Field(
        5, description="parts of the training images, each scored by a linear probe fitted on the others"
    )
    strength: Annotated[float, Range(0, 1e6, low_excluded=True)] = Field(
        0.01, description="inverse strength of the probe's penalty (C of scikit-learn) on standardised features"
    )
    similar_above: Annotated[float, Range(0, 1)] = Field(
        0.9, description="cosine from which on two images are listed as similar"
    )
    map: Literal["pca", "umap"] = Field(
        "pca", description="how the images are mapped in two dimensions; umap needs the package umap-learn"
    )

    def scored(self, suite: Suite) -> dict[str, list[str]]:
        """Score -> the experiments that have it."""
        return dict.fromkeys(self.gives, self.used(suite))

    def used(self, suite: Suite) -> list[str]:
        """The experiments whose images have features, of the data set or of what it is a subset of, and one label."""
        return [
            name
            for name, each in suite.experiments.items()
            if getattr(suite.datasets.get(suite.ancestors(each.get("dataset"))[-1]), "features", None)
            and not suite.is_multi_label(name)
        ]


def faults(features: FeatureScores | None, suite: Suite) -> Iterator[tuple[Place, str]]:
    """Yields a fault if there is none of this, and an experiment rests on it."""
    probes = [name for name in suite.experiments if suite.is_linear_probe(name)]
    if features is None and probes:
        yield (), f"is null, but experiment {probes[0]!r} is linear probes on features; leave it out"


OptionalFeatureScores = Annotated[FeatureScores | None, CheckedBy(faults)]
