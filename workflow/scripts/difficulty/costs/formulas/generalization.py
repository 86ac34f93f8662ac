"""Costs of who generalizes to what, and of removing examples."""

from difficulty.costs.job import Job
from difficulty.costs.work import Work


def collect_generalization(job: Job) -> Work:
    return job.tables(0.2, 0, 17_000)


def compute_traits(job: Job) -> Work:
    study = job.plan.generalization.studies[job.wildcards["study"]]
    examples = max(job.sizes_of(job.plan.data.of(name)).examples for name in study["experiments"])
    return job.tables(0.1 + 1e-5 * examples, 800 * examples, 13_000)


def collect_removal(job: Job) -> Work:
    return job.tables(0.3, 0, 20_000)
