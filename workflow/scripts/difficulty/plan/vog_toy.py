"""The toy experiment of variance of gradients, which needs neither data set nor experiment."""

from collections.abc import Iterator

from difficulty.plan import paths
from difficulty.plan.stage import Stage, remembered


class VogToy:
    """settings: empty if it is not wanted."""

    splits = ("train", "test")

    def __init__(self, plan):
        self.plan, self.settings = plan, plan.analyses.get("vog_toy", {})

    @remembered
    def compute_vog_toy(self) -> Stage:
        return self.plan.stage("compute_vog_toy", self.settings)

    def tables(self) -> Iterator[str]:
        if self.settings:
            yield from (paths.VOG_TOY_SCORES, paths.VOG_TOY_BOUNDARY, paths.VOG_TOY_SUMMARY)
