"""Statistics of images, computed and joined, their relations to scores, and subsets that are chosen by one."""

from collections.abc import Iterator

from difficulty.plan import paths
from difficulty.plan.stage import Stage, only, remembered
from difficulty.plan.user_files import require_files
from difficulty.scores.images.catalogue import STATISTICS

_JOIN_KEYS = ("split", "file", "by", "column", "header", "value", "probabilities", "description")


class Images:
    """described: the experiments whose scores include statistics. mapped: experiment -> statistics that are drawn.

    joins: name -> a statistic that somebody else measured. related: the experiments whose scores are correlated with
    what is known of the images.
    """

    def __init__(self, plan):
        self.plan, self.data, self.settings = plan, plan.data, plan.analyses.get("images", {})
        self.described, self.mapped = plan.configuration.image_experiments, plan.configuration.image_maps
        self.joins = self.settings.get("joins", {})
        self.related = plan.configuration.related_experiments
        selects = {name: self.data.settings[name]["select"] for name in self.data.subsets}
        self.chosen_by_joined = [name for name, each in selects.items() if each.get("score") in self.joins]

    def described_dataset(self, experiment: str) -> str:
        """The data set that has the statistics of an experiment's images: what its own is, in the end, a subset of."""
        return self.data.root(self.data.of(experiment))

    @remembered
    def compute_image_statistics(self, dataset: str) -> Stage:
        limit = ["fast_above"] if set(self.settings["statistics"]) == set(STATISTICS) else []
        settings = only(self.settings, ("statistics", "size", *limit))
        return self.plan.stage("compute_image_statistics", settings, self.data.key(dataset))

    @remembered
    def join_statistic(self, join: str) -> Stage:
        settings = self.joins[join]
        return self.plan.stage("join_statistic", only(settings, _JOIN_KEYS), self.data.key(settings["dataset"]))

    @remembered
    def order_by_joined(self, dataset: str) -> Stage:
        join = self.join_of_subset(dataset)
        upstream = self.join_statistic(join).key, self.data.key(self.data.settings[dataset]["of"])
        return self.plan.stage("order_by_joined", only(self.joins[join], ["harder"]), *upstream)

    @remembered
    def select_statistics(self, experiment: str, chosen: tuple[str, ...] | None = None) -> Stage | None:
        """Runs have no part in statistics of images, whichever of them are chosen."""
        if experiment not in self.described:
            return None
        computed = self.settings["statistics"]
        own = [self.compute_image_statistics(self.described_dataset(experiment)).key] if computed else []
        joined = [self.join_statistic(join).key for join in self.joins_of(experiment)]
        return self.plan.stage("select_statistics", {}, own, joined, self.data.key(self.data.of(experiment)))

    @remembered
    def compute_relations(self, experiment: str) -> Stage:
        settings = only(self.plan.analyses["relations"], ["scores"])
        return self.plan.stage("compute_relations", settings, self.plan.scores.key(experiment))

    def joins_of(self, experiment: str) -> list[str]:
        """Names of the statistics that somebody else measured of an experiment's images, sorted."""
        dataset = self.described_dataset(experiment)
        return sorted(name for name, join in self.joins.items() if join["dataset"] == dataset)

    def joined_file(self, join: str) -> str:
        """The user's table. Raises UserError if it is not there."""
        path = self.joins[join]["file"]
        require_files(self.plan.configuration.source, [(("analyses", "images", "joins", join, "file"), path)])
        return path

    def joined_table(self, join: str) -> str:
        return paths.JOINED.format(dataset=self.joins[join]["dataset"], join=join)

    def join_of_subset(self, dataset: str) -> str:
        """The joined statistic that a subset is chosen by."""
        return self.data.settings[dataset]["select"]["score"]

    def tables_of_statistics(self, experiment: str) -> list[str]:
        """Of all images of the data set, the computed statistics first, if there are any."""
        own = paths.STATISTICS.format(dataset=self.described_dataset(experiment))
        computed = [own] if self.settings["statistics"] else []
        return computed + [self.joined_table(join) for join in self.joins_of(experiment)]

    def related_statistics(self, names: list[str]) -> list[str]:
        """Statistics of the images of experiments on one data set: those of the first that has any."""
        having = [name for name in names if name in self.described]
        return [paths.family("images").format(experiment=name) for name in having[:1]]

    def related_key(self, names: list[str]) -> list[str]:
        return [self.select_statistics(name).key for name in names if name in self.described][:1]

    def chooses(self, dataset: str) -> bool:
        """Whether a data set is a subset that is chosen by a statistic."""
        score = self.data.settings[dataset].get("select", {}).get("score")
        return self.plan.configuration.score_families.get(score) == "images"

    def evidence(self, dataset: str) -> str:
        """The table by which a subset is chosen: the direction of a statistic is in no table of an experiment."""
        if dataset in self.chosen_by_joined:
            return paths.CHOSEN_BY.format(dataset=dataset)
        return paths.STATISTICS.format(dataset=self._measured_for(dataset))

    def evidence_key(self, dataset: str) -> str:
        """Another statistic of the same images has no part in it."""
        if dataset in self.chosen_by_joined:
            return self.order_by_joined(dataset).key
        return self.compute_image_statistics(self._measured_for(dataset)).key

    def _measured_for(self, dataset: str) -> str:
        return self.described_dataset(self.data.settings[dataset]["select"]["experiment"])

    def tables(self) -> Iterator[str]:
        tables = [path for name in self.described for path in self.tables_of_statistics(name)]
        for dataset in self.data.needed:
            if self.chooses(dataset):
                tables.append(self.evidence(dataset))
            if dataset in self.chosen_by_joined:
                tables.append(self.joined_table(self.join_of_subset(dataset)))
        yield from dict.fromkeys(tables)
        yield from (paths.RELATIONS.format(experiment=name) for name in self.related)
