"""Prediction depth: nearest neighbours at every probe, their votes, depths, and what these say."""

from collections.abc import Iterator
from pathlib import Path

from difficulty.plan import paths
from difficulty.plan.stage import Stage, only, remembered
from difficulty.plan.vog import shard_endings

_NEIGHBOR_KEYS = ("splits", "k_max", "shards", "numbers", "bank")
_VOTE_KEYS = ("k", "labels", "ties")
_PROBES = Path(__file__).parents[1] / "models" / "probes"


class PredictionDepth:
    """epochs: experiment -> checkpoints, of the experiments that are probed; the last one is scored.

    with_images, with_plane: those whose training images have a depth, and those that have depths of the same images
    held out, too.
    """

    def __init__(self, plan):
        self.plan, self.experiments = plan, plan.experiments
        self.settings, self.epochs = plan.analyses.get("prediction_depth", {}), plan.configuration.probed_epochs
        self.with_images = [name for name in self.epochs if "train" in self.settings["splits"]]
        self.with_plane = [name for name in self.with_images if "folds" in self.experiments[name]]

    @remembered
    def probe_neighbors(self, experiment: str) -> Stage:
        settings = self.experiments[experiment]
        own = only(self.settings, _NEIGHBOR_KEYS) | only(settings, ("architecture", "device", "folds"))
        if modules := self.settings["probes"].get(settings["architecture"]):
            own["probes"] = modules
        selected = [self.plan.training.model_module(experiment), *self._probes_modules(experiment)]
        return self.plan.stage("probe_neighbors", own, self.plan.training.run_key(experiment), modules=selected)

    def _probes_modules(self, experiment: str) -> list[str]:
        """The module that says where an experiment's network is probed, unless the configuration does, or nothing."""
        name = self.plan.training.model_module(experiment).removeprefix("models.")
        is_named = self.experiments[experiment]["architecture"] in self.settings["probes"]
        return [f"models.probes.{name}"] if (_PROBES / f"{name}.py").exists() and not is_named else []

    @remembered
    def compute_consensus(self, experiment: str, chosen: tuple[str, ...] | None = None) -> Stage | None:
        """None for an experiment that is not probed."""
        if experiment not in self.epochs:
            return None
        settings = only(self.experiments[experiment], ["folds"])
        neighbors = self.probe_neighbors(experiment).key
        return self.plan.stage("compute_consensus", settings, *self._of_last(experiment, neighbors, chosen))

    @remembered
    def vote_probes(self, experiment: str) -> Stage:
        consensus = self.compute_consensus(experiment).key if self.settings["labels"] == "consensus" else None
        settings = only(self.settings, _VOTE_KEYS)
        return self.plan.stage("vote_probes", settings, self.probe_neighbors(experiment).key, consensus)

    @remembered
    def score_prediction_depth(self, experiment: str, chosen: tuple[str, ...] | None = None) -> Stage | None:
        """None for an experiment that is not probed."""
        if experiment not in self.epochs:
            return None
        settings, votes = only(self.experiments[experiment], ["folds"]), self.vote_probes(experiment).key
        return self.plan.stage("score_prediction_depth", settings, *self._of_last(experiment, votes, chosen))

    def _of_last(self, experiment: str, key: str, chosen: tuple[str, ...] | None) -> tuple:
        """What a score of the last checkpoint of all runs, or of those chosen, depends on."""
        return key, self.epochs[experiment][-1], list(chosen or self.plan.runs(experiment))

    @remembered
    def compute_depth_analysis(self, experiment: str) -> Stage:
        settings = {"bootstrap": self.plan.analyses["correlation"]["bootstrap"]}
        keys = [self.score_prediction_depth(experiment).key, self.compute_consensus(experiment).key]
        return self.plan.stage("compute_depth_analysis", settings, keys, self.epochs[experiment])

    def run_neighbors(self, experiment: str, run: str, epoch: int | str) -> list[str]:
        """The neighbours of each shard."""
        values = {"experiment": experiment, "run": run, "epoch": epoch}
        return [paths.NEIGHBORS.format(shard=shard, **values) for shard in shard_endings(self.settings["shards"])]

    def last_neighbors(self, experiment: str) -> list[str]:
        """The neighbours of every run at the checkpoint that is scored."""
        last = self.epochs[experiment][-1]
        return [path for run in self.plan.runs(experiment) for path in self.run_neighbors(experiment, run, last)]

    def votes(self, experiment: str) -> list[str]:
        """The votes of every run at every checkpoint."""
        return [
            paths.VOTES.format(experiment=experiment, run=run, epoch=epoch)
            for run in self.plan.runs(experiment)
            for epoch in self.epochs[experiment]
        ]

    def last_votes(self, experiment: str) -> list[str]:
        """The votes of every run at the checkpoint that is scored."""
        return self.plan.of_runs(paths.VOTES, experiment, epoch=self.epochs[experiment][-1])

    def voting_consensus(self, experiment: str) -> list[str]:
        """The consensus, where neighbours vote with it."""
        votes = self.settings["labels"] == "consensus"
        return [paths.family("consensus").format(experiment=experiment)] if votes else []

    def tables(self) -> Iterator[str]:
        for name, epochs in self.epochs.items():
            for run in self.plan.runs(name):
                for epoch in epochs:
                    yield from self.run_neighbors(name, run, epoch)
            yield from self.votes(name)
            yield from (pattern.format(experiment=name) for pattern in (paths.PROBE_ACCURACY, paths.DEPTH_LEVELS))
