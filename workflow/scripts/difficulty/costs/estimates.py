"""What every job of a plan costs on this machine, by the formula that is called as its rule."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache, partial

from difficulty.costs import formulas
from difficulty.costs.job import Job
from difficulty.costs.known_sizes import KnownSizes
from difficulty.costs.speeds import Speeds
from difficulty.costs.work import Cost, Work

_DRAWING = "plot_"
_MEMORY_MARGIN, _LEAST_MEMORY = 1.3, 500  # MB
_TIME_MARGIN, _LEAST_TIME, _MOST_TIME = 3, 10, 24 * 60  # minutes
_GUESSED_MARGIN = 1.5  # more, for networks of which nothing was measured
_BESIDE_GPU = 3000  # MB
_IN_BLOCKS = ("tables", "figures")  # stages that keep to the budget of memory


@cache
def formula(rule: str) -> Callable[[Job], Work]:
    """The formula of a rule: the function with its name in one of the modules of `formulas`; KeyError without one."""
    for module in pkgutil.iter_modules(formulas.__path__):
        found = importlib.import_module(f"{formulas.__name__}.{module.name}")
        if function := getattr(found, rule, None):
            return function
    if rule.startswith(_DRAWING):
        return partial(importlib.import_module(f"{formulas.__name__}.figures").plot, rule=rule)
    raise KeyError(f"no formula of costs is called {rule}")


class Estimates:
    """Costs of the jobs of a plan, each computed once as long as the sizes of its data sets are the same."""

    def __init__(self, plan, speeds: Speeds, sizes: KnownSizes):
        self.plan, self.speeds, self.sizes = plan, speeds, sizes
        self._costs: dict[tuple, Cost] = {}

    def calibrated(self, speeds: Speeds) -> None:
        """Takes other figures of the machine."""
        self.speeds = speeds
        self._costs.clear()

    def job(self, wildcards: Mapping[str, str]) -> Job:
        return Job(self.plan, self.sizes.of, self.speeds.network, wildcards)

    def work(self, rule: str, wildcards: Mapping[str, str]) -> Work:
        """What a job does."""
        return formula(rule)(self.job(wildcards))

    def cost(self, rule: str, wildcards: Mapping[str, str]) -> Cost:
        """What a job costs. wildcards: of the job."""
        # Runs, epochs and shards of an experiment cost the same.
        shared = {name: value for name, value in wildcards.items() if name not in ("run", "shard", "epoch", "half")}
        key = (rule, self.sizes.version, *shared.items())
        if key not in self._costs:
            work = self.work(rule, shared)
            cost = self.speeds.cost(work, rule)
            if work.start in _IN_BLOCKS:
                cost = replace(cost, memory=min(cost.memory, self.plan.memory))
            self._costs[key] = cost
        return self._costs[key]

    def memory(self, rule: str, wildcards: Mapping[str, str], attempt: int = 1, may_have_gpu: bool = False) -> int:
        """MB that a job asks for: as much again with every attempt, for one that was killed because it wanted more.

        may_have_gpu: whether the job may run where there is a GPU, whose libraries take memory of the machine as well.
        """
        cost = self.cost(rule, wildcards)
        beside = _BESIDE_GPU if may_have_gpu and cost.is_of_network else 0
        wanted = _MEMORY_MARGIN * cost.memory * cost.processes * (_GUESSED_MARGIN if cost.is_guessed else 1) + beside
        return attempt * max(_LEAST_MEMORY, round(wanted))

    def minutes(self, rule: str, wildcards: Mapping[str, str], attempt: int = 1) -> int:
        """Minutes that a job asks for, at most a day: few partitions allow more, and trainings resume."""
        cost = self.cost(rule, wildcards)
        wanted = _TIME_MARGIN * cost.cpu / 60 * (_GUESSED_MARGIN if cost.is_guessed else 1)
        return min(attempt * max(_LEAST_TIME, round(wanted)), _MOST_TIME)
