"""What jobs need on a cluster: memory that grows, threads that a node has, records that outlive Snakemake, no job that
writes beside another, and a word about jobs that cannot start.
"""

import shutil
import subprocess
import threading
import time

from snakemake.persistence import PersistenceBase

from difficulty.slurm import jobs_that_never_start, processors_of_nodes, queued_jobs

SLURM_LOGS = Path(".snakemake", "slurm_logs").absolute()
SECONDS_BETWEEN_QUESTIONS = 30


def memory(mb):
    """A job's memory in MB: as much again with every retry, for one that was killed because it wanted more."""
    return lambda wildcards, attempt: mb * attempt


def limit_threads_to_a_node():
    """Lowers the threads that rules would like to what one node has, as --cores does without a cluster.

    SLURM keeps a job that asks for more in its queue for ever.
    """
    resources = workflow.resource_settings
    asked = [resources.default_resources, *resources.overwrite_resources.values()]
    partitions = {named["slurm_partition"].raw for named in asked if named and "slurm_partition" in named}
    if partitions and (processors := processors_of_nodes(partitions)):
        resources.max_threads = min(processors, resources.max_threads or processors)


def cancel_leftover_jobs():
    """Cancels what a Snakemake that was killed has left in SLURM, or it would write what is now made again."""
    if not driver_lock.is_held or not SLURM_LOGS.exists() or not shutil.which("squeue"):
        return
    told = set()
    for _ in range(120):  # seconds, until they have ended
        if not (jobs := [job.number for job in queued_jobs(SLURM_LOGS.resolve())]):
            return
        if new := set(jobs) - told:
            print(f"cancelling SLURM jobs of a Snakemake that was killed: {', '.join(sorted(new))}", file=sys.stderr)
            told |= new
        subprocess.run(["scancel", *jobs])
        time.sleep(1)
    print(f"SLURM jobs {', '.join(jobs)} do not end; cancel them and start again", file=sys.stderr)
    sys.exit(1)


def report_jobs_that_never_start():
    """Prints why, once for each job and reason, as long as this process lives."""
    told = set()
    while True:
        time.sleep(SECONDS_BETWEEN_QUESTIONS)
        lines = jobs_that_never_start(SLURM_LOGS.resolve()) if SLURM_LOGS.exists() else {}
        for key in lines.keys() - told:
            print(lines[key], file=sys.stderr, flush=True)
        told |= lines.keys()


onstart:
    cancel_leftover_jobs()
    if not workflow.local_exec:
        threading.Thread(target=report_jobs_that_never_start, daemon=True).start()


def record_what_jobs_finish():
    """Lets a job on a cluster record what it has finished, as it does anyway with --immediate-submit.

    Snakemake leaves that to the process that submitted the job. Had that been killed meanwhile, nothing would tell how
    the results were made.
    """
    finished = PersistenceBase.finished

    async def finished_and_recorded(persistence, job):
        settings = persistence.dag.workflow.remote_execution_settings
        settings.immediate_submit = True
        try:
            await finished(persistence, job)
        finally:
            settings.immediate_submit = False

    PersistenceBase.finished = finished_and_recorded


if workflow.is_main_process:
    os.environ.pop("SNAKEMAKE_PROFILE", None)  # jobs inherit the environment and would apply the profile once more
    limit_threads_to_a_node()
if workflow.remote_exec:
    record_what_jobs_finish()
