"""Costs of data sets: preparation, records of other runs, subsets, thumbnails."""

from collections.abc import Mapping

from difficulty.costs.job import Job, decoding
from difficulty.costs.work import MIB, Work

_DECODER = 0.5  # memory of a further process, of that of the first
_ROW = 58  # bytes of an example in the table of examples, or of files


def copies_images(settings: Mapping) -> bool:
    """Whether preparation writes files of images that were none before, by the settings of a source."""
    return "link" not in settings or settings["source"] == "parquet"


def prepare_dataset(job: Job) -> Work:
    """Images are decoded, written as files and into one table; a folder's own files are hard-linked."""
    data = job.data
    files = data.file_bytes * data.examples if copies_images(job.plan.datasets[job.dataset]) else 0
    seconds = data.examples * (1.2e-4 + decoding(data) + 1e-8 * data.file_bytes)
    kept = data.decoded + 2 * _ROW * data.examples + files
    memory = 90 + (data.in_parts + 1800 * data.examples) / MIB  # of the images, a part at a time
    processes = 1 + _DECODER * (job.plan.data.processes(job.dataset) - 1)
    return Work(seconds=0.9 + seconds, memory=memory, processes=processes, kept=kept)


def import_examples(job: Job) -> Work:
    rows = job.examples * max(job.data.records, 1)
    return job.tables(0.05 + 1.5e-6 * rows, 20e6 + 280 * job.examples, _ROW * job.examples)


def link_subset(job: Job) -> Work:
    data, parent = job.data, job.sizes_of(job.plan.datasets[job.dataset]["of"])
    seconds = 0.1 + 4e-5 * data.examples
    memory = 20e6 + 2 * parent.in_parts + 1000 * parent.examples
    return job.tables(seconds, memory, data.decoded + (2 * _ROW + 30) * data.examples)


def pack_thumbnails(job: Job) -> Work:
    data = job.data
    packed = min(data.numbers, 32 * 32 * data.channels)
    seconds = 0.1 + data.examples * (5e-5 + 1e-8 * packed + (decoding(data) if data.in_files else 0))
    return job.tables(
        seconds,
        data.in_parts + 250 * data.examples,
        (0.35 * min(packed, 64) + 0.07 * packed) * data.examples,
    )
