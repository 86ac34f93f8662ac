"""The whole configuration: every section put together, checked and resolved, for the Snakefile alone.

A new analysis or figure is a module with its section and one line in `Analyses` or `Figures` here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError

from difficulty.config import comparisons, evaluations, generalization, grids, subset_references
from difficulty.config.analyses import (
    HELD_OUT_SCORES,
    Agreement,
    Correlation,
    Detection,
    Dynamics,
    Suspects,
    TruthCorrelation,
    detections,
)
from difficulty.config.average_precision import AveragePrecision
from difficulty.config.coherence import Coherence
from difficulty.config.comparisons import Comparisons
from difficulty.config.datasets import AnySource
from difficulty.config.evaluations import Evaluations
from difficulty.config.experiments import check_experiments
from difficulty.config.figures import Drawing, Gallery, Panel, Samples
from difficulty.config.generalization import Studies, resolved_studies, with_studies
from difficulty.config.grids import Expansion, Layer
from difficulty.config.image_maps import ImageMaps
from difficulty.config.images import Images
from difficulty.config.influence import Influence
from difficulty.config.names import Name
from difficulty.config.patterns import spelled_out
from difficulty.config.prediction_depth import PredictionDepth
from difficulty.config.problems import ConfigurationError, Place, expected, told
from difficulty.config.relations import Relations
from difficulty.config.section import Section, findings
from difficulty.config.sizes import size_faults
from difficulty.config.suite import CheckedSection, Suite
from difficulty.config.training import Experiment, run_names
from difficulty.config.vog import Vog
from difficulty.config.vog_figures import VogFigures
from difficulty.config.vog_toy import VogToy


class Analyses(Section):
    """What is computed from the records of the experiments."""

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
    average_precision: AveragePrecision = Field(
        AveragePrecision(), description="average precision of classes, where images have several labels"
    )
    generalization: Studies = Field(
        {},
        description="name -> 2 to 8 experiments on subsets of one data set, tested on each other's held-out parts",
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
    vog: VogFigures = Field(VogFigures(), description="what variance of gradients tells")


# Checked as experiments once they are merged.
_Settings = Annotated[dict[Any, Any], BeforeValidator(lambda value: {} if value is None else value)]


_DEEPEST = 6  # keys that lead to a value, at most


class ConfigurationFile(Section):
    """Configuration of the workflow."""

    datasets: dict[Name, AnySource] = Field({}, description="named sources of images")
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


@dataclass(frozen=True)
class Configuration:
    """The resolved configuration, in plain dictionaries without keys that are null.

    agreement_groups: group -> experiments. detections: name -> the truth and how scores are tested against it.
    score_families: score -> the family that gives it. truth_columns: data set -> columns of what is known of it.
    vog_stages: experiment -> stage -> epochs, of the experiments whose variance of gradients is computed.
    probed_epochs: experiment -> epochs, of the experiments whose prediction depth is computed.
    influence_epochs: experiment -> epochs, of the experiments whose influence scores are computed.
    coherent_epochs: experiment -> epochs, of the experiments whose gradients' coherence is computed.
    precision_epochs: experiment -> epochs, of the experiments whose images have several labels.
    evaluations: experiment -> further data sets, those that a study of generalization implies included.
    generalization: study -> what its tables depend on, see `resolved_studies`.
    image_experiments: the experiments whose scores include statistics of the images.
    image_maps: experiment -> statistics, of the experiments of which maps of images are drawn.
    related_experiments: the experiments whose scores are correlated with what is known of the images.
    """

    datasets: dict[str, dict]
    experiments: dict[str, dict]
    evaluations: dict[str, list[str]]
    analyses: dict[str, dict]
    figures: dict[str, Any]
    agreement_groups: dict[str, list[str]]
    detections: dict[str, dict]
    score_families: dict[str, str]
    truth_columns: dict[str, list[str]]
    vog_stages: dict[str, dict[str, list[int]]]
    probed_epochs: dict[str, list[int]]
    influence_epochs: dict[str, list[int]]
    coherent_epochs: dict[str, list[int]]
    precision_epochs: dict[str, list[int]]
    generalization: dict[str, dict]
    image_experiments: list[str]
    image_maps: dict[str, list[str]]
    related_experiments: list[str]

    def runs(self, experiment: str, seeds: list[int] | None = None) -> list[str]:
        """Names of an experiment's runs, e.g. `seed-0` or `seed-0-fold-3`; of all its seeds or of those given."""
        settings = self.experiments[experiment]
        return run_names(seeds or settings["seeds"], settings.get("folds"))


