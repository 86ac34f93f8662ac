"""The sections of a configuration file, and the valid part of a file.

An analysis, or a figure with settings, is one field here; its type is a section in a module of its own. What it gives,
uses and refers to is said by that section (see `CheckedSection`) and by annotations of its fields, so that nothing else
has to know of it.
"""

from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, ValidationError

from difficulty.config.analyses.agreement import Agreement
from difficulty.config.analyses.augmentation_sensitivity import AugmentationSensitivity
from difficulty.config.analyses.average_precision import AveragePrecision
from difficulty.config.analyses.coherence import Coherence
from difficulty.config.analyses.comparisons import Comparisons
from difficulty.config.analyses.correlation import Correlation, TruthCorrelation
from difficulty.config.analyses.detection import Detection
from difficulty.config.analyses.dynamics import Dynamics
from difficulty.config.analyses.features import FeatureScores, OptionalFeatureScores
from difficulty.config.analyses.generalization import Studies
from difficulty.config.analyses.images import Images
from difficulty.config.analyses.influence import Influence
from difficulty.config.analyses.prediction_depth import PredictionDepth
from difficulty.config.analyses.relations import Relations
from difficulty.config.analyses.removal import Removals
from difficulty.config.analyses.second_split import SecondSplit
from difficulty.config.analyses.suspects import Suspects
from difficulty.config.analyses.vog import Vog
from difficulty.config.analyses.vog_toy import VogToy
from difficulty.config.core.annotations import CheckedBy
from difficulty.config.core.names import Name
from difficulty.config.core.problems import Place, expected
from difficulty.config.core.ranges import Range
from difficulty.config.core.section import Section, findings
from difficulty.config.data.datasets import AnySource
from difficulty.config.data.evaluations import Evaluations
from difficulty.config.data.subset_references import faults
from difficulty.config.figures.drawing import Drawing, Gallery, Panel, Samples
from difficulty.config.figures.image_maps import ImageMaps
from difficulty.config.figures.vog import VogFigures

_DEEPEST = 6  # keys that lead to a value, at most
# Checked as experiments once they are merged.
_Settings = Annotated[dict[Any, Any], BeforeValidator(lambda value: {} if value is None else value)]


class Analyses(Section):
    """What is computed from the records of the experiments."""

    switched_off_by_null: ClassVar[tuple[str, ...]] = ("features",)

    dynamics: Dynamics = Field(Dynamics(), description="learning-dynamics scores")
    agreement: Agreement = Field(Agreement(), description="agreement of runs")
    comparisons: Comparisons = Field(
        {},
        description="name -> 2 to 8 experiments, on any data sets, whose training curves are drawn in one figure; "
        "noise-* stands for all whose name fits",
    )
    correlation: Correlation = Field(Correlation(), description="rank correlation of scores")
    truth_correlation: TruthCorrelation = Field(
        TruthCorrelation(), description="scores against truth columns that hold numbers"
    )
    detection: Detection = Field(Detection(), description="scores against planted or known truth")
    suspects: Suspects = Field(Suspects(), description="list of examples to look at first")
    vog: Vog | None = Field(None, description="variance of gradients; null: not computed")
    prediction_depth: PredictionDepth | None = Field(None, description="prediction depth; null: not computed")
    influence: Influence | None = Field(None, description="influence scores; null: not computed")
    images: Images | None = Field(None, description="statistics of the images themselves; null: not computed")
    relations: Relations | None = Field(
        None, description="scores against statistics of images and truth columns; null: not computed"
    )
    coherence: Coherence | None = Field(None, description="coherence of gradients; null: not computed")
    augmentation_sensitivity: AugmentationSensitivity | None = Field(
        AugmentationSensitivity(),
        description="predictions of augmented copies, for augmentation_sensitivity and label_error, where images are "
        "augmented; null: not computed",
    )
    second_split: SecondSplit | None = Field(
        None, description="forgetting in training on another half of the examples; null: not computed"
    )
    average_precision: AveragePrecision = Field(
        AveragePrecision(), description="average precision of classes, where images have several labels"
    )
    generalization: Studies = Field(
        {},
        description="name -> 2 to 8 experiments on subsets of one data set, tested on each other's held-out parts",
    )
    features: OptionalFeatureScores = Field(
        FeatureScores(), description="scores from features of the images, where a data set has them; null: not computed"
    )
    removal: Removals = Field(
        {},
        description="name -> an experiment and others that leave some of its examples out, or correct their labels, by "
        "some rules, whose test accuracy is compared",
    )
    vog_toy: VogToy | None = Field(
        None, description="toy experiment of variance of gradients, for which nothing else need be configured"
    )


class Figures(Drawing):
    """What is drawn."""

    gallery: Gallery = Field(Gallery(), description="easiest and hardest images of each class")
    panel: Panel = Field(Panel(), description="images x epochs x runs, right or wrong")
    samples: Samples = Field(Samples(), description="labelled sample sheet of each data set")
    image_maps: ImageMaps | None = Field(
        None, description="what statistics of images see in easy and hard images; null: not drawn"
    )
    vog: VogFigures = Field(VogFigures(), description="figures of variance of gradients")


class ConfigurationFile(Section):
    """Configuration of the workflow."""

    datasets: Annotated[dict[Name, AnySource], CheckedBy(faults)] = Field({}, description="named sources of images")
    defaults: _Settings = Field({}, description="settings of every experiment that does not say otherwise")
    experiments: dict[Name, _Settings] = Field(
        {},
        description="training configurations by name: what differs from the defaults; null removes a default; with "
        "the key `grid`, one for each combination of its options",
    )
    evaluations: Evaluations = Field(
        {},
        description="experiment -> further data sets whose test split each of its runs is evaluated on; noise-* stands "
        "for all whose name fits and that have no entry of their own or an earlier one",
    )
    analyses: Analyses = Field(Analyses(), description="what is computed from the records of the experiments")
    figures: Figures = Field(Figures(), description="what is drawn")
    memory: Annotated[int, Range(256, 10_000_000)] = Field(
        1024,
        description="MiB that a job may take for tables and records, which are read in blocks of that size; it changes "
        "no result. analyses.prediction_depth.memory and analyses.influence.memory are apart from it",
    )


def checked_file(config) -> tuple[ConfigurationFile, list[tuple[Place, str]]]:
    """Returns the valid part of a file, and (place, problem) for the rest."""
    if not isinstance(config, dict):
        return ConfigurationFile(), [((), expected("a mapping", config))]
    faults = []
    for _ in range(_DEEPEST):  # leave out what is wrong, then what cannot be without it
        try:
            return ConfigurationFile.model_validate(config), faults
        except ValidationError as error:
            found = [(place, text) for place, text, _ in findings(error)]
        faults = faults or found
        for place in [_present(config, place) for place, _ in found]:
            config = _without(config, place)
    return ConfigurationFile(), faults


def _present(config: dict, place: Place) -> Place:
    """The part of a place that exists; for a missing key, the section that lacks it."""
    for depth, key in enumerate(place):
        if not isinstance(config, dict) or str(key) not in map(str, config):
            return place[: max(depth, 1)]
        config = config.get(key)
    return place


def _without(config: dict, place: Place) -> dict:
    """A copy without the key at `place`, or without the key whose list contains it."""
    key, *rest = place
    below = config.get(key)
    if rest and isinstance(below, dict):
        return {**config, key: _without(below, tuple(rest))}
    return {name: value for name, value in config.items() if str(name) != str(key)}
