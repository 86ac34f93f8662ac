"""Removals: evaluations of experiments with and without some of the examples, or with corrected labels."""

from collections.abc import Iterator

from difficulty.config.training.chosen_seeds import seeds_that_chose
from difficulty.plan import paths
from difficulty.plan.stage import Stage, only, remembered

_KEYS = ("experiment", "rules", "control", "tests", "is_known")
_STEP_KEYS = ("epochs", "batch_size", "drop_last")
_SHARE_KEYS = ("optimizer", "gpus")  # what the batch size depends on where it is left open


class Removal:
    """removals: name -> what its tables depend on."""

    def __init__(self, plan):
        self.plan, self.removals = plan, plan.configuration.removals

    def experiments(self, removal: str) -> list[str]:
        """The experiment on all examples, then those that are compared with it."""
        settings = self.removals[removal]
        return [settings["experiment"], *(each for _, names in settings["rules"] for each in names)]

    @remembered
    def collect_removal(self, removal: str) -> Stage:
        names, training = self.experiments(removal), self.plan.training
        datasets, experiments = self.plan.datasets, self.plan.experiments
        own = {
            **only(self.removals[removal], _KEYS),
            "steps": {name: _steps(experiments[name]) for name in names if name in training.trained},
            "chosen_under": {name: seeds_that_chose(name, datasets, experiments) for name in names},
        }
        upstream = [
            [name, self.plan.runs(name), training.evaluate_run(name).key, training.labels_key(name)] for name in names
        ]
        return self.plan.stage("collect_removal", own, upstream)

    def labels(self, removal: str) -> list[str]:
        """The labels of each experiment, in order."""
        return [paths.LABELS.format(experiment=name) for name in self.experiments(removal)]

    def evaluations(self, removal: str) -> list[str]:
        """The evaluation of every run of each experiment."""
        return [path for name in self.experiments(removal) for path in self.plan.of_runs(paths.EVALUATION, name)]

    def figure(self, removal: str) -> str:
        """The figure that shows it: accuracy by rule, or over the share that is left.

        The latter where two rules have several experiments: a control may have one for each of the others.
        """
        with_several = [rule for rule, names in self.removals[removal]["rules"] if len(names) > 1]
        return "removal.shares" if len(with_several) > 1 else "removal.rules"

    def require_test_splits(self) -> None:
        """Raises UserError for a removal on folders without one; of other sources the configuration has asked."""
        for removal, settings in self.removals.items():
            original = self.plan.data.root(self.plan.data.of(settings["experiment"]))
            self.plan.data.require_test_split(original, ("analyses", "removal", removal), f"data set {original!r}")

    def tables(self) -> Iterator[str]:
        for removal in self.removals:
            yield from (pattern.format(removal=removal) for pattern in (paths.REMOVAL, paths.REMOVAL_SUMMARY))


def _steps(settings: dict) -> dict:
    """Settings of an experiment that say how many gradient steps a training takes."""
    is_open = "batch_size" not in settings
    return only(settings, (*_STEP_KEYS, *(_SHARE_KEYS if is_open else ())))
