"""Studies of generalization: experiments on parts of one data set, and what their networks are tested on.

A study needs all of its networks tested on the held-out part of each data set and on the test split of the original
one, so it implies evaluations, which need not be configured. A part whose test split is that of the data set it is of
(`test: null`) has no held-out part of its own: its networks are tested there once, under the other's name.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated

from pydantic import Field, field_validator

from difficulty.config.core.annotations import CheckedBy, GoesWith
from difficulty.config.core.lists import ColoredExperiments
from difficulty.config.core.names import Name, Text
from difficulty.config.core.problems import Place, alternatives, expected
from difficulty.config.core.section import Section, problem
from difficulty.config.data.datasets import Npz, Parquet
from difficulty.config.data.image_folders import Voc
from difficulty.config.data.subset_references import holder_of_test_split
from difficulty.config.data.subsets import ByClass, ByLearning, ByScore, ByVerdict, Subset
from difficulty.config.suite import Suite

_TABLES = ("summary", "traits")  # {study}-summary.parquet lies beside {study}.parquet


class Study(Section):
    """Whether the examples of one part generalise better among themselves than those of another (Zielinski 2020)."""

    experiments: ColoredExperiments = Field(
        description="experiments on subsets, one each, of the same data set, in the order of the figure; each of their "
        "runs is evaluated on the test splits of all these subsets and of that data set"
    )
    control: Text | None = Field(
        None,
        description="one of the experiments, e.g. on a random subset, that the others are compared with; null: none",
    )
    scores_of: Text | None = Field(
        None,
        description="experiment on the data set that the subsets are of, whose scores tell what the examples of each "
        "have; null: the one that chose them, if any",
    )

    @field_validator("control")
    @classmethod
    def _is_one_of_them(cls, control, info):
        names = info.data.get("experiments", [control])
        if control is not None and control not in names:
            raise problem(expected(alternatives(names), control, names))
        return control


def faults(studies: Mapping[str, Study], suite: Suite) -> Iterator[tuple[Place, str]]:
    """Yields (place, problem) for unknown experiments, and for those not trained on parts of one data set."""
    for name, study in studies.items():
        of_tables = [other for other in studies for table in _TABLES if name == f"{other}-{table}"]
        if of_tables:
            yield (name,), f"is what a table of study {of_tables[0]!r} is called; choose another name"
        first: dict[str, str] = {}  # data set -> the experiment on it
        for index, experiment in enumerate(study.experiments):
            place = (name, "experiments", index)
            if text := suite.no_experiment(experiment):
                yield place, text
            elif dataset := suite.experiments[experiment].get("dataset"):
                if text := _experiment_fault(experiment, dataset, first, suite):
                    yield place, text
                first.setdefault(dataset, experiment)
        if study.scores_of is not None and (text := _scores_fault(study.scores_of, first, suite)):
            yield (name, "scores_of"), text


def _scores_fault(experiment: str, parts: Iterable[str], suite: Suite) -> str | None:
    """Returns an error message if the experiment does not score the examples of the parts."""
    if text := suite.no_experiment(experiment):
        return text
    dataset = suite.experiments[experiment].get("dataset")
    if part := next((part for part in parts if dataset not in (None, *suite.ancestors(part)[1:])), None):
        return f"experiment {experiment!r} is trained on {dataset!r}, which {part!r} is no subset of; choose another"
    return None


def _experiment_fault(experiment: str, dataset: str, first: Mapping[str, str], suite: Suite) -> str | None:
    """Returns an error message if the experiment cannot be compared with those before it."""
    if text := suite.no_networks(experiment):
        return f"{text}, which come without a network to evaluate"
    if suite.datasets.get(dataset) is None:  # not valid itself
        return None
    if not isinstance(suite.datasets[dataset], Subset):
        return f"experiment {experiment!r} is trained on {dataset!r}, which is no subset; choose one on a subset"
    if dataset in first:
        return f"experiment {experiment!r} is trained on {dataset!r}, as {first[dataset]!r} is; choose another subset"
    *_, original = suite.ancestors(dataset)
    for other in first:
        if isinstance(suite.datasets.get(other), Subset) and (of := suite.ancestors(other)[-1]) != original:
            return f"expected subsets of the same data set, got {other!r} of {of!r} and {dataset!r} of {original!r}"
    if any(isinstance(part.select, ByClass) for part in _parts(dataset, suite)):
        return f"experiment {experiment!r} knows only some classes of {original!r}: {dataset!r} is chosen by class"
    return no_test_split(original, dataset, suite)


def no_test_split(original: str, dataset: str, suite: Suite) -> str | None:
    """Returns an error message if a data set that is not a subset, and that `dataset` is of, has no test split."""
    source, of = suite.datasets.get(original), "" if original == dataset else f", which {dataset!r} is of,"
    if isinstance(source, Parquet | Npz) and source.files.test is None:
        return f"data set {original!r}{of} has no test split; set its files.test"
    if isinstance(source, Voc) and source.test is None:
        return f"data set {original!r}{of} has no test split; set its test"
    return None


def resolved_studies(studies: Mapping[str, Study], suite: Suite) -> dict[str, dict]:
    """Returns study -> what its tables depend on; the studies must have no faults.

    experiments, datasets: in order, what each is trained on. original: the data set that all are, in the end, subsets
    of. tests: data sets whose test splits differ, the original last. control, if there is one. chosen_by: data set ->
    scores by which it was chosen. scores_of: as configured, or the first experiment whose scores or predictions chose
    one, if any.
    """
    found = {}
    for name, study in studies.items():
        datasets = [suite.experiments[experiment]["dataset"] for experiment in study.experiments]
        parts = {dataset: _parts(dataset, suite) for dataset in datasets}
        *_, original = suite.ancestors(datasets[0])
        tests = dict.fromkeys(holder_of_test_split(dataset, suite) for dataset in datasets)
        selections = [part.select for chain in parts.values() for part in chain]
        choosers = [each.experiment for each in selections if isinstance(each, ByScore | ByLearning | ByVerdict)]
        found[name] = {
            **({"scores_of": choosers[0]} if choosers else {}),
            **study.model_dump(exclude_none=True),
            "datasets": datasets,
            "original": original,
            "tests": [*(test for test in tests if test != original), original],
            "chosen_by": {
                dataset: [part.select.score for part in chain if isinstance(part.select, ByScore)]
                for dataset, chain in parts.items()
            },
        }
    return found


def with_studies(evaluations: Mapping[str, list[str]], studies: Mapping[str, Mapping]) -> dict[str, list[str]]:
    """Returns experiment -> data sets to evaluate on: those its studies imply, then those configured, without repeats.

    studies: as `resolved_studies` gives them.
    """
    implied: dict[str, list[str]] = {}
    for study in studies.values():
        for experiment, own in zip(study["experiments"], study["datasets"], strict=True):
            implied.setdefault(experiment, []).extend(test for test in study["tests"] if test != own)
    names = [*implied, *(name for name in evaluations if name not in implied)]
    return {name: list(dict.fromkeys([*implied.get(name, []), *evaluations.get(name, [])])) for name in names}


def _parts(dataset: str, suite: Suite) -> list[Subset]:
    """The subset of this name, the subset it was chosen from, and so on."""
    sources = [suite.datasets.get(name) for name in suite.ancestors(dataset)]
    return [source for source in sources if isinstance(source, Subset)]


Studies = Annotated[dict[Name, Study], GoesWith(("datasets", "experiments")), CheckedBy(faults)]
