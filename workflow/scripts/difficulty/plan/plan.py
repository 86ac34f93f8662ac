"""The plan: which results a configuration leads to, and what each of them depends on.

There is a part for each phase and each family of scores. A method is called as the rule and the script are, such as
`score_vog`; it takes the wildcards that matter and returns the `Stage` of such a job. No part knows Snakemake.
"""

from collections.abc import Callable, Iterable, Mapping

from difficulty.config.resolve import Configuration
from difficulty.hash_chain import hash_chain
from difficulty.plan import paths
from difficulty.plan.agreement import Agreement
from difficulty.plan.atlas import Atlas
from difficulty.plan.augmentation_sensitivity import AugmentationSensitivity
from difficulty.plan.checks import Checks
from difficulty.plan.coherence import Coherence
from difficulty.plan.data import Data
from difficulty.plan.depth import PredictionDepth
from difficulty.plan.export import Export
from difficulty.plan.features import Features
from difficulty.plan.figures import Figures
from difficulty.plan.generalization import Generalization
from difficulty.plan.images import Images
from difficulty.plan.influence import Influence
from difficulty.plan.removal import Removal
from difficulty.plan.scores import Scores
from difficulty.plan.second_split import SecondSplit
from difficulty.plan.stage import Stage, as_json, remembered
from difficulty.plan.training import Training
from difficulty.plan.vog import Vog
from difficulty.plan.vog_toy import VogToy


class Plan:
    """All parts of the plan, by the names of the phases.

    digest: script and names of modules -> digest of their source.
    memory: MiB that a job may take for tables and records. No stage depends on it.
    families: family of scores -> method that returns the stage of an experiment's, or None if it has none.
    """

    def __init__(self, configuration: Configuration, digest: Callable[..., str]):
        self.configuration, self.digest = configuration, digest
        self.datasets, self.experiments = configuration.datasets, configuration.experiments
        self.analyses, self.memory = configuration.analyses, configuration.memory
        self.data = Data(self)
        self.training = Training(self)
        self.checks = Checks(self)
        self.scores = Scores(self)
        self.vog = Vog(self)
        self.images = Images(self)
        self.depth = PredictionDepth(self)
        self.influence = Influence(self)
        self.coherence = Coherence(self)
        self.augmentation_sensitivity = AugmentationSensitivity(self)
        self.second_split = SecondSplit(self)
        self.features = Features(self)
        self.agreement = Agreement(self)
        self.generalization = Generalization(self)
        self.removal = Removal(self)
        self.vog_toy = VogToy(self)
        self.figures = Figures(self)
        self.atlas = Atlas(self)
        self.export = Export(self)
        # In the order in which their columns stand in the table of all scores.
        self.families: dict[str, Callable[..., Stage | None]] = {
            "dynamics": self.scores.score_dynamics,
            "label_quality": self.scores.label_quality,
            "memorization": self.scores.score_memorization,
            "label_error": self.scores.score_label_error,
            "vog": self.vog.score_vog,
            "images": self.images.select_statistics,
            "prediction_depth": self.depth.score_prediction_depth,
            "consensus": self.depth.compute_consensus,
            "influence": self.influence.score_influence,
            "augmentation_sensitivity": self.augmentation_sensitivity.score_augmentation_sensitivity,
            "second_split": self.second_split.score_second_split,
            "features": self.features.score_features,
        }

    def stage(self, script: str, settings: Mapping, *upstream, modules: Iterable[str] = ()) -> Stage:
        """The stage of a script.

        settings: what its result depends on of the configuration. upstream: keys of what its inputs depend on, and
        whatever else chooses them. modules: those below the package that the settings select by name.
        """
        return Stage(as_json(settings), self.digest(script, *modules), hash_chain(*upstream) if upstream else "")

    def runs(self, experiment: str, seeds: list[int] | None = None) -> list[str]:
        """Names of an experiment's runs, of all seeds or of those given: `seed-0`, or `seed-0-fold-3`."""
        return self.configuration.runs(experiment, seeds)

    def of_runs(self, pattern: str, experiment: str, seeds: list[int] | None = None, **values) -> list[str]:
        """A path for every run of an experiment."""
        return [pattern.format(experiment=experiment, run=run, **values) for run in self.runs(experiment, seeds)]

    @remembered
    def by_interest(self) -> dict[str, str]:
        """Experiment -> its data set; those with planted noise first: there, suspects meet what is wrong.

        Then come those on labels that a person has corrected, the last correction first.
        """

        def place(name: str) -> tuple[bool, int]:
            return "label_noise" not in self.experiments[name], -self.data.corrections(self.data.of(name))

        return {name: self.data.of(name) for name in sorted(self.experiments, key=place)}

    def files(self) -> list[str]:
        """All that a configuration asks for."""
        return [*self.data_files(), *self.run_files(), *self.tables(), *self.figures.paths(), *self.atlas.pages()]

    def data_files(self) -> list[str]:
        return [path for dataset in self.data.needed for path in self.data.outputs(dataset)]

    def run_files(self) -> list[str]:
        """The labels, checks and runs of all experiments."""
        files = []
        for experiment in self.experiments:
            files += [paths.LABELS.format(experiment=experiment), *self.checks.checked(experiment)]
            files += self.training.outputs(experiment)
        return files

    def tables(self) -> list[str]:
        """What all families make.

        Intermediate tables are among them, since Snakemake does not miss an intermediate that was lost.
        """
        parts = (self.scores, self.vog, self.images, self.depth, self.influence, self.coherence, self.agreement)
        parts = (*parts, self.second_split, self.generalization, self.vog_toy, self.features, self.removal)
        return [path for part in parts for path in part.tables()]
