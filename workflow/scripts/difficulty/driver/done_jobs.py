"""Which planned jobs are done: their results are there, and the configuration would not have them made again."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from snakemake.io import is_flagged

from difficulty.costs.truth import made_with
from difficulty.driver.planned_jobs import PlannedJob


def done_jobs(jobs: Sequence[PlannedJob], makers: Mapping[str, int]) -> list[bool]:
    """Whether each job is done; one whose results are temporary also is once all jobs are done that read them.

    makers: file -> number of the job that makes it; other files are the user's.
    """
    readers: list[list[int]] = [[] for _ in jobs]
    for number, job in enumerate(jobs):
        for path in job.inputs:
            if str(path) in makers and not is_flagged(path, "ancient"):
                readers[makers[str(path)]].append(number)
    up_to_date = [_is_up_to_date(job, makers) for job in jobs]
    passing = [all(is_flagged(output, "temp") for output in job.outputs) for job in jobs]
    done = [made or passed for made, passed in zip(up_to_date, passing, strict=True)]
    waiting = [number for number, is_done in enumerate(done) if not is_done]
    while waiting:  # what was made of a result that is made again, is made again
        for number in readers[waiting.pop()]:
            if done[number]:
                done[number] = False
                waiting.append(number)
    for number, passed in enumerate(passing):
        if passed and done[number]:
            done[number] = up_to_date[number] or all(done[reader] for reader in readers[number])
    return done


def _is_up_to_date(job: PlannedJob, makers: Mapping[str, int]) -> bool:
    """Whether a job's results are there, of its settings and code, and no older than the user's files."""
    record = made_with(job.logs[0]) if job.logs else None
    if record and record != job.parameters():
        return False
    kept = [output for output in job.outputs if not is_flagged(output, "temp")] or job.outputs
    users = [path for path in job.inputs if str(path) not in makers and not is_flagged(path, "ancient")]
    try:
        made = min(Path(output).stat().st_mtime for output in kept)
        return all(Path(path).stat().st_mtime <= made for path in users)
    except OSError:
        return False
