"""The whole configuration, checked and resolved, for the workflow alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from difficulty.config.analyses.detection import detections
from difficulty.config.analyses.generalization import resolved_studies, with_studies
from difficulty.config.analyses.label_error import LABEL_ERROR_SCORES
from difficulty.config.analyses.label_quality import HELD_OUT_SCORES
from difficulty.config.analyses.memorization import POOLED_SCORES
from difficulty.config.analyses.removal import resolved_removals, with_removals
from difficulty.config.core.annotations import CheckedBy
from difficulty.config.core.patterns import spelled_out
from difficulty.config.core.problems import ConfigurationError, Place, told
from difficulty.config.core.section import Section
from difficulty.config.core.sizes import size_faults
from difficulty.config.data.subset_references import holder_of_test_split
from difficulty.config.file import ConfigurationFile, checked_file
from difficulty.config.suite import CheckedSection, Suite
from difficulty.config.training.chosen_seeds import with_pooled_seeds
from difficulty.config.training.experiment import Experiment, run_names
from difficulty.config.training.experiments import check_experiments
from difficulty.config.training.grids import Expansion, Layer, expanded


@dataclass(frozen=True)
class Configuration:
    """The resolved configuration, in plain dictionaries without keys that are null.

    evaluations: experiment -> further data sets, those that analyses imply included.
    agreement_groups: group -> experiments. detections: name -> the truth and how scores are tested against it.
    score_families: score -> the family that gives it. truth_columns: data set -> columns of what is known of it.
    test_splits: data set -> the data set that holds its test split, which subsets may share.
    generalization: study -> what its tables depend on, see `resolved_studies`. removals: the same of each removal, see
    `resolved_removals`.
    used, drawn: analysis, or figure, that is wanted -> its experiments, with what it uses of each where it chooses.
    memory: MiB that a job may take for tables and records; no result depends on it.
    source: what error messages call it.
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
    test_splits: dict[str, str]
    generalization: dict[str, dict]
    removals: dict[str, dict]
    used: dict[str, dict[str, Any] | list[str]]
    drawn: dict[str, dict[str, Any] | list[str]]
    memory: int
    source: str

    def runs(self, experiment: str, seeds: list[int] | None = None) -> list[str]:
        """Names of an experiment's runs, e.g. `seed-0` or `seed-0-fold-3`; of all its seeds or of those given."""
        settings = self.experiments[experiment]
        return run_names(seeds or settings["seeds"], settings.get("folds"))

    @property
    def vog_stages(self) -> dict[str, dict[str, list[int]]]:
        """Experiment -> stage -> epochs, where variance of gradients is computed."""
        return self.used.get("vog", {})

    @property
    def probed_epochs(self) -> dict[str, list[int]]:
        """Experiment -> epochs, where prediction depth is computed."""
        return self.used.get("prediction_depth", {})

    @property
    def influence_epochs(self) -> dict[str, list[int]]:
        """Experiment -> epochs, where influence scores are computed."""
        return self.used.get("influence", {})

    @property
    def coherent_epochs(self) -> dict[str, list[int]]:
        """Experiment -> epochs, where coherence of gradients is computed."""
        return self.used.get("coherence", {})

    @property
    def precision_epochs(self) -> dict[str, list[int]]:
        """Experiment -> epochs, where images have several labels."""
        return self.used["average_precision"]

    @property
    def image_experiments(self) -> list[str]:
        """The experiments whose scores include statistics of the images."""
        return self.used.get("images", [])

    @property
    def image_maps(self) -> dict[str, list[str]]:
        """Experiment -> statistics, where maps of images are drawn."""
        return self.drawn.get("image_maps", {})

    @property
    def related_experiments(self) -> list[str]:
        """The experiments whose scores are correlated with what is known of the images."""
        return self.used.get("relations", [])


def resolve(config: dict, source: str = "config.yaml") -> Configuration:
    """Checks and resolves a configuration.

    source: how error messages name it. Raises ConfigurationError with one line for everything that is wrong.
    """
    if too_large := size_faults(config):
        raise ConfigurationError(told(source, too_large))
    expansion = expanded(config.get("experiments") if isinstance(config, dict) else None)
    # Where a grid is wrong, whether a name is an experiment's is not known, and nothing is reported of names.
    experiments = list(expansion.layers) if expansion.is_complete else []
    spelled = spelled_out(config, experiments, ConfigurationFile)
    file, faults = checked_file(spelled.config)
    broken = {place for place, _ in faults}
    datasets = _names(config, "datasets")
    is_toy_alone = not (datasets or _names(config, "experiments")) and _has_toy(file, broken)
    if not is_toy_alone:
        faults += _missing_sections(config, broken)
    sources = {name: file.datasets.get(name) for name in datasets}
    valid = _of_valid(file.experiments, expansion)
    is_complete = expansion.is_complete and len(valid) == len(experiments)
    checked = check_experiments(file.defaults, valid, sources or None, is_complete)
    faults += expansion.faults
    if ("defaults",) not in broken:
        faults += checked.faults
    if (datasets and experiments) or is_toy_alone:
        suite = _suite(file, sources, {name: checked.known.get(name, {}) for name in experiments})
        faults += [(place, text) for place, text in _reference_faults(file, suite) if place not in broken]
    faults = spelled.as_written(faults)
    if experiments:
        faults += spelled.unmatched.items()
    if faults:
        raise ConfigurationError(told(source, _in_order(faults)))
    return _configuration(file, checked.resolved, suite, source)


