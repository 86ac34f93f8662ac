"""Agreement of runs: which groups of experiments are compared, and by which scores their order of the examples."""

from collections.abc import Iterable, Iterator
from typing import Annotated

from pydantic import Field

from difficulty.config.core.annotations import GoesWith
from difficulty.config.core.lists import Scores, SeveralExperiments
from difficulty.config.core.names import Name
from difficulty.config.core.problems import Place
from difficulty.config.suite import CheckedSection, Suite, missing_scores

_TABLES = ("order", "reliability", "statistics")  # {group}-order.parquet lies beside {group}.parquet


class Agreement(CheckedSection):
    """How far runs agree on what they get right (Pliushch et al. 2022)."""

    groups: Annotated[dict[Name, SeveralExperiments], GoesWith(("experiments",))] = Field(
        {},
        description="name -> experiments on the same data set, in addition to one group per experiment, under its own "
        "name; noise-* stands for all whose name fits",
    )
    scores: Scores = Field(
        ["learning_epoch", "first_learned", "aum", "loss_mean"],
        description="scores whose order of the examples is compared between the runs of a group; the first is drawn",
    )

    def faults(self, suite: Suite) -> Iterator[tuple[Place, str]]:
        """Yields a fault for each group that mixes data sets or takes a used name, and for each missing score."""
        yield from missing_scores(self.scores, suite, of_runs=True)
        for first, second in _named_like_a_table(self.groups, suite.experiments):
            if second in self.groups:
                yield ("groups", second), f"is what a table of group {first!r} is called; choose another name"
            elif first in self.groups:
                yield ("groups", first), f"one of its tables would be called like experiment {second!r}; choose another"
            else:
                yield (), f"a table of experiment {first!r} would be called like experiment {second!r}; rename one"
        for group, names in self.groups.items():
            if group in suite.experiments:
                yield ("groups", group), "is the name of an experiment, which has a group of its own; choose another"
            for index, name in enumerate(names):
                if text := suite.no_experiment(name):
                    yield ("groups", group, index), text
            datasets = {suite.experiments[name].get("dataset"): name for name in names if name in suite.experiments}
            datasets.pop(None, None)
            if len(datasets) > 1:
                (one, first), (other, second), *_ = datasets.items()
                text = (
                    f"expected experiments on the same data set, got {first!r} on {one!r} and {second!r} on {other!r}"
                )
                yield ("groups", group), text


def _named_like_a_table(*sections: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yields pairs of group names where a table of the first would be called like the second."""
    names = {name: None for section in sections for name in section}
    yield from ((name, f"{name}-{table}") for name in names for table in _TABLES if f"{name}-{table}" in names)
