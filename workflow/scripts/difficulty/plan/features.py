"""Features of images that come from outside, what is computed of them alone, and scores of the labels by them."""

from collections.abc import Iterator
from pathlib import PurePath

from difficulty.plan import paths
from difficulty.plan.stage import Stage, only, remembered
from difficulty.plan.user_files import require_files

_FILE_KEYS = ("file", "test_file", "split", "by", "column", "value")
_NETWORK_KEYS = ("weights", "architecture", "width", "depth", "stem", "layer", "size", "normalization")
_SCORE_KEYS = ("neighbors", "folds", "strength")
_TORCHVISION = "torchvision:"


class Features:
    """collected, extracted: the data sets whose features somebody else computed, or a network computes here; subsets
    have those of the data set that they are, in the end, chosen from. scored: the experiments that are scored by them.
    """

    def __init__(self, plan):
        self.plan, self.data, self.settings = plan, plan.data, plan.analyses.get("features", {})
        having = [name for name in self.data.needed if self.settings and "features" in self.data.settings[name]]
        self.collected = [name for name in having if "file" in self._of(name)]
        self.extracted = [name for name in having if name not in self.collected]
        self.scored = plan.configuration.used.get("features", [])

    def path(self, pattern: str, experiment: str) -> str:
        """A path of the data set that has the features of an experiment's images."""
        return pattern.format(dataset=self.data.root(self.data.of(experiment)))

    @remembered
    def collect_features(self, dataset: str) -> Stage:
        settings = only(self._of(dataset), _FILE_KEYS)
        return self.plan.stage("collect_features", settings, self.data.key(dataset))

    @remembered
    def extract_features(self, dataset: str) -> Stage:
        settings = only(self._of(dataset), _NETWORK_KEYS)
        module = self._module(dataset)
        return self.plan.stage("extract_features", settings, self.data.key(dataset), modules=[f"models.{module}"])

    @remembered
    def find_similar(self, dataset: str) -> Stage:
        return self.plan.stage("find_similar", only(self.settings, ["similar_above"]), self.key(dataset))

    def similar_to(self, experiment: str) -> list[Stage]:
        """The stage that finds near duplicates among an experiment's images, if they have features."""
        root = self.data.root(self.data.of(experiment))
        return [self.find_similar(root)] if root in (*self.collected, *self.extracted) else []

    @remembered
    def map_features(self, dataset: str) -> Stage:
        return self.plan.stage("map_features", only(self.settings, ["map"]), self.key(dataset))

    @remembered
    def score_features(self, experiment: str, chosen: tuple[str, ...] | None = None) -> Stage | None:
        """None for an experiment whose images have no features. Runs have no part in it, whichever are chosen."""
        if experiment not in self.scored:
            return None
        upstream = self.key_of(experiment), self.plan.training.labels_key(experiment)
        return self.plan.stage("score_features", only(self.settings, _SCORE_KEYS), *upstream)

    def key_of(self, experiment: str) -> str:
        """Of the features of an experiment's images."""
        return self.key(self.data.root(self.data.of(experiment)))

    def key(self, dataset: str) -> str:
        stage = self.collect_features if dataset in self.collected else self.extract_features
        return stage(dataset).key

    def feature_files(self, dataset: str) -> list[str]:
        """The user's file or files of features. Raises UserError if one is not there."""
        return self._files(dataset, ("file", "test_file"))

    def weight_files(self, dataset: str) -> list[str]:
        """The user's file of weights; none where the weights are torchvision's. Raises UserError if it is not there."""
        weights = self._of(dataset)["weights"]
        return self._files(dataset, ("weights",)) if PurePath(weights).suffix else []

    def _of(self, dataset: str) -> dict:
        return self.data.settings[dataset]["features"]

    def _files(self, dataset: str, keys: tuple[str, ...]) -> list[str]:
        named = only(self._of(dataset), keys)
        places = [(("datasets", dataset, "features", key), path) for key, path in named.items()]
        require_files(self.plan.configuration.source, places)
        return list(named.values())

    def _module(self, dataset: str) -> str:
        """The module that builds the network."""
        settings = self._of(dataset)
        architecture = settings.get("architecture", settings["weights"])
        return "torchvision_model" if architecture.startswith(_TORCHVISION) else architecture

    def tables(self) -> Iterator[str]:
        for dataset in (*self.collected, *self.extracted):
            yield from (each.format(dataset=dataset) for each in (paths.FEATURES, paths.SIMILAR, paths.FEATURE_MAP))
        yield from (paths.PROBE.format(experiment=name) for name in self.scored)
