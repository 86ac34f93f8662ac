"""The pages that show results: which experiments, data sets and figures they have, and what they depend on.

One shows everything. The other has the labels to check alone, and what tells whether they are wrong, so that nothing
else need be computed for it.
"""

from difficulty.plan import paths
from difficulty.plan.stage import Stage, remembered

OF_EXPERIMENTS = (paths.SCORES, paths.SUSPECTS_TABLE, paths.EVIDENCE, paths.LABEL_ERRORS, paths.LABEL_CONFUSION)
COMPARISONS = (paths.CORRELATION, paths.STABILITY)


class Shown:
    """experiments: of a page, the ones of most interest first. roots: the data sets of images that these are trained
    on, or on subsets of. datasets: all of these; recorded ones have no images.
    """

    def __init__(self, plan, experiments):
        self.experiments = list(experiments)
        own = [plan.data.of(name) for name in self.experiments]
        self.roots = list(dict.fromkeys(plan.data.root(name) for name in own if name not in plan.data.recorded))
        self.datasets = list(dict.fromkeys([*self.roots, *own]))

    @property
    def name(self) -> str:
        """What the page is about."""
        return ", ".join(self.roots or self.datasets)


class Atlas:
    """everything: what the page with all results shows. review: what the page with the labels to check does."""

    def __init__(self, plan):
        self.plan = plan
        self.everything = Shown(plan, (name for name in plan.by_interest() if name in plan.figures.shown))
        self.review = Shown(plan, plan.by_interest())

    def pages(self) -> list[str]:
        """The page with all results, and the thumbnails that are made for it."""
        made = [paths.THUMBNAILS.format(dataset=name) for name in self.everything.roots]
        return [*made, paths.ATLAS] if self.everything.experiments else []

    @remembered
    def pack_thumbnails(self, dataset: str) -> Stage:
        return self.plan.stage("pack_thumbnails", {}, self.plan.data.key(dataset))

    @remembered
    def build_atlas(self) -> Stage:
        shown = self.everything
        settings = {
            **self._settings(f"Difficulty of {shown.name}", shown),
            "compared": True,
            "figures": self.plan.figures.places(),
            "influential": self._influential(),
            "maps": self._mapped(),
            "tables": self._shared_tables(),
        }
        upstream = [self.plan.scores.compute_correlation(name).key for name in shown.experiments]
        upstream += [self.plan.features.map_features(name).key for name in self._mapped()]
        upstream += [self.plan.influence.rank_influential(*each).key for each in self._explained()]
        upstream += [self.plan.scores.collect_detection().key] if self.plan.scores.detections else []
        return self.plan.stage("build_atlas", settings, *self._upstream(shown), *upstream, *self.plan.figures.keys())

    @remembered
    def build_review(self) -> Stage:
        settings = self._settings(f"Labels to check: {self.review.name}", self.review)
        settings |= {"compared": False, "figures": [], "influential": [], "maps": [], "tables": []}
        return self.plan.stage("build_atlas", settings, *self._upstream(self.review))

    def tables(self) -> list[str]:
        """All tables that the page with all results is made from."""
        found = [*self._tables(self.everything, OF_EXPERIMENTS), *self._tables(self.everything, COMPARISONS)]
        found += [paths.FEATURE_MAP.format(dataset=name) for name in self._mapped()]
        found += [paths.INFLUENTIAL.format(**each) for each in self._influential()]
        return [*dict.fromkeys(found), *self._shared_tables()]

    def review_tables(self) -> list[str]:
        """All tables that the page with the labels to check is made from."""
        return self._tables(self.review, OF_EXPERIMENTS)

    def figures(self) -> list[str]:
        return [paths.figure(place) for place in self.plan.figures.places()]

    def _settings(self, title: str, shown: Shown) -> dict:
        return {
            "title": title,
            "datasets": [[name, self._root(name)] for name in shown.datasets],
            "experiments": [self.of_experiment(name) for name in shown.experiments],
        }

    def of_experiment(self, name: str) -> dict:
        """What pages and terminal have to know of an experiment."""
        return {"name": name, "dataset": self.plan.data.of(name), "runs": self.plan.runs(name)}

    def _upstream(self, shown: Shown) -> list[str]:
        """Keys of what the tables of data sets and of suspects depend on."""
        found = [self.pack_thumbnails(name).key for name in shown.roots]
        found += [self.plan.data.key(name) for name in shown.datasets]
        return found + [self.plan.scores.rank_suspects(name).key for name in shown.experiments]

    def _tables(self, shown: Shown, patterns: tuple[str, ...]) -> list[str]:
        found = [paths.EXAMPLES.format(dataset=name) for name in shown.datasets]
        found += [paths.THUMBNAILS.format(dataset=name) for name in shown.roots]
        found += [path for name in shown.experiments for path in self.plan.of_runs(paths.HISTORY, name)]
        return found + [pattern.format(experiment=name) for pattern in patterns for name in shown.experiments]

    def _mapped(self) -> list[str]:
        """The data sets whose images have places on a map by features."""
        features = self.plan.features
        return [name for name in self.everything.roots if name in (*features.collected, *features.extracted)]

    def _explained(self) -> list[tuple[str, str, str]]:
        """(experiment, variant, queries) of all predictions that influential examples are ranked for."""
        explained = self.plan.influence.explained()
        return [(name, variant, queries) for name, queries, variant in explained if name in self.everything.experiments]

    def _influential(self) -> list[dict[str, str]]:
        return [dict(zip(("experiment", "variant", "queries"), each, strict=True)) for each in self._explained()]

    def _shared_tables(self) -> list[str]:
        """Tables about all experiments."""
        return [paths.DETECTIONS] if self.plan.scores.detections else []

    def _root(self, dataset: str) -> str | None:
        return None if dataset in self.plan.data.recorded else self.plan.data.root(dataset)