def resolve(config: dict, source: str = "config.yaml") -> Configuration:
    """Checks and resolves a configuration.

    source: how error messages name it. Raises ConfigurationError with one line for everything that is wrong.
    """
    if too_large := size_faults(config):
        raise ConfigurationError(told(source, too_large))
    expansion = grids.expanded(config.get("experiments") if isinstance(config, dict) else None)
    # Where a grid is wrong, whether a name is an experiment's is not known, and nothing is reported of names.
    experiments = list(expansion.layers) if expansion.is_complete else []
    spelled = spelled_out(config, experiments)
    file, faults = _checked_file(spelled.config)
    datasets = _names(config, "datasets")
    broken = {place for place, _ in faults}
    is_toy_alone = not (datasets or _names(config, "experiments")) and _has_toy(file, broken)
    for section, noun in (("datasets", "data set"), ("experiments", "experiment")):
        if not _names(config, section) and not is_toy_alone and broken.isdisjoint({(), (section,)}):
            faults.append(((section,), f"expected at least one {noun}"))
    sources = {name: file.datasets.get(name) for name in datasets}
    checked = check_experiments(file.defaults, _of_valid(file.experiments, expansion), sources or None)
    faults += expansion.faults
    if ("defaults",) not in broken:
        faults += checked.faults
    if (datasets and experiments) or is_toy_alone:
        suite = Suite(
            datasets=sources,
            experiments={name: checked.known.get(name, {}) for name in experiments},
            scores=tuple(s for _, each in _checked_sections(file.analyses) for s in each.given_scores(checked.known)),
            held_out_scores=HELD_OUT_SCORES if any(each.get("folds") for each in checked.known.values()) else (),
        )
        limited = [analysis.scored(suite) for _, analysis in _checked_sections(file.analyses)]
        suite = replace(
            suite,
            scored={score: names for scored in limited for score, names in scored.items()},
            unranked=tuple(score for _, each in _checked_sections(file.analyses) for score in each.unranked_scores()),
            undirected=tuple(score for _, each in _checked_sections(file.analyses) for score in each.undirected),
        )
        faults += [(place, text) for place, text in _reference_faults(file, suite) if place not in broken]
    faults = spelled.as_written(faults)
    if experiments:
        faults += spelled.unmatched.items()
    if faults:
        order = list(ConfigurationFile.model_fields)
        faults.sort(key=lambda fault: order.index(fault[0][0]) if fault[0] and fault[0][0] in order else -1)
        raise ConfigurationError(told(source, faults))
    return _configuration(file, checked.resolved, suite)


def _checked_file(config) -> tuple[ConfigurationFile, list[tuple[Place, str]]]:
    """What is valid of the sections, and what is wrong with the rest."""
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
    """As much of a place as there is; a missing key leads to the section that lacks it."""
    for depth, key in enumerate(place):
        if not isinstance(config, dict) or str(key) not in map(str, config):
            return place[: max(depth, 1)]
        config = config.get(key)
    return place


def _without(config: dict, place: Place) -> dict:
    """Without the key at `place`, or the one whose list it is in."""
    key, *rest = place
    below = config.get(key)
    if rest and isinstance(below, dict):
        return {**config, key: _without(below, tuple(rest))}
    return {name: value for name, value in config.items() if str(name) != str(key)}


