"""Influence: curvature by each strategy, self-influence, what explains predictions, agreement of the strategies.

A variant is a strategy in one precision. Its factors are fitted by one job or, with several shards, merged of sums.
"""

from collections.abc import Iterator

from difficulty.config.analyses.influence import variants
from difficulty.plan import paths
from difficulty.plan.stage import Stage, only, remembered


def basis_variant(variant: str) -> str | None:
    """The variant of kfac in whose bases the second moments of one of ekfac are summed; None for the others."""
    return variant.removeprefix("e") if variant.startswith("ekfac") else None


class Influence:
    """epochs: experiment -> checkpoints, of the experiments whose influence is computed. variants: the scores.

    fitted, merged: variants whose factors are made by one job, and those that are merged of sums over shards, to
    which the bases of others belong.
    """

    def __init__(self, plan):
        self.plan, self.experiments = plan, plan.experiments
        self.settings, self.epochs = plan.analyses.get("influence", {}), plan.configuration.influence_epochs
        self.queries = self.settings.get("queries", {})
        self.memory = self.settings.get("memory", 0)
        strategies, precisions = self.settings.get("strategies", []), self.settings.get("precisions", [])
        self.variants = variants(strategies, precisions) if self.epochs else []
        self.shards = [str(shard) for shard in range(self.settings.get("shards", 1))]
        is_whole = len(self.shards) == 1
        # The identity takes no pass over the data.
        self.fitted = [variant for variant in self.variants if is_whole or variant.startswith("identity")]
        bases = {basis_variant(variant) for variant in self.variants}
        self.merged = [] if is_whole else sorted({*self.variants, *bases} - {*self.fitted, None})

    @remembered
    def fit_factors(self, experiment: str, variant: str) -> Stage:
        settings, run = self._factor_settings(experiment, variant), self.plan.training.run_key(experiment)
        return self.plan.stage("fit_factors", settings, run, modules=self._modules(experiment))

    @remembered
    def sum_curvature(self, experiment: str, variant: str) -> Stage:
        """Over one of the shards."""
        basis = basis_variant(variant)
        upstream = self.factors_key(experiment, basis) if basis else self.plan.training.run_key(experiment)
        settings = {**self._factor_settings(experiment, variant), "shards": len(self.shards)}
        return self.plan.stage("sum_curvature", settings, upstream, modules=self._modules(experiment))

    @remembered
    def merge_factors(self, experiment: str, variant: str) -> Stage:
        settings = only(self._factor_settings(experiment, variant), ("strategy", "device"))
        return self.plan.stage("merge_factors", settings, self.sum_curvature(experiment, variant).key)

    def factors_key(self, experiment: str, variant: str) -> str:
        if variant in self.merged:
            return self.merge_factors(experiment, variant).key
        return self.fit_factors(experiment, variant).key

    @remembered
    def score_self_influence(self, experiment: str, variant: str) -> Stage:
        splits = {"splits": self.settings["splits"]}
        settings = {**splits, **self._damping(variant), **self._network_settings(experiment, variant)}
        factors = self.factors_key(experiment, variant)
        return self.plan.stage("score_self_influence", settings, factors, modules=self._modules(experiment))

    @remembered
    def score_influence(self, experiment: str, chosen: tuple[str, ...] | None = None) -> Stage | None:
        """None for an experiment whose influence is not computed."""
        if experiment not in self.epochs:
            return None
        folds = only(self.experiments[experiment], ["folds"])
        settings = {"strategies": self.variants, "epochs": self.epochs[experiment], **folds}
        runs = list(chosen or self.plan.runs(experiment))
        return self.plan.stage("score_influence", settings, self._self_influence_keys(experiment), runs)

    @remembered
    def choose_queries(self, experiment: str, queries: str) -> Stage:
        settings = {key: value for key, value in self.queries[queries].items() if key != "experiments"}
        training = self.plan.training
        depends_on_runs = self.queries_records(experiment, queries)
        upstream = training.runs_key(experiment) if depends_on_runs else training.labels_key(experiment)
        return self.plan.stage("choose_queries", settings, upstream)

    @remembered
    def score_pairwise_influence(self, experiment: str, variant: str, queries: str) -> Stage:
        chosen = only(self.settings, ("rank", "measurement"))
        settings = {**chosen, **self._damping(variant), **self._network_settings(experiment, variant)}
        upstream = self.factors_key(experiment, variant), self.choose_queries(experiment, queries).key
        return self.plan.stage("score_pairwise_influence", settings, *upstream, modules=self._modules(experiment))

    @remembered
    def rank_influential(self, experiment: str, variant: str, queries: str) -> Stage:
        settings = {"top": self.settings["top"], "epochs": self.epochs[experiment]}
        pairwise = self.score_pairwise_influence(experiment, variant, queries).key
        return self.plan.stage("rank_influential", settings, pairwise, self.plan.runs(experiment))

    @remembered
    def compute_influence_agreement(self, experiment: str) -> Stage:
        settings = {"strategies": self.variants, "epochs": self.epochs[experiment]}
        pairwise = [
            self.score_pairwise_influence(experiment, variant, queries).key
            for queries in self.query_sets(experiment)
            for variant in self.variants
        ]
        upstream = self._self_influence_keys(experiment), pairwise, self._first_run(experiment)
        return self.plan.stage("compute_influence_agreement", settings, *upstream)

    def _self_influence_keys(self, experiment: str) -> list[str]:
        return [self.score_self_influence(experiment, variant).key for variant in self.variants]

    def _modules(self, experiment: str) -> list[str]:
        return [self.plan.training.model_module(experiment)]

    def _network_settings(self, experiment: str, variant: str) -> dict:
        _, _, precision = variant.partition("_")
        own = only(self.experiments[experiment], ("device", "folds"))
        return own | ({"precision": precision} if precision else {})

    def _damping(self, variant: str) -> dict:
        """Without curvature there is nothing to damp."""
        return {} if variant.startswith("identity") else {"damping": self.settings["damping"]}

    def _factor_settings(self, experiment: str, variant: str) -> dict:
        strategy, _, _ = variant.partition("_")
        own = {"strategy": strategy, **self._network_settings(experiment, variant)}
        if strategy != "identity":
            own["fisher"] = self.settings["fisher"]
            own |= {"seed": self.settings["seed"]} if own["fisher"] == "sampled" else {}
        if modules := self.settings["modules"].get(self.experiments[experiment]["architecture"]):
            own["modules"] = modules
        return own

    def query_sets(self, experiment: str) -> list[str]:
        """Names of the query sets of an experiment."""
        return [name for name, each in self.queries.items() if experiment in each.get("experiments", self.epochs)]

    def queries_records(self, experiment: str, queries: str) -> list[str]:
        """Records that show which predictions are wrong; other queries do not depend on the runs."""
        return self.plan.of_runs(paths.RECORDS, experiment) if self.queries[queries]["misclassified"] else []

    def bases(self, experiment: str, run: str, variant: str, epoch: str) -> list[str]:
        """The factors in whose bases second moments are summed, or nothing."""
        values = {"experiment": experiment, "run": run, "epoch": epoch}
        return [paths.FACTORS.format(variant=basis, **values)] if (basis := basis_variant(variant)) else []

    def of_checkpoints(self, pattern: str, experiment: str, variant: str, runs: list[str] | None = None, **values):
        """A path for every run, or for those given, and every checkpoint."""
        return [
            pattern.format(experiment=experiment, run=run, variant=variant, epoch=epoch, **values)
            for run in runs or self.plan.runs(experiment)
            for epoch in self.epochs[experiment]
        ]

    def self_influence_tables(self, experiment: str, runs: list[str] | None = None) -> list[str]:
        """The table of every run, or of those given, every variant and checkpoint."""
        return [
            paths.SELF_INFLUENCE.format(experiment=experiment, run=run, variant=variant, epoch=epoch)
            for run in runs or self.plan.runs(experiment)
            for variant in self.variants
            for epoch in self.epochs[experiment]
        ]

    def _first_run(self, experiment: str) -> str:
        return self.plan.runs(experiment)[0]

    def compared(self, experiment: str) -> list[str]:
        """Self-influence in the first run."""
        return self.self_influence_tables(experiment, [self._first_run(experiment)])

    def compared_pairwise(self, pattern: str, experiment: str) -> list[str]:
        """Tables of every query set, variant and checkpoint of the first run."""
        first = [self._first_run(experiment)]
        return [
            path
            for queries in self.query_sets(experiment)
            for variant in self.variants
            for path in self.of_checkpoints(pattern, experiment, variant, first, queries=queries)
        ]

    def explained(self) -> Iterator[tuple[str, str, str]]:
        """(experiment, query set, variant) of all that is ranked."""
        for name in self.epochs:
            yield from ((name, queries, variant) for queries in self.query_sets(name) for variant in self.variants)

    def tables(self) -> Iterator[str]:
        for name in self.epochs:
            yield from self.self_influence_tables(name)
            for variant in self.variants:
                yield from self.of_checkpoints(paths.SELF_INFLUENCE_TIMING, name, variant)
            for variant in sorted({*self.variants, *self.merged}):
                for pattern in (paths.FACTORS, paths.FACTORS_TIMING):
                    yield from self.of_checkpoints(pattern, name, variant)
            if len(self.variants) > 1:
                yield paths.INFLUENCE_AGREEMENT.format(experiment=name)
                yield paths.INFLUENCE_SAMPLE.format(experiment=name)
        for name, queries in sorted({(name, queries) for name, queries, _ in self.explained()}):
            yield paths.QUERIES.format(experiment=name, queries=queries)
        for name, queries, variant in self.explained():
            for pattern in (paths.PAIRWISE, paths.PAIRWISE_EXAMPLES, paths.PAIRWISE_TIMING):
                yield from self.of_checkpoints(pattern, name, variant, queries=queries)
            for pattern in (paths.INFLUENTIAL, paths.INFLUENTIAL_OVERALL):
                yield pattern.format(experiment=name, queries=queries, variant=variant)
