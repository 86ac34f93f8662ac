"""The whole suite, against which sections that name experiments, data sets or scores are checked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from difficulty.config.core.problems import Place, unknown_name
from difficulty.config.core.section import Section
from difficulty.config.data.data_source import DataSource
from difficulty.config.data.datasets import AnySource, Records
from difficulty.config.training.architectures import LINEAR_PROBE


@dataclass(frozen=True)
class Suite:
    """Everything that is configured and valid.

    datasets: name -> source, None for one that is not valid itself.
    experiments: name -> its valid settings, defaults included; those that are not valid are left out.
    scores: columns that the configured analyses give; one that two of them give is there twice.
    held_out_scores: columns that only examples have which a fold, a linear probe or somebody else's training holds out.
    pooled: columns that the runs of an experiment have together, and no run by itself.
    scored: column -> the experiments that have it, of the columns that not all experiments have.
    unranked: columns of scores that nothing ranks an experiment's examples by.
    undirected: columns of which neither end is the hard one.
    """

    datasets: Mapping[str, AnySource | None]
    experiments: Mapping[str, Mapping]
    scores: tuple[str, ...]
    held_out_scores: tuple[str, ...] = ()
    pooled: tuple[str, ...] = ()
    scored: Mapping[str, list[str]] = field(default_factory=dict)
    unranked: tuple[str, ...] = ()
    undirected: tuple[str, ...] = ()

    def no_experiment(self, name: str) -> str | None:
        """Returns an error message if no experiment has this name."""
        return None if name in self.experiments else unknown_name("experiment", name, self.experiments)

    def no_dataset(self, name: str) -> str | None:
        """Returns an error message if no data set has this name."""
        return None if name in self.datasets else unknown_name("data set", name, self.datasets)

    def no_score(self, name: str, experiment: str | None = None) -> str | None:
        """Returns an error message if no analysis computes the score for the experiment (None: for every one)."""
        if name not in self.scores:
            return unknown_name("score", name, self.scores)
        wanted = [experiment] if experiment else self.experiments
        having = self.scored.get(name, wanted)
        without = [each for each in wanted if each not in having and "checkpoints" in self.experiments[each]]
        if not without:
            return None
        remedy = "set its folds" if name in self.pooled else "see what `analyses` says of it"
        return f"experiment {without[0]!r} has no {name}; {remedy}"

    def no_score_of_runs(self, name: str, experiment: str | None = None) -> str | None:
        """Returns an error message if single runs of the experiment (None: of every one) do not have the score."""
        if name in self.pooled:
            return f"{name!r} pools all runs of an experiment, and no run has it by itself; choose another score"
        return self.no_score(name, experiment)

    def no_ranking(self, name: str, experiment: str | None = None) -> str | None:
        """Returns an error message if the score does not rank the experiment's examples (None: those of every one)."""
        if name in self.unranked:
            return f"{name!r} is a statistic of the image alone, by which nothing is ranked; name a score of learning"
        return self.no_score(name, experiment)

    def ancestors(self, dataset: str) -> list[str]:
        """A data set, what it is a subset of, what that is a subset of, and so on."""
        names = [dataset]
        while (further := getattr(self.datasets.get(names[-1]), "of", None)) and further not in names:
            names.append(further)
        return names

    def truth_columns(self, dataset: str) -> list[str] | None:
        """Columns of a data set that say what is really hard; None if it is not valid itself."""
        source = self.datasets.get(self.ancestors(dataset)[-1])
        return source.truth_columns() if isinstance(source, DataSource | Records) else None

    def is_imported(self, experiment: str) -> bool:
        """Whether an experiment is records of runs that were made elsewhere."""
        return self.has_no_images(self.experiments[experiment].get("dataset"))

    def is_linear_probe(self, experiment: str) -> bool:
        """Whether an experiment has a linear probe on given features in place of a network."""
        return self.experiments[experiment].get("architecture") == LINEAR_PROBE

    def no_networks(self, experiment: str) -> str | None:
        """Returns how an error message begins, about an experiment whose runs come without networks."""
        if self.is_imported(experiment):
            return f"experiment {experiment!r} is records of other runs"
        return f"experiment {experiment!r} is linear probes on features" if self.is_linear_probe(experiment) else None

    def several_labels(self, experiment: str) -> str | None:
        """Returns an error message if the experiment's images have several labels each."""
        if not self.is_multi_label(experiment):
            return None
        return f"images of experiment {experiment!r} have several labels each, for which this is not defined; remove it"

    def mixes_images(self, experiment: str) -> bool:
        """Whether what a network of an experiment makes of an image depends on the other images of the batch."""
        return self.experiments[experiment].get("batch_norm") == "batch"

    def has_no_own_passes(self, experiment: str) -> str | None:
        """Returns an error message if an analysis of passes of single images cannot name the experiment."""
        if self.mixes_images(experiment):
            return (
                f"experiment {experiment!r} has batch_norm: batch, with which an image has no gradient or layer of its "
                "own; set it to settled or running, or remove the experiment here"
            )
        return self.several_labels(experiment)

    def is_multi_label(self, experiment: str) -> bool:
        """Whether the images of an experiment have several labels."""
        dataset = self.experiments[experiment].get("dataset")
        return dataset is not None and self.has_label_sets(dataset)

    def has_label_sets(self, dataset: str) -> bool:
        """Whether the images of a data set have several labels."""
        return getattr(self.datasets.get(self.ancestors(dataset)[-1]), "is_multi_label", False)

    def has_no_images(self, dataset: str) -> bool:
        """Whether a data set is records of other runs."""
        return isinstance(self.datasets.get(dataset), Records)

    def is_held_out(self, experiment: str) -> bool:
        """Whether nothing in an experiment has seen the training examples that it predicts."""
        source = self.datasets.get(self.experiments[experiment].get("dataset"))
        return self.is_linear_probe(experiment) or (isinstance(source, Records) and bool(source.held_out))

    def holds_nothing_out(self, experiment: str) -> bool:
        """Whether all networks of an experiment are trained on all of its training examples."""
        settings = self.experiments[experiment]
        return "folds" in settings and settings["folds"] is None and not self.is_held_out(experiment)

    def without_folds(self) -> str | None:
        """The first experiment that holds no examples out, if any."""
        return next(filter(self.holds_nothing_out, self.experiments), None)


