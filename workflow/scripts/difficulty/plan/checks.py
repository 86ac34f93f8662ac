"""Checks: what the settings of an experiment are held against before it is trained, and which settings these are."""

from difficulty.plan import paths
from difficulty.plan.data import SUBSET_KEYS
from difficulty.plan.stage import Stage, only, remembered

_CHECKED_KEYS = ("normalization", "folds", "batch_size", "drop_last", "gpus")
_NETWORK_KEYS = ("architecture", "width", "depth", "stem", "weights", "batch_size")


class Checks:
    def __init__(self, plan):
        self.plan, self.data, self.configuration = plan, plan.data, plan.configuration

    @remembered
    def check_experiment(self, experiment: str) -> Stage:
        datasets = [self.data.key(dataset) for dataset in self.checked_datasets(experiment)]
        modules = [self.plan.training.model_module(experiment)]
        return self.plan.stage("check_experiment", self._settings(experiment), datasets, modules=modules)

    def checked(self, experiment: str) -> list[str]:
        """The table that says that an experiment's settings fit its data; records of other runs need none."""
        has_checks = experiment in self.plan.training.with_checkpoints
        return [paths.CHECKED.format(experiment=experiment)] if has_checks else []

    @remembered
    def checked_datasets(self, experiment: str) -> list[str]:
        """Data sets whose tables are read, the experiment's own first."""
        own, *further = self.plan.training.evaluated_datasets(experiment)
        further = [self._stand_in(dataset) for dataset in [*further, *self._out_of_distribution(experiment)]]
        return list(dict.fromkeys([own, *further, *map(self.data.root, self._chosen_subsets(experiment))]))

    def tables(self, pattern: str, experiment: str) -> list[str]:
        return [pattern.format(dataset=dataset) for dataset in self.checked_datasets(experiment)]

    def _settings(self, experiment: str) -> dict:
        analyses = self.configuration.analyses
        own = {
            "experiment": self._training(experiment),
            "network": self._network(experiment),
            "evaluations": self._described(self.plan.training.evaluated_datasets(experiment)[1:]),
            "subsets": {
                name: {
                    "root": self.data.root(name),
                    "chain": [only(part, SUBSET_KEYS) for part in self._subset_chain(name)],
                }
                for name in self._chosen_subsets(experiment)
            },
        }
        if experiment in self.configuration.vog_stages:
            own["vog"] = only(analyses["vog"], ("target", "splits", "shards"))
            own["vog"]["out_of_distribution"] = self._described(self._out_of_distribution(experiment))
        if experiment in self.configuration.probed_epochs:
            own["prediction_depth"] = only(analyses["prediction_depth"], ("splits", "shards"))
        if experiment in self.configuration.influence_epochs:
            own["influence"] = {"shards": analyses["influence"]["shards"], "queries": self._queries(experiment)}
        return own

    def _training(self, experiment: str) -> dict:
        settings = self.plan.experiments[experiment]
        groups = settings["optimizer"].get("groups", 1)
        noise_map = settings.get("label_noise", {}).get("map", {})
        return {**only(settings, _CHECKED_KEYS), "groups": groups, "noise_map": noise_map}

    def _network(self, experiment: str) -> dict:
        settings, analyses = self.plan.experiments[experiment], self.configuration.analyses
        architecture = settings["architecture"]
        tracked = experiment in self.configuration.influence_epochs
        probed = experiment in self.configuration.probed_epochs
        own = only(settings, _NETWORK_KEYS)
        if tracked and (modules := analyses["influence"]["modules"].get(architecture)):
            own["modules"] = modules
        if probed and (probes := analyses["prediction_depth"]["probes"].get(architecture)):
            own["probes"] = probes
        return {**own, "tracked": tracked, "probed": probed}

    def _queries(self, experiment: str) -> dict:
        """What the query sets of an experiment name."""
        queries = self.plan.influence.query_sets(experiment)
        return {name: only(self.plan.influence.queries[name], ("example_ids", "classes")) for name in queries}

    def _subset_chain(self, dataset: str) -> list[dict]:
        """The settings of a data set if it is a subset, after those of what it is a subset of, and so on."""
        return [self.data.settings[name] for name in reversed(self.data.ancestors(dataset)[:-1])]

    def _stand_in(self, dataset: str) -> str:
        """The data set whose tables are read: its root, if something is trained before its own are made."""
        return self.data.root(dataset) if self.data.choosers(dataset) else dataset

    def _chosen_subsets(self, experiment: str) -> list[str]:
        """The subsets that depend on an experiment: those that it chooses, and theirs."""
        return [dataset for dataset in self.data.subsets if experiment in self.data.choosers(dataset)]

    def _out_of_distribution(self, experiment: str) -> list[str]:
        """Further data sets whose images its networks do not know."""
        wanted = self.configuration.analyses.get("vog", {}).get("out_of_distribution", [])
        return wanted if experiment in self.configuration.vog_stages else []

    def _described(self, wanted: list[str]) -> list[dict]:
        """Data sets to test on, for the check."""
        return [
            {
                "name": dataset,
                "table": self._stand_in(dataset),
                "draws_test": bool(self.data.choosers(dataset))
                and any("test" in each for each in self._subset_chain(dataset)),
            }
            for dataset in wanted
        ]
