"""What jobs need on a cluster: memory that grows, records that outlive Snakemake, and no job that writes beside another."""

import shutil
import subprocess
import time

from snakemake.persistence import PersistenceBase


def memory(mb):
    """A job's memory in MB: as much again with every retry, for one that was killed because it wanted more."""
    return lambda wildcards, attempt: mb * attempt


def leftover_jobs(logs):
    """Numbers of the user's SLURM jobs, waiting or running, whose log is in a folder."""
    command = ["squeue", "--me", "--noheader", "-O", "JobID:20,STDOUT:4000"]
    lines = subprocess.run(command, capture_output=True, text=True).stdout.splitlines()
    jobs = [line.split(maxsplit=1) for line in lines]
    return [number for number, log in jobs if logs in Path(log).parents]


def cancel_leftover_jobs():
    """Cancels what a Snakemake that was killed has left in SLURM, or it would write what is now made anew."""
    logs = Path(".snakemake", "slurm_logs").resolve()
    if not driver_locks or not logs.exists() or not shutil.which("squeue"):
        return
    told = set()
    for _ in range(120):  # seconds, until they have ended
        if not (jobs := leftover_jobs(logs)):
            return
        if new := set(jobs) - told:
            print(f"cancelling SLURM jobs of a Snakemake that was killed: {', '.join(sorted(new))}", file=sys.stderr)
            told |= new
        subprocess.run(["scancel", *jobs])
        time.sleep(1)
    print(f"SLURM jobs {', '.join(jobs)} do not end; cancel them and start again", file=sys.stderr)
    sys.exit(1)


onstart:
    cancel_leftover_jobs()


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
if workflow.remote_exec:
    record_what_jobs_finish()
