"""How long the jobs of a run have taken, and how long the others will probably take."""

from collections import Counter
from collections.abc import Mapping

_SHARE_TO_ESTIMATE = 0.5  # of all jobs: those of rules of which one job at least has finished


class JobTimes:
    """Seconds of finished jobs, by rule. Times are seconds of any steady clock.

    counts: rule -> how many jobs it has in this run.
    """

    def __init__(self, counts: Mapping[str, int], now: float):
        self.counts, self.began = Counter(counts), now
        self.running: dict[int, tuple[str, float]] = {}
        self.seconds: dict[str, list[float]] = {}

    @property
    def total(self) -> int:
        return self.counts.total()

    @property
    def done(self) -> int:
        return sum(map(len, self.seconds.values()))

    def start(self, job: int, rule: str, now: float) -> None:
        self.running[job] = (rule, now)

    def finish(self, job: int, now: float) -> float:
        """Seconds that the job took, which count for the estimate."""
        rule, started = self.running.pop(job)
        self.seconds.setdefault(rule, []).append(now - started)
        return now - started

    def fail(self, job: int, now: float) -> float:
        """Seconds that the job took."""
        _, started = self.running.pop(job)
        return now - started

    def left(self, now: float) -> float | None:
        """Seconds until all jobs have finished, or None as long as too little is known.

        A job to come takes as long as the finished jobs of its rule did in the mean, or as the mean of all these means
        if there are none. The work to come is divided by how many jobs have run side by side so far.
        """
        seen = sum(self.counts[rule] for rule in self.seconds)
        if not self.seconds or seen < _SHARE_TO_ESTIMATE * self.total:
            return None
        means = {rule: sum(seconds) / len(seconds) for rule, seconds in self.seconds.items()}
        typical = sum(means.values()) / len(means)
        to_come = {rule: count - len(self.seconds.get(rule, ())) for rule, count in self.counts.items()}
        work = sum(means.get(rule, typical) * count for rule, count in to_come.items())
        under_way = sum(min(now - started, means.get(rule, typical)) for rule, started in self.running.values())
        finished = sum(map(sum, self.seconds.values()))
        side_by_side = max((finished + under_way) / max(now - self.began, 1e-9), 1.0)
        return max(work - under_way, 0.0) / side_by_side
