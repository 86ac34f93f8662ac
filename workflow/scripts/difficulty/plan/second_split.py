"""Second-split forgetting: every run trained on two halves of its examples, and when it forgets the first."""

from collections.abc import Iterator

from difficulty.hash_chain import hash_chain
from difficulty.plan import paths
from difficulty.plan.stage import Stage, only, remembered

HALVES = (0, 1)
_NOT_OF_HALVES = ("records", "checkpoints", "train_sample")  # what is recorded and kept of an ordinary run


class SecondSplit:
    """seeds: experiment -> seeds whose runs are trained on two halves."""

    def __init__(self, plan):
        self.plan, self.settings = plan, plan.analyses.get("second_split", {})
        self.seeds = plan.configuration.used.get("second_split", {})

    @remembered
    def train_second_split(self, experiment: str) -> Stage:
        own = self.plan.training.own_settings(experiment)
        settings = {key: value for key, value in own.items() if key not in _NOT_OF_HALVES}
        settings["second_split"] = only(self.settings, ("epochs", "lr"))
        modules = [*self.plan.training.training_modules(experiment), "training.schedules.constant"]
        labels = self.plan.training.labels_key(experiment)
        return self.plan.stage("train_second_split", settings, labels, modules=modules)

    @remembered
    def score_second_split(self, experiment: str, chosen: tuple[str, ...] | None = None) -> Stage | None:
        """None for an experiment whose second-split forgetting is not asked for."""
        if experiment not in self.seeds:
            return None
        runs = hash_chain(self.train_second_split(experiment).key, list(chosen or self._runs(experiment)))
        return self.plan.stage("score_second_split", only(self.settings, ("epochs",)), runs)

    def halves(self, experiment: str) -> list[str]:
        """The tables of all runs."""
        return [
            paths.SECOND_SPLIT.format(experiment=experiment, run=run, half=half)
            for run in self._runs(experiment)
            for half in HALVES
        ]

    def tables(self) -> Iterator[str]:
        for name in self.seeds:
            yield from self.halves(name)

    def _runs(self, experiment: str) -> list[str]:
        return self.plan.runs(experiment, self.seeds[experiment])