def _names(config, section: str) -> list[str]:
    names = config.get(section) if isinstance(config, dict) else None
    return [name for name in names if isinstance(name, str)] if isinstance(names, dict) else []


def _has_toy(file: ConfigurationFile, broken: set[Place]) -> bool:
    """Whether an analysis that needs neither data set nor experiment is wanted, valid or not."""
    return file.analyses.vog_toy is not None or any(place[:2] == ("analyses", "vog_toy") for place in broken)


def _missing_sections(config, broken: set[Place]) -> Iterator[tuple[Place, str]]:
    for section, noun in (("datasets", "data set"), ("experiments", "experiment")):
        if not _names(config, section) and broken.isdisjoint({(), (section,)}):
            yield (section,), f"expected at least one {noun}"


def _of_valid(written: Mapping, expansion: Expansion) -> dict[str, tuple[Layer, ...]]:
    """The experiments that come from valid entries of the section."""
    return {name: layers for name, layers in expansion.layers.items() if layers[0].place[-1] in written}


def _suite(file: ConfigurationFile, sources: Mapping, experiments: Mapping[str, Mapping]) -> Suite:
    """Collects what sections are checked against. experiments: name -> valid settings."""
    analyses = [analysis for _, analysis in _checked_sections(file.analyses)]
    with_folds = [name for name, each in experiments.items() if each.get("folds")]
    folded = POOLED_SCORES if with_folds else ()
    pooled = LABEL_ERROR_SCORES + folded
    suite = Suite(
        datasets=sources,
        experiments=experiments,
        scores=tuple(score for each in analyses for score in each.given_scores(experiments)) + pooled,
        pooled=pooled,
    )
    if with_folds or any(map(suite.is_held_out, experiments)):
        suite = replace(suite, held_out_scores=HELD_OUT_SCORES)
    limited = [each.scored(suite) for each in analyses]
    unknown = {
        score
        for each, scored in zip(analyses, limited, strict=True)
        for score in scored
        if each.known_where_scored and not scored[score]
    }
    return replace(
        suite,
        scores=tuple(score for score in suite.scores if score not in unknown),
        scored={score: names for scored in limited for score, names in scored.items()}
        | dict.fromkeys(folded, with_folds),
        unranked=tuple(score for each in analyses for score in each.unranked_scores()),
        undirected=tuple(score for each in analyses for score in each.undirected),
    )


def _checked_sections(parent: Section) -> Iterator[tuple[str, CheckedSection]]:
    return ((key, value) for key, value in parent if isinstance(value, CheckedSection))


def _reference_faults(section: Section, suite: Suite) -> Iterator[tuple[Place, str]]:
    """Yields (place, problem) for unknown names and contradictions in a section and in those within it."""
    for key, field in type(section).model_fields.items():
        value = getattr(section, key)
        checks = [mark.faults for mark in field.metadata if isinstance(mark, CheckedBy)]
        faults = [fault for check in checks for fault in check(value, suite)]
        if isinstance(value, CheckedSection):
            faults += value.faults(suite)
        if isinstance(value, Section):
            faults += _reference_faults(value, suite)
        yield from (((key, *place), text) for place, text in faults)


def _in_order(faults: list[tuple[Place, str]]) -> list[tuple[Place, str]]:
    """The faults in the order of the sections; those of the whole file first."""
    order = list(ConfigurationFile.model_fields)
    return sorted(faults, key=lambda fault: order.index(fault[0][0]) if fault[0] and fault[0][0] in order else -1)


def _configuration(
    file: ConfigurationFile, resolved: Mapping[str, Experiment], suite: Suite, source: str
) -> Configuration:
    datasets = {name: each.model_dump(exclude_none=True) for name, each in file.datasets.items()}
    experiments = {name: experiment.model_dump(exclude_none=True) for name, experiment in resolved.items()}
    analyses = file.analyses.model_dump(exclude_none=True)
    for name, analysis in _checked_sections(file.analyses):
        analyses[name] |= analysis.implied(suite)
    groups = {name: [name] for name, each in resolved.items() if len(each.seeds) > 1}  # folds of one are one network
    families = {
        score: family
        for family, analysis in _checked_sections(file.analyses)
        for score in analysis.given_scores(experiments)
    }
    studies = resolved_studies(file.analyses.generalization, suite)
    removals = resolved_removals(file.analyses.removal, suite)
    return Configuration(
        datasets=with_pooled_seeds(datasets, experiments),
        experiments=experiments,
        evaluations=with_removals(with_studies(file.evaluations, studies), removals, experiments),
        analyses=analyses,
        figures=file.figures.model_dump(exclude_none=True),
        agreement_groups=groups | analyses["agreement"]["groups"],
        detections=detections(analyses["detection"], experiments),
        score_families=dict.fromkeys(HELD_OUT_SCORES, "label_quality")
        | dict.fromkeys(POOLED_SCORES, "memorization")
        | dict.fromkeys(LABEL_ERROR_SCORES, "label_error")
        | families,
        truth_columns={name: suite.truth_columns(name) for name in file.datasets},
        test_splits={name: holder_of_test_split(name, suite) for name in file.datasets},
        generalization=studies,
        removals=removals,
        used={name: analysis.used(suite) for name, analysis in _checked_sections(file.analyses)},
        drawn={name: figure.used(suite) for name, figure in _checked_sections(file.figures)},
        memory=file.memory,
        source=source,
    )
