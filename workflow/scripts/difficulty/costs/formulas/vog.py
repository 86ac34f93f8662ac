"""Costs of variance of gradients."""

from difficulty.costs.job import Job
from difficulty.costs.work import MIB, Work

_HALF = 2  # bytes of a number of a map that is kept
_IN_MEMORY = 256  # MiB of maps that are read at once


def _images(job: Job) -> float:
    """Images of a shard."""
    settings = job.plan.vog.settings
    splits = settings["splits"]
    return sum(getattr(job.data, split) for split in splits) / settings["shards"]


def _row(job: Job) -> float:
    """Bytes of an example in a table with the scores of all stages."""
    return 6 + 11 * len(job.plan.vog.stages[job.experiment])


def extract_gradients(job: Job) -> Work:
    images, pixels = _images(job), job.data.height * job.data.width
    work = job.passes(gradient=images, kept=images * (0.9 * _HALF * pixels + 14))
    return work.plus(seconds=0.2 + 3e-8 * images * pixels)


def compute_vog(job: Job) -> Work:
    numbers = _images(job) * job.data.height * job.data.width * len(job.plan.vog.epochs(job.experiment))
    memory = 5.5 * min(4 * numbers, _IN_MEMORY * MIB)
    return job.tables(0.1 + 3e-8 * numbers, memory, _row(job) * _images(job))


def stream_vog(job: Job) -> Work:
    return _streamed(job, _images(job))


def stream_tested_vog(job: Job) -> Work:
    return _streamed(job, job.data.test)


def _streamed(job: Job, images: float) -> Work:
    epochs, pixels = len(job.plan.vog.epochs(job.experiment)), job.data.height * job.data.width
    work = job.passes(gradient=images * epochs, kept=1000 + _row(job) * images)
    return work.plus(seconds=0.2 + 2e-8 * images * pixels * epochs, memory=20)


def score_vog(job: Job) -> Work:
    return job.tables(0.05 + 2e-6 * job.rows, 10_000_000 + 600 * job.rows, 5000 + _row(job) * job.rows)


def compute_vog_analysis(job: Job) -> Work:
    return job.tables(2.0 + 1e-4 * job.examples, 72e6 + 2300 * job.examples, 35_000)


def compare_distributions(job: Job) -> Work:
    return job.tables(1.0 + 1e-4 * job.data.test * job.runs, 500 * job.data.test * job.runs, 40_000)


def compute_vog_toy(job: Job) -> Work:
    return Work("training", seconds=20, kept=200_000)
