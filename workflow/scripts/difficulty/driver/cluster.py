"""What jobs need on a cluster: threads that a node has, records that outlive Snakemake, no left-over job that still
writes, and a word about jobs that cannot start.
"""

import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

from difficulty.driver.internals import internal
from difficulty.errors import UserError
from difficulty.slurm import jobs_that_never_start, processors_of_nodes, queued_jobs

_SECONDS_BETWEEN_QUESTIONS = 30
_SECONDS_TO_END = 120


def limit_threads_to_a_node(resources) -> None:
    """Lowers the threads that rules would like to what one node has, as --cores does without a cluster.

    SLURM keeps a job that asks for more in its queue for ever. resources: Snakemake's settings of resources.
    """
    asked = [resources.default_resources, *resources.overwrite_resources.values()]
    partitions = {named["slurm_partition"].raw for named in asked if named and "slurm_partition" in named}
    if partitions and (processors := processors_of_nodes(partitions)):
        resources.max_threads = min(processors, resources.max_threads or processors)


def cancel_leftover_jobs(logs: Path) -> None:
    """Cancels what a Snakemake that was killed has left in SLURM, or it would write what is now made again.

    logs: the folder of SLURM's logs. Raises UserError for jobs that do not end.
    """
    if not logs.exists() or not shutil.which("squeue"):
        return
    cancelled: set[str] = set()
    for _ in range(_SECONDS_TO_END):
        if not (jobs := [job.number for job in queued_jobs(logs.resolve())]):
            return
        if new := set(jobs) - cancelled:
            print(f"cancelling SLURM jobs of a Snakemake that was killed: {', '.join(sorted(new))}", file=sys.stderr)
            cancelled |= new
        subprocess.run(["scancel", *jobs])
        time.sleep(1)
    raise UserError(f"SLURM jobs {', '.join(jobs)} do not end; cancel them and start again")


def report_jobs_that_never_start(logs: Path) -> None:
    """Prints why, once for each job and reason, as long as this process lives."""
    threading.Thread(target=_report_for_ever, args=[logs], daemon=True).start()


def _report_for_ever(logs: Path) -> None:
    reported: set[tuple[str, str]] = set()
    while True:
        time.sleep(_SECONDS_BETWEEN_QUESTIONS)
        lines = jobs_that_never_start(logs.resolve()) if logs.exists() else {}
        for key in lines.keys() - reported:
            print(lines[key], file=sys.stderr, flush=True)
        reported |= lines.keys()


def record_what_jobs_finish() -> None:
    """Lets a job on a cluster record what it has finished, as it does anyway with --immediate-submit.

    Snakemake leaves that to the process that submitted the job. Had that been killed meanwhile, nothing would tell how
    the results were made.
    """
    persistence_class, finished = internal("snakemake.persistence:PersistenceBase.finished")

    async def finished_and_recorded(persistence, job):
        settings = persistence.dag.workflow.remote_execution_settings
        settings.immediate_submit = True
        try:
            await finished(persistence, job)
        finally:
            settings.immediate_submit = False

    persistence_class.finished = finished_and_recorded
