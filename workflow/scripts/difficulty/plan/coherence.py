"""Coherence of gradients at some checkpoints of every run."""

from collections.abc import Iterator

from difficulty.plan import paths
from difficulty.plan.stage import Stage, only, remembered


class Coherence:
    """epochs: experiment -> checkpoints, of the experiments whose coherence is measured."""

    def __init__(self, plan):
        self.plan, self.epochs = plan, plan.configuration.coherent_epochs

    @remembered
    def measure_coherence(self, experiment: str) -> Stage:
        """What is easy and hard depends on all runs."""
        chosen = only(self.plan.analyses["coherence"], ("examples", "score", "fraction", "seed"))
        own = only(self.plan.experiments[experiment], ("device", "folds"))
        settings = {**chosen, **own, "epochs": self.epochs[experiment]}
        upstream = self.plan.training.run_key(experiment), self.plan.scores.score_dynamics(experiment).key
        modules = [self.plan.training.model_module(experiment)]
        return self.plan.stage("measure_coherence", settings, *upstream, modules=modules)

    def tables(self) -> Iterator[str]:
        for name in self.epochs:
            yield from self.plan.of_runs(paths.COHERENCE, name)
