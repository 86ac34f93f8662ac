"""Studies of generalization: evaluations of experiments on parts of one data set, and scores of these parts."""

from collections.abc import Iterator

from difficulty.config.training.chosen_seeds import choosing_seeds
from difficulty.plan import paths
from difficulty.plan.stage import Stage, only, remembered

_KEYS = ("experiments", "datasets", "original", "tests", "control")


class Generalization:
    """studies: name -> what its tables depend on. with_traits: those that ask for scores of the parts."""

    def __init__(self, plan):
        self.plan, self.studies = plan, plan.configuration.generalization
        self.with_traits = [study for study, settings in self.studies.items() if "scores_of" in settings]

    @remembered
    def collect_generalization(self, study: str) -> Stage:
        """What is trained and tested on is in the chain of each evaluation."""
        settings = self.studies[study]
        chosen_under = {
            dataset: choosing_seeds(dataset, self.plan.datasets, self.plan.experiments)
            for dataset in settings["datasets"]
        }
        evaluations = [
            [name, self.plan.runs(name), self.plan.training.evaluate_run(name).key] for name in settings["experiments"]
        ]
        own = {**only(settings, _KEYS), "chosen_under": chosen_under}
        return self.plan.stage("collect_generalization", own, evaluations)

    @remembered
    def compute_traits(self, study: str) -> Stage:
        """Statistics of images are columns of the scores which say nothing of what is harder."""
        settings, images = self.studies[study], self.plan.images
        scored = settings["scores_of"]
        has_statistics = scored in images.described
        statistics = [*images.settings["statistics"], *images.joins_of(scored)] if has_statistics else []
        own = {**only(settings, ("experiments", "datasets", "chosen_by")), "statistics": statistics}
        datasets = [self.plan.data.key(dataset) for dataset in [settings["original"], *settings["datasets"]]]
        return self.plan.stage("compute_traits", own, self.plan.scores.key(scored), datasets)

    def evaluations(self, study: str) -> list[str]:
        """The evaluation of every run of a study's experiments."""
        names = self.studies[study]["experiments"]
        return [path for name in names for path in self.plan.of_runs(paths.EVALUATION, name)]

    def examples(self, study: str) -> list[str]:
        """The examples of all data sets that a study's networks are trained or tested on."""
        names = dict.fromkeys([*self.studies[study]["datasets"], *self.studies[study]["tests"]])
        return [paths.EXAMPLES.format(dataset=dataset) for dataset in names]

    def parts(self, study: str) -> list[str]:
        return [paths.EXAMPLES.format(dataset=dataset) for dataset in self.studies[study]["datasets"]]

    def require_test_splits(self) -> None:
        """Raises UserError for a study on folders without one; of other sources the configuration has asked."""
        for study, settings in self.studies.items():
            place, original = ("analyses", "generalization", study), settings["original"]
            self.plan.data.require_test_split(original, place, f"data set {original!r}, which its parts are of,")

    def tables(self) -> Iterator[str]:
        for study in self.studies:
            yield from (pattern.format(study=study) for pattern in (paths.GENERALIZATION, paths.GENERALIZATION_SUMMARY))
        yield from (paths.TRAITS.format(study=study) for study in self.with_traits)
