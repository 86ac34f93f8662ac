"""Removals: does an experiment get better without some of its examples, or with other labels for them?

Whoever asks names the experiments: on subsets of the data set, chosen by some rule, with the labels of the experiment.
All are tested on the test split of that data set, which need not be configured.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import Field, field_validator

from difficulty.config.analyses.generalization import no_test_split
from difficulty.config.core.annotations import CheckedBy, GoesWith
from difficulty.config.core.lists import COLORS, ExperimentNames
from difficulty.config.core.names import Name, Text
from difficulty.config.core.problems import Place, alternatives, expected
from difficulty.config.core.section import Section, problem
from difficulty.config.data.subset_references import holder_of_test_split
from difficulty.config.data.subsets import ByClass
from difficulty.config.suite import Suite
from difficulty.config.training.shared_labels import source_of_labels

NOTHING = "nothing"  # the rule of the experiment that all examples are left to
_TABLES = ("summary",)  # {removal}-summary.parquet lies beside {removal}.parquet


class Removal(Section):
    """What an experiment gains from leaving examples out, or from correcting labels, by some rules."""

    experiment: Text = Field(description="the experiment on all examples, with the labels as they are")
    rules: Annotated[dict[Text, ExperimentNames], Field(min_length=1, max_length=COLORS)] = Field(
        description="rule -> experiments that follow it, on subsets of the experiment's data set or with corrected "
        "labels, e.g. {label_error: [cleaned], random: [drawn]}; several of a rule differ in how many examples are left"
    )
    control: Text | None = Field(
        None,
        description="one of the rules, e.g. random: the others are compared with its experiment that has the nearest "
        "number of examples; null: with the experiment on all examples only",
    )

    @field_validator("rules")
    @classmethod
    def _remove_something(cls, rules):
        if NOTHING in rules:
            raise problem(f"{NOTHING!r} is what the tables call the experiment on all examples; rename the rule")
        return rules

    @field_validator("control")
    @classmethod
    def _is_one_of_them(cls, control, info):
        rules = info.data.get("rules", [control])
        if control is not None and control not in rules:
            raise problem(expected(alternatives(rules), control, rules))
        return control


def faults(removals: Mapping[str, Removal], suite: Suite) -> Iterator[tuple[Place, str]]:
    """Yields (place, problem) for unknown experiments, and for those that differ in more than what is left out."""
    for name, removal in removals.items():
        of_tables = [other for other in removals for table in _TABLES if name == f"{other}-{table}"]
        if of_tables:
            yield (name,), f"is what a table of removal {of_tables[0]!r} is called; choose another name"
        base, first = removal.experiment, {removal.experiment: "experiment"}
        if text := suite.no_experiment(base) or _base_fault(base, suite):
            yield (name, "experiment"), text
            continue
        for rule, experiments in removal.rules.items():
            for index, experiment in enumerate(experiments):
                text = suite.no_experiment(experiment) or _fault(experiment, base, suite)
                if experiment in first:
                    text = f"{experiment!r} is named in {first[experiment]} already; remove it here or there"
                if text:
                    yield (name, "rules", rule, index), text
                first.setdefault(experiment, f"rules.{rule}")


def _base_fault(experiment: str, suite: Suite) -> str | None:
    """Returns an error message if nothing can be compared with an experiment on all examples."""
    if text := suite.no_networks(experiment):
        return f"{text}, which come without a network to evaluate"
    if suite.is_multi_label(experiment):
        return suite.several_labels(experiment)
    dataset = suite.experiments[experiment].get("dataset")
    return dataset and no_test_split(suite.ancestors(dataset)[-1], dataset, suite)


def _fault(experiment: str, base: str, suite: Suite) -> str | None:
    """Returns an error message if an experiment differs from `base` in more than examples and corrected labels."""
    if text := suite.no_networks(experiment):
        return f"{text}, which come without a network to evaluate"
    own, of = (suite.experiments[name].get("dataset") for name in (experiment, base))
    if own is None or of is None:  # not valid themselves
        return None
    names = suite.ancestors(own)
    if of not in names:
        return f"experiment {experiment!r} is trained on {own!r}, which is no subset of {of!r}; choose one on a subset"
    sources = [suite.datasets[name] for name in names[: names.index(of)]]
    if any(source is not None and isinstance(source.select, ByClass) for source in sources):
        return f"experiment {experiment!r} knows only some classes of {of!r}: {own!r} is chosen by class"
    if not _has_labels_of(experiment, base, suite):
        shared = f"{{kind: experiment, experiment: {base}}}"
        return f"experiment {experiment!r} has other labels than {base!r}; set its label_noise to {shared}"
    return None


def _has_labels_of(experiment: str, base: str, suite: Suite) -> bool:
    """Whether the labels of an experiment are those of `base`, or of where these are from, as they are or corrected."""
    settings = [suite.experiments[name] for name in (experiment, base)]
    if any("label_noise" not in each for each in settings):  # not valid itself
        return True
    origins = {base, *_sources_of_labels(base, suite)}
    return not origins.isdisjoint(_sources_of_labels(experiment, suite)) or all(
        each["label_noise"] is None for each in settings
    )


def _sources_of_labels(experiment: str, suite: Suite) -> list[str]:
    """The experiment that an experiment has its labels from, the one that that has them from, and so on."""
    found = []
    while (source := source_of_labels(suite.experiments.get(experiment, {}))) and source not in found:
        found.append(source)
        experiment = source
    return found


def resolved_removals(removals: Mapping[str, Removal], suite: Suite) -> dict[str, dict]:
    """Returns removal -> what its tables depend on; the removals must have no faults.

    experiment, control (if there is one). rules: pairs of a rule and its experiments, in order. tests: experiment ->
    the data set under whose name its networks are tested on the test split of the experiment's. is_known: whether it is
    known which labels of the experiment are wrong.
    """
    found = {}
    for name, removal in removals.items():
        experiments = [removal.experiment, *(each for names in removal.rules.values() for each in names)]
        trained_on = {each: suite.experiments[each]["dataset"] for each in experiments}
        original = trained_on[removal.experiment]
        holders = {dataset: holder_of_test_split(dataset, suite) for dataset in trained_on.values()}
        found[name] = {
            **removal.model_dump(exclude_none=True),
            "rules": [[rule, names] for rule, names in removal.rules.items()],
            "tests": {
                each: dataset if holders[dataset] == holders[original] else original
                for each, dataset in trained_on.items()
            },
            "is_known": suite.experiments[removal.experiment]["label_noise"] is not None,
        }
    return found


def with_removals(
    evaluations: Mapping[str, list[str]], removals: Mapping[str, Mapping], experiments: Mapping[str, Mapping]
) -> dict[str, list[str]]:
    """Returns experiment -> data sets to evaluate on: those configured, then those that its removals imply.

    removals: as `resolved_removals` gives them. experiments: resolved settings by name.
    """
    found = {name: list(datasets) for name, datasets in evaluations.items()}
    for removal in removals.values():
        for name, test in removal["tests"].items():
            if test != experiments[name]["dataset"] and test not in found.get(name, []):
                found.setdefault(name, []).append(test)
    return found


Removals = Annotated[dict[Name, Removal], GoesWith(("datasets", "experiments")), CheckedBy(faults)]