class CheckedSection(Section):
    """An analysis or a figure: it may give scores, and it may refer to what other sections configure."""

    # Score columns that the analysis adds to the table of scores.
    gives: ClassVar[tuple[str, ...]] = ()
    # Those of which neither end is the hard one.
    undirected: ClassVar[tuple[str, ...]] = ()
    # Whether nobody is told of these columns where no experiment has them.
    known_where_scored: ClassVar[bool] = False

    def given_scores(self, experiments: Mapping[str, Mapping]) -> tuple[str, ...]:
        """Score columns that one of the experiments may have by this analysis. experiments: name -> valid settings."""
        return self.gives

    def unranked_scores(self) -> tuple[str, ...]:
        """Scores that nothing ranks an experiment's examples by."""
        return ()

    def scored(self, suite: Suite) -> dict[str, list[str]]:
        """Score -> the experiments that have it, for scores that not all experiments have."""
        return {}

    def used(self, suite: Suite) -> dict[str, Any] | list[str]:
        """The analysis's experiments; as a dictionary, with what it uses of each (epochs, stages, ...)."""
        return {}

    def implied(self, suite: Suite) -> dict[str, Any]:
        """Settings that depend on other sections; they replace the configured ones."""
        return {}

    def faults(self, suite: Suite) -> Iterator[tuple[Place, str]]:
        """(place within the section, problem) of whatever does not fit the rest of the configuration."""
        yield from ()


def unknown_scores(
    key: str, names: list[str], suite: Suite, ranking: bool = False, of_runs: bool = False
) -> Iterator[tuple[Place, str]]:
    """Yields a fault for each name that is no score, neither of held-out examples nor of others.

    ranking: whether examples are ranked by them. of_runs: whether each run must have them.
    """
    missing = suite.no_ranking if ranking else suite.no_score_of_runs if of_runs else suite.no_score
    for index, name in enumerate(names):
        if name not in suite.held_out_scores and (text := missing(name)):
            yield (key, index), text


def missing_scores(scores: list[str], suite: Suite, of_runs: bool = False) -> Iterator[tuple[Place, str]]:
    """Yields a fault for each entry of `scores` that not every experiment, or every run of it, has."""
    yield from unknown_scores("scores", scores, suite, of_runs=of_runs)
    for index, score in enumerate(scores):
        if score in suite.held_out_scores and (name := suite.without_folds()):
            yield ("scores", index), f"experiment {name!r} holds no examples out; set its folds or leave it out"
