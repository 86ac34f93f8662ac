"""The page that shows everything: which experiments, data sets and figures it has, and what it depends on."""

from difficulty.plan import paths
from difficulty.plan.stage import Stage, remembered

OF_EXPERIMENTS = (
    *(paths.SCORES, paths.SUSPECTS_TABLE, paths.LABEL_ERRORS, paths.LABEL_CONFUSION),
    *(paths.CORRELATION, paths.STABILITY, paths.EVIDENCE),
)


class Atlas:
    """experiments: those with figures of their own, the ones of most interest first. roots: the data sets of images
    that these are trained on, or on subsets of. datasets: all of these; recorded ones have no images.
    """

    def __init__(self, plan):
        self.plan = plan
        self.experiments = [name for name in plan.by_interest() if name in plan.figures.shown]
        own = [plan.data.of(name) for name in self.experiments]
        self.roots = list(dict.fromkeys(plan.data.root(name) for name in own if name not in plan.data.recorded))
        self.datasets = list(dict.fromkeys([*self.roots, *own]))

    def pages(self) -> list[str]:
        """The page, and the thumbnails that are made for it."""
        made = [paths.THUMBNAILS.format(dataset=name) for name in self.roots]
        return [*made, paths.ATLAS] if self.experiments else []

    @remembered
    def pack_thumbnails(self, dataset: str) -> Stage:
        return self.plan.stage("pack_thumbnails", {}, self.plan.data.key(dataset))

    @remembered
    def build_atlas(self) -> Stage:
        settings = {
            "title": f"Difficulty of {', '.join(self.roots or self.datasets)}",
            "datasets": [[name, self._root(name)] for name in self.datasets],
            "experiments": [[name, self.plan.data.of(name)] for name in self.experiments],
            "runs": {name: self.plan.runs(name) for name in self.experiments},
            "figures": self.plan.figures.places(),
            "influential": self._influential(),
            "maps": self._mapped(),
            "tables": self._shared_tables(),
        }
        upstream = [self.pack_thumbnails(name).key for name in self.roots]
        upstream += [self.plan.data.key(name) for name in self.datasets]
        for name in self.experiments:
            upstream += [self.plan.scores.rank_suspects(name).key, self.plan.scores.compute_correlation(name).key]
        upstream += [self.plan.features.map_features(name).key for name in self._mapped()]
        upstream += [self.plan.influence.rank_influential(*each).key for each in self._explained()]
        upstream += [self.plan.scores.collect_detection().key] if self.plan.scores.detections else []
        upstream += [self.plan.training.collect_evaluations().key] if self.plan.training.with_checkpoints else []
        return self.plan.stage("build_atlas", settings, *upstream, *self.plan.figures.keys())

    def tables(self) -> list[str]:
        """All tables that the page is made from."""
        found = [paths.EXAMPLES.format(dataset=name) for name in self.datasets]
        found += [paths.THUMBNAILS.format(dataset=name) for name in self.roots]
        found += [pattern.format(experiment=name) for pattern in OF_EXPERIMENTS for name in self.experiments]
        found += [paths.FEATURE_MAP.format(dataset=name) for name in self._mapped()]
        found += [paths.INFLUENTIAL.format(**each) for each in self._influential()]
        return [*found, *self._shared_tables()]

    def figures(self) -> list[str]:
        return [paths.figure(place) for place in self.plan.figures.places()]

    def _mapped(self) -> list[str]:
        """The data sets whose images have places on a map by features."""
        features = self.plan.features
        return [name for name in self.roots if name in (*features.collected, *features.extracted)]

    def _explained(self) -> list[tuple[str, str, str]]:
        """(experiment, variant, queries) of all predictions that influential examples are ranked for."""
        explained = self.plan.influence.explained()
        return [(name, variant, queries) for name, queries, variant in explained if name in self.experiments]

    def _influential(self) -> list[dict[str, str]]:
        return [dict(zip(("experiment", "variant", "queries"), each, strict=True)) for each in self._explained()]

    def _shared_tables(self) -> list[str]:
        """Tables about all experiments."""
        found = [paths.DETECTIONS] if self.plan.scores.detections else []
        return found + ([paths.EVALUATIONS] if self.plan.training.with_checkpoints else [])

    def _root(self, dataset: str) -> str | None:
        return None if dataset in self.plan.data.recorded else self.plan.data.root(dataset)
