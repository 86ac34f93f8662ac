"""Agreement of runs and of experiments, their order of difficulty, and what agreed images look like."""

from collections.abc import Iterator

from difficulty.plan import paths
from difficulty.plan.stage import Stage, only, remembered


class Agreement:
    """groups: name -> experiments. of_several: groups of more than one. related: groups whose experiments all have
    statistics or truth columns of their images.
    """

    def __init__(self, plan):
        self.plan, self.groups = plan, plan.configuration.agreement_groups
        self.of_several = [group for group, names in self.groups.items() if len(names) > 1]
        related = set(plan.configuration.related_experiments)
        self.related = [group for group, names in self.groups.items() if set(names) <= related]
        scores = plan.analyses["agreement"]["scores"]
        self._families = list(dict.fromkeys(plan.configuration.score_families[score] for score in scores))

    def _runs_keys(self, group: str) -> list[str]:
        return [self.plan.training.runs_key(name) for name in self.groups[group]]

    @remembered
    def compute_agreement(self, group: str) -> Stage:
        return self.plan.stage("compute_agreement", {}, self._runs_keys(group))

    @remembered
    def compute_order_stability(self, group: str) -> Stage:
        keys = []
        for name in self.groups[group]:
            stages = [self.plan.families[family](name) for family in self._families]
            keys.append([name, [stage.key for stage in stages if stage]])
        settings = only(self.plan.analyses["agreement"], ["scores"])
        return self.plan.stage("compute_order_stability", settings, keys)

    @remembered
    def describe_agreed(self, group: str) -> Stage:
        statistics = self.plan.images.related_key(self.groups[group])
        return self.plan.stage("describe_agreed", {}, self._runs_keys(group), statistics)

    def of_runs(self, pattern: str, group: str) -> list[str]:
        """A path for every run of every experiment of a group."""
        return [path for name in self.groups[group] for path in self.plan.of_runs(pattern, name)]

    def labels(self, group: str) -> list[str]:
        return [paths.LABELS.format(experiment=name) for name in self.groups[group]]

    def order_tables(self, group: str) -> list[str]:
        """Tables of the scores of every run; the families that an experiment does not have are left out."""
        return [
            paths.family(family).format(experiment=name)
            for name in self.groups[group]
            for family in self._families
            if self.plan.families[family](name)
        ]

    def tables(self) -> Iterator[str]:
        for group in self.groups:
            for pattern in (paths.AGREEMENT, paths.AGREEMENT_CLASSES, paths.ORDER, paths.RELIABILITY):
                yield pattern.format(group=group)
        yield from (paths.AGREED_STATISTICS.format(group=group) for group in self.related)
