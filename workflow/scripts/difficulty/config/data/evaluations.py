"""Further data sets that the runs of an experiment are evaluated on; nothing is retrained."""

from collections.abc import Iterator, Mapping
from typing import Annotated

from difficulty.config.core.annotations import CheckedBy, ExperimentPatterns, GoesWith
from difficulty.config.core.lists import Names
from difficulty.config.core.names import Text
from difficulty.config.core.problems import Place
from difficulty.config.data.datasets import Records
from difficulty.config.suite import Suite


def faults(evaluations: Mapping[str, list[str]], suite: Suite) -> Iterator[tuple[Place, str]]:
    """Yields (place, problem) for names that are no experiment or no data set."""
    for experiment, datasets in evaluations.items():
        if text := suite.no_experiment(experiment):
            yield (experiment,), text
        elif isinstance(suite.datasets.get(suite.experiments[experiment].get("dataset")), Records):
            yield (experiment,), "records of other runs come without a network to evaluate; remove it"
        elif suite.is_linear_probe(experiment):
            yield (experiment,), "linear probes on features come without a network to evaluate; remove it"
        for index, dataset in enumerate(datasets):
            if text := suite.no_dataset(dataset):
                yield (experiment, index), text
            elif isinstance(suite.datasets.get(suite.ancestors(dataset)[-1]), Records):
                yield (experiment, index), f"data set {dataset!r} has no images; remove it"
            elif experiment in suite.experiments and (text := _other_labels(experiment, dataset, suite)):
                yield (experiment, index), text


def _other_labels(experiment: str, dataset: str, suite: Suite) -> str | None:
    """Returns an error message if images have several labels in one data set and a single label in the other."""
    own = suite.experiments[experiment].get("dataset")
    if own is None or suite.has_label_sets(own) == suite.has_label_sets(dataset):
        return None
    several, one = (own, dataset) if suite.has_label_sets(own) else (dataset, own)
    return f"images of {several!r} have several labels each, those of {one!r} have one; remove it"


Evaluations = Annotated[
    dict[Annotated[Text, ExperimentPatterns()], Names], GoesWith(("datasets", "experiments")), CheckedBy(faults)
]
