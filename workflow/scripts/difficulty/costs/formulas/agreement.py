"""Costs of agreement between networks."""

from difficulty.costs.job import Job
from difficulty.costs.work import Work


def _records(job: Job) -> int:
    """Rows of the records of all runs of a group."""
    group = job.plan.agreement.groups[job.wildcards["group"]]
    return sum(_examples(job, name) * job.recorded_epochs(name) * len(job.plan.runs(name)) for name in group)


def _examples(job: Job, experiment: str) -> int:
    return job.sizes_of(job.plan.data.of(experiment)).examples


def _rows(job: Job) -> int:
    """Rows of the scores of all experiments of a group, one for each run."""
    group = job.plan.agreement.groups[job.wildcards["group"]]
    return sum(_examples(job, name) * len(job.plan.runs(name)) for name in group)


def compute_agreement(job: Job) -> Work:
    records = _records(job)
    return job.tables(0.2 + 4.4e-7 * records, 30 * records, 15_000)


def compute_order_stability(job: Job) -> Work:
    rows = _rows(job)
    return job.tables(0.1 + 2e-6 * rows, 14e6 + 90 * rows, 12_000)


def describe_agreed(job: Job) -> Work:
    records = _records(job)
    return job.tables(0.35 + 4.4e-7 * records, 30 * records, 11_000)
