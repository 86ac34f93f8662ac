"""Costs of statistics of images, and of what is measured elsewhere."""

from difficulty.costs.job import Job, decoding
from difficulty.costs.work import MIB, Work

_PIXEL = 1e-6  # seconds for all ten statistics of a pixel of 1,024, more for each of a larger image
_LARGER = 0.15  # power
_PROCESSES = 4  # threads of the rule
_STATISTICS, _FAST = 10, 0.1  # how many there are; share of the time that the fast ones take


def compute_image_statistics(job: Job) -> Work:
    data, settings = job.data, job.plan.images.settings
    side = settings.get("size")
    pixels = min(data.height * data.width, side**2) if side else data.height * data.width
    statistics = settings["statistics"]
    is_all = statistics == "all" or len(statistics) >= _STATISTICS
    share = 1 if is_all else len(statistics) / _STATISTICS
    limit = settings.get("fast_above")
    if is_all and limit is not None and data.examples * data.height * data.width > limit * 1e6:
        share = _FAST
    seconds = data.examples * (
        1.5e-4 + share * _PIXEL * pixels * (pixels / 1024) ** _LARGER + (decoding(data) if data.in_files else 0)
    )
    kept = 10_000 + 35 * data.examples
    memory = (2.5 * data.in_parts + 100 * data.examples) / MIB + 30
    return Work(seconds=0.3 + seconds, memory=memory, processes=_PROCESSES, kept=kept)


def join_statistic(job: Job) -> Work:
    return _joined(job, job.sizes_of(job.plan.images.joins[job.wildcards["join"]]["dataset"]).examples)


def order_by_joined(job: Job) -> Work:
    return _joined(job, job.examples)


def _joined(job: Job, examples: int) -> Work:
    return job.tables(0.1 + 4e-6 * examples, 1000 * examples, 10_000 + 10 * examples)


def select_statistics(job: Job) -> Work:
    return job.tables(0.05 + 2e-6 * job.examples, 500 * job.examples, 10_000 + 33 * job.examples)


def compute_relations(job: Job) -> Work:
    return job.tables(0.2 + 8e-5 * job.examples, 1000 * job.examples, 54_000)
