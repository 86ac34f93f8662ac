"""In a large grid, Snakemake chooses what runs next among a part of the jobs that could run.

Each time a job has finished, Snakemake 9.27 looks up the size of every input of every job that is ready, which in a
large grid takes longer than the jobs; its --scheduler-subsample draws a part at random, whatever their priority.
"""

from collections.abc import Iterable

from difficulty.driver.internals import replace_internal

_OF_EACH_KIND = 50


def install() -> None:
    """Has Snakemake consider of each rule's jobs, or each group's, only as many as may run at once, and at least 50."""
    replace_internal("snakemake.scheduling.job_scheduler:JobScheduler.job_selector", _considering_few)


def most_urgent(jobs: Iterable, of_each_kind: int) -> list:
    """The jobs of highest priority of each kind, which is the rules that a job runs."""
    kinds: dict[tuple, list] = {}
    for job in sorted(jobs, key=lambda job: -job.priority):
        kinds.setdefault(tuple(sorted(job.rules)), []).append(job)
    return [job for several in kinds.values() for job in several[:of_each_kind]]


def _considering_few(select):
    def selected(scheduler, jobs):
        settings = scheduler.workflow.resource_settings
        at_once = settings.nodes or settings.cores or 0  # cores: a large number on a cluster, which says how many nodes
        return select(scheduler, most_urgent(jobs, max(at_once, _OF_EACH_KIND)))

    return selected
