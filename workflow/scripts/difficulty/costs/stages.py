"""Costs of all jobs of a rule together, as estimated and as they were, and what finished runs say of a formula."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from difficulty.costs.truth import Truth
from difficulty.costs.work import Cost

_LARGEST_CORRECTION = 4
_LEAST = 0.5  # of the start: what a job must take beyond it to say something of larger ones


@dataclass(frozen=True)
class EstimatedJob:
    """A job with its estimate. start: (CPU seconds, MiB) of that which only starting takes. truth: None as long as it
    is to be done, or if that is not known. before: numbers, in their list, of the jobs whose results it needs."""

    rule: str
    cost: Cost
    start: tuple[float, float]
    done: bool
    truth: Truth | None = None
    before: tuple[int, ...] = ()


@dataclass
class Stage:
    """All jobs of a rule. estimated, true: of those whose truth is known."""

    rule: str
    jobs: list[EstimatedJob] = field(default_factory=list)

    @property
    def to_do(self) -> list[EstimatedJob]:
        return [job for job in self.jobs if not job.done]

    @property
    def known(self) -> list[EstimatedJob]:
        return [job for job in self.jobs if job.truth]

    def ratios(self) -> tuple[float, float, float] | None:
        """Truth over estimate: CPU time together, largest memory, bytes kept together; None if no truth is known."""
        if not (known := self.known):
            return None
        cpu = sum(job.truth.cpu for job in known) / sum(job.cost.cpu for job in known)
        memory = max(job.truth.memory for job in known) / max(job.cost.memory for job in known)
        estimated = sum(job.cost.kept for job in known)
        return cpu, memory, sum(job.truth.kept for job in known) / estimated if estimated else 1.0


def stages(jobs: Iterable[EstimatedJob]) -> list[Stage]:
    """Jobs by rule, the rules that take most CPU time first."""
    found: dict[str, Stage] = {}
    for job in jobs:
        found.setdefault(job.rule, Stage(job.rule)).jobs.append(job)
    return sorted(found.values(), key=lambda stage: -sum(job.cost.cpu for job in stage.jobs))


def corrections(
    jobs: Iterable[EstimatedJob], old: Mapping[str, tuple[float, float, float]]
) -> dict[str, tuple[float, float, float]]:
    """Rule -> factors of CPU time and memory beyond the start, and of disk, with which estimates would have been true.

    old: those that the estimates contain. Where jobs took little beyond their start, the factor stays as it was.
    """
    found, of_rule = dict(old), defaultdict(list)
    for job in jobs:
        if job.truth:
            of_rule[job.rule].append(job)
    for rule, known in of_rule.items():
        cpu, memory, kept = old.get(rule, (1.0, 1.0, 1.0))
        seconds, size = known[0].start
        cpu *= _factor([job.truth.cpu - seconds for job in known], [job.cost.cpu - seconds for job in known], seconds)
        memory *= _factor([job.truth.memory - size for job in known], [job.cost.memory - size for job in known], size)
        kept *= _factor([job.truth.kept for job in known], [job.cost.kept for job in known], 0)
        found[rule] = tuple(
            min(max(each, 1 / _LARGEST_CORRECTION), _LARGEST_CORRECTION) for each in (cpu, memory, kept)
        )
    return found


def _factor(true: list[float], estimated: list[float], start: float) -> float:
    """Truth over estimate of what is beyond the start; 1 where that is little."""
    if sum(true) < _LEAST * start * len(true) or sum(estimated) <= 0:
        return 1.0
    return max(sum(true), 0) / sum(estimated)


def longest_chain(jobs: list[EstimatedJob]) -> float:
    """CPU seconds of the longest chain of jobs that are to be done one after the other."""
    lengths: dict[int, float] = {}
    waiting = list(range(len(jobs)))
    while waiting:
        number = waiting[-1]
        missing = [other for other in jobs[number].before if other not in lengths]
        if number not in lengths and missing:
            waiting += missing
            continue
        waiting.pop()
        before = max((lengths[other] for other in jobs[number].before), default=0.0)
        lengths[number] = before + (0.0 if jobs[number].done else jobs[number].cost.cpu)
    return max(lengths.values(), default=0.0)
