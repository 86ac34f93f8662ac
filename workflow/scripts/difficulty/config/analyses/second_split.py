"""Second-split forgetting: the experiments and seeds that are trained on two halves, and how the second is trained."""

from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from difficulty.config.core.lists import ExperimentNames
from difficulty.config.core.problems import Place, expected
from difficulty.config.core.ranges import Range, Seed
from difficulty.config.core.section import without_repeats
from difficulty.config.data.subsets import ByScore
from difficulty.config.suite import CheckedSection, Suite
from difficulty.config.training.snapshots import is_snapshots

_Seeds = Annotated[list[Seed], Field(min_length=1), AfterValidator(without_repeats)]


class SecondSplit(CheckedSection):
    """Second-split forgetting (Maini et al. 2022): when training on the other half makes a network forget an example.

    Two more trainings for each run, each with one half of the training examples first.
    """

    gives: ClassVar[tuple[str, ...]] = ("second_split_forgetting",)

    experiments: ExperimentNames | None = Field(
        None,
        description="experiments that are scored (noise-*: all whose name fits); null: all that are trained here and "
        "have one label per image",
    )
    epochs: Annotated[int, Range(1, 100_000)] = Field(
        10, description="passes over the other half, after the experiment's own epochs on the first"
    )
    lr: Annotated[float, Range(0, 1e6, low_excluded=True)] | None = Field(
        None, description="learning rate of these, which is constant; null: that of the experiment's optimizer"
    )
    seeds: _Seeds | None = Field(None, description="seeds whose runs are scored; null: all")

    def used(self, suite: Suite) -> dict[str, list[int]]:
        """Experiment -> seeds whose runs are scored."""
        wanted = suite.experiments if self.experiments is None else self.experiments
        trained = [name for name in wanted if name in suite.experiments and not _has_no_halves(name, suite)]
        of_seeds = {name: suite.experiments[name].get("seeds", []) for name in trained}
        return {name: [seed for seed in own if seed in (self.seeds or own)] for name, own in of_seeds.items()}

    def scored(self, suite: Suite) -> dict[str, list[str]]:
        """Score -> the experiments that have it."""
        return {score: list(self.used(suite)) for score in self.gives}

    def faults(self, suite: Suite) -> Iterator[tuple[Place, str]]:
        """Yields a fault for experiments that are unknown or have no halves, and for seeds that they do not have."""
        for index, name in enumerate(self.experiments or []):
            if text := suite.no_experiment(name) or _has_no_halves(name, suite):
                yield ("experiments", index), text
        for index, seed in enumerate(self.seeds or []):
            for name in self.used(suite):
                if seed not in (known := suite.experiments[name].get("seeds", [seed])):
                    yield ("seeds", index), expected(f"a seed of {name!r}, {known}", seed)
                    break
        yield from self._faults_of_subsets(suite)

    def _faults_of_subsets(self, suite: Suite) -> Iterator[tuple[Place, str]]:
        """Yields a fault for each subset that is chosen by runs that are not scored."""
        for name, source in suite.datasets.items():
            select = getattr(source, "select", None)
            is_chosen = self.seeds and isinstance(select, ByScore) and select.score in self.gives
            if is_chosen and (missing := sorted({*select.seeds} - {*self.seeds})):
                yield ("seeds",), f"data set {name!r} is chosen by seed {missing[0]}, too; add it"


def _has_no_halves(experiment: str, suite: Suite) -> str | None:
    """Returns an error message if the experiment is not trained here or its images have several labels."""
    if suite.is_linear_probe(experiment):
        return f"{suite.no_networks(experiment)}, which are not trained further; name experiments with networks"
    if suite.is_imported(experiment) or is_snapshots(suite.experiments[experiment].get("checkpoints")):
        return f"experiment {experiment!r} was trained elsewhere; name experiments that are trained here"
    return suite.several_labels(experiment)
