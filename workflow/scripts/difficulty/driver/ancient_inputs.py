"""Jobs with an `ancient` input run for reasons of their own, whether or not that input is made again.

Snakemake 9.27 looks for no such reasons (other parameters, say) in a job that depends on one which is to run, since it
will run as well. It will not if its input is `ancient`: then the job is left out, and its outdated results stay.
"""

from collections import deque
from functools import partial

from difficulty.driver.internals import internal, replace_internal


def install() -> None:
    """Has Snakemake look for reasons in all jobs that no other one triggers."""
    internal("snakemake.dag:DAG.bfs")
    replace_internal("snakemake.dag:DAG.update_needrun", _judging_jobs_with_ancient_inputs)


def triggered(dag, direction, *jobs, stop=lambda job: False):
    """As DAG.bfs does, goes through the jobs that depend on some, but on something else than `ancient` inputs only."""
    queue, seen = deque(jobs), set(jobs)
    while queue:
        job = queue.popleft()
        if stop(job):
            continue
        yield job
        for other, files in direction[job].items():
            if other not in seen and not all(file.is_ancient for file in files):
                seen.add(other)
                queue.append(other)


def _judging_jobs_with_ancient_inputs(update_needrun):
    async def update(dag, create_inventory=False):
        dag.bfs = partial(triggered, dag)  # in place of DAG.bfs, by which it leaves jobs out
        try:
            await update_needrun(dag, create_inventory)
        finally:
            del dag.bfs

    return update