def _of_valid(written: Mapping, expansion: Expansion) -> dict[str, tuple[Layer, ...]]:
    """The experiments of those entries of the section that are mappings with a valid name."""
    return {name: layers for name, layers in expansion.layers.items() if layers[0].place[-1] in written}


def _names(config, section: str) -> list[str]:
    names = config.get(section) if isinstance(config, dict) else None
    return [name for name in names if isinstance(name, str)] if isinstance(names, dict) else []


def _checked_sections(parent: Section) -> Iterator[tuple[str, CheckedSection]]:
    return ((key, value) for key, value in parent if isinstance(value, CheckedSection))


def _has_toy(file: ConfigurationFile, broken: set[Place]) -> bool:
    """Whether an analysis that needs neither data set nor experiment is wanted, valid or not."""
    return file.analyses.vog_toy is not None or any(place[:2] == ("analyses", "vog_toy") for place in broken)


def _score_families(file: ConfigurationFile, experiments: Mapping[str, Mapping]) -> dict[str, str]:
    """Score -> the analysis that gives it."""
    return {
        score: family
        for family, analysis in _checked_sections(file.analyses)
        for score in analysis.given_scores(experiments)
    }


def _reference_faults(file: ConfigurationFile, suite: Suite) -> Iterator[tuple[Place, str]]:
    """Names that nothing has, and what does not fit together."""
    for place, text in subset_references.faults(file.datasets, suite):
        yield ("datasets", *place), text
    for place, text in evaluations.faults(file.evaluations, suite):
        yield ("evaluations", *place), text
    for place, text in comparisons.faults(file.analyses.comparisons, suite):
        yield ("analyses", "comparisons", *place), text
    for place, text in generalization.faults(file.analyses.generalization, suite):
        yield ("analyses", "generalization", *place), text
    for section in ("analyses", "figures"):
        for key, part in _checked_sections(getattr(file, section)):
            for place, text in part.faults(suite):
                yield (section, key, *place), text


def _configuration(file: ConfigurationFile, resolved: Mapping[str, Experiment], suite: Suite) -> Configuration:
    experiments = {name: experiment.model_dump(exclude_none=True) for name, experiment in resolved.items()}
    analyses = file.analyses.model_dump(exclude_none=True)
    of_images = file.analyses.images.image_experiments(suite) if file.analyses.images else []
    statistics = file.analyses.images.statistics if of_images else []
    analyses["correlation"]["scores"] = file.analyses.correlation.compared(statistics)
    if file.analyses.relations:
        analyses["relations"]["drawn"] = file.analyses.relations.drawn_scores()
    groups = {name: [name] for name, each in resolved.items() if len(each.seeds) > 1}  # folds of one are one network
    studies = resolved_studies(file.analyses.generalization, suite)
    return Configuration(
        datasets={name: source.model_dump(exclude_none=True) for name, source in file.datasets.items()},
        experiments=experiments,
        evaluations=with_studies(file.evaluations, studies),
        analyses=analyses,
        figures=file.figures.model_dump(exclude_none=True),
        agreement_groups=groups | analyses["agreement"]["groups"],
        detections=detections(analyses["detection"], experiments),
        truth_columns={name: suite.truth_columns(name) for name in file.datasets},
        score_families=dict.fromkeys(HELD_OUT_SCORES, "label_quality") | _score_families(file, experiments),
        vog_stages=file.analyses.vog.stages_of_experiments(suite) if file.analyses.vog else {},
        probed_epochs=file.analyses.prediction_depth.probed_epochs(suite) if file.analyses.prediction_depth else {},
        influence_epochs=file.analyses.influence.influence_epochs(suite) if file.analyses.influence else {},
        coherent_epochs=file.analyses.coherence.coherent_epochs(suite) if file.analyses.coherence else {},
        precision_epochs=file.analyses.average_precision.precision_epochs(suite),
        generalization=studies,
        image_experiments=of_images,
        image_maps=file.figures.image_maps.mapped(suite) if file.figures.image_maps else {},
        related_experiments=file.analyses.relations.related_experiments(suite) if file.analyses.relations else [],
    )
