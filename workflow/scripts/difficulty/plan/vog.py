"""Variance of gradients: maps of gradients, scores, what these say, and images that networks do not know."""

from collections.abc import Iterator

from difficulty.hash_chain import hash_chain
from difficulty.plan import paths
from difficulty.plan.stage import Stage, only, remembered

_GRADIENT_KEYS = ("splits", "target", "shards", "precision")
SHARD = r"(-shard-\d+)?"


def shard_endings(shards: int) -> list[str]:
    """Endings of the names of files of each shard; one that is empty if there is one shard."""
    return [f"-shard-{shard}" for shard in range(shards)] if shards > 1 else [""]


class Vog:
    """stages: experiment -> stage -> epochs, of the experiments whose variance of gradients is computed.

    with_maps, streamed: those of them that keep the maps of every checkpoint, and the others. with_gallery: those
    whose training images have a score. strangers: experiment -> data sets that its networks do not know.
    """

    def __init__(self, plan):
        self.plan, self.experiments = plan, plan.experiments
        self.settings, self.stages = plan.analyses.get("vog", {}), plan.configuration.vog_stages
        keeps_maps = self.settings.get("keep_gradients")
        self.with_maps = list(self.stages) if keeps_maps else []
        self.streamed = [] if keeps_maps else list(self.stages)
        self.with_gallery = [name for name in self.stages if "train" in self.settings["splits"]]
        self.strangers = {
            name: [other for other in self.settings["out_of_distribution"] if other != plan.data.of(name)]
            for name in self.stages
        }

    def _gradient_settings(self, experiment: str) -> dict:
        return only(self.settings, _GRADIENT_KEYS) | only(self.experiments[experiment], ["device"])

    def _modules(self, experiment: str) -> list[str]:
        return [self.plan.training.model_module(experiment)]

    @remembered
    def extract_gradients(self, experiment: str) -> Stage:
        """Of one checkpoint."""
        run, settings = self.plan.training.run_key(experiment), self._gradient_settings(experiment)
        return self.plan.stage("extract_gradients", settings, run, modules=self._modules(experiment))

    @remembered
    def compute_vog(self, experiment: str) -> Stage:
        settings = {"stages": self.stages[experiment]}
        return self.plan.stage("compute_vog", settings, self.extract_gradients(experiment).key)

    @remembered
    def stream_vog(self, experiment: str) -> Stage:
        """Of all checkpoints, one after the other, without maps that stay."""
        run = self.plan.training.run_key(experiment)
        settings = {**self._gradient_settings(experiment), "stages": self.stages[experiment]}
        return self.plan.stage("stream_vog", settings, run, modules=self._modules(experiment))

    @remembered
    def score_vog(self, experiment: str, chosen: tuple[str, ...] | None = None) -> Stage | None:
        """None for an experiment whose variance of gradients is not asked for."""
        if experiment not in self.stages:
            return None
        of_run = self.compute_vog(experiment) if experiment in self.with_maps else self.stream_vog(experiment)
        runs = hash_chain(of_run.key, list(chosen or self.plan.runs(experiment)))
        settings = {"stages": self.stages[experiment], **only(self.experiments[experiment], ["folds"])}
        return self.plan.stage("score_vog", settings, runs)

    @remembered
    def compute_vog_analysis(self, experiment: str) -> Stage:
        bootstrap = self.plan.analyses["correlation"]["bootstrap"]
        settings = {"stages": list(self.stages[experiment]), "bootstrap": bootstrap}
        return self.plan.stage("compute_vog_analysis", settings, self.plan.scores.key(experiment))

    @remembered
    def stream_tested_vog(self, experiment: str, dataset: str) -> Stage:
        """Of one pass over the test images of a data set: by the predicted class, since strangers have no label."""
        fixed = {"splits": ["test"], "target": "predicted", "shards": 1, "precision": self.settings["precision"]}
        settings = {**fixed, "stages": self.stages[experiment], **only(self.experiments[experiment], ["device"])}
        upstream = self.plan.training.run_key(experiment), self.plan.data.key(dataset)
        return self.plan.stage("stream_vog", settings, *upstream, modules=self._modules(experiment))

    @remembered
    def compare_distributions(self, experiment: str, dataset: str) -> Stage:
        stages = self.stages[experiment]
        latest = max(stages, key=lambda stage: stages[stage][-1])
        settings = {"bootstrap": self.plan.analyses["detection"]["bootstrap"], "latest": latest}
        passes = [self.stream_tested_vog(experiment, name).key for name in (self.plan.data.of(experiment), dataset)]
        return self.plan.stage("compare_distributions", settings, passes, self.plan.runs(experiment))

    def epochs(self, experiment: str) -> list[int]:
        """Every checkpoint that a stage of an experiment has."""
        return sorted(set().union(*self.stages[experiment].values()))

    def run_gradients(self, experiment: str, run: str, shard: str) -> list[str]:
        """The maps of every checkpoint."""
        values = {"experiment": experiment, "run": run, "shard": shard}
        return [paths.GRADIENTS.format(epoch=epoch, **values) for epoch in self.epochs(experiment)]

    def run_tables(self, experiment: str) -> list[str]:
        """The table of every run and shard."""
        endings = shard_endings(self.settings["shards"])
        return [
            paths.RUN_VOG.format(experiment=experiment, run=run, shard=shard)
            for run in self.plan.runs(experiment)
            for shard in endings
        ]

    def tested_tables(self, experiment: str, dataset: str) -> list[str]:
        """The table of every run, of the test images of a data set."""
        return self.plan.of_runs(paths.TESTED_VOG, experiment, dataset=dataset)

    def tables(self) -> Iterator[str]:
        for name in self.stages:
            yield from self.run_tables(name)
            for pattern in (paths.VOG_ERRORS, paths.VOG_CORRELATION, paths.VOG_LABEL_NOISE):
                yield pattern.format(experiment=name)
            strangers = self.strangers[name]
            for dataset in [self.plan.data.of(name), *strangers] if strangers else []:
                yield from self.tested_tables(name, dataset)
            for pattern in (paths.OUT_OF_DISTRIBUTION, paths.OUT_OF_DISTRIBUTION_CURVES):
                yield from (pattern.format(experiment=name, dataset=other) for other in strangers)
        for name in self.with_maps:
            for run in self.plan.runs(name):
                for shard in shard_endings(self.settings["shards"]):
                    yield from self.run_gradients(name, run, shard)
