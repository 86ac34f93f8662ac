"""What the workflow asks SLURM: which of its jobs are queued, why one cannot start, how large the nodes are."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

# Reasons that waiting does not remove (squeue's manual, "JOB REASON CODES"): someone must change something.
_NEVER_STARTS = re.compile(
    r"Partition\w+|BadConstraints|Invalid\w+|\w*NotAllowed|JobHeld\w+|NodeDown|\w+(PerJob|PerNode|Wall)\w*"
)


@dataclass(frozen=True)
class QueuedJob:
    """One SLURM job, waiting or running. request: what it asks for, in words; log: SLURM's own."""

    number: str
    reason: str
    request: str
    log: Path

    @property
    def never_starts(self) -> bool:
        return bool(_NEVER_STARTS.fullmatch(self.reason))


def queued_jobs(logs: Path) -> list[QueuedJob]:
    """The user's jobs whose log is in a folder; none where SLURM does not answer."""
    fields = "JobID:20|,Partition:80|,MinCpus:20|,MinMemory:20|,TimeLimit:20|,Reason:80|,STDOUT:4000"
    jobs = []
    for line in _lines("squeue", "--me", "--noheader", "-O", fields):
        number, partition, processors, memory, time, reason, log = (field.strip() for field in line.split("|", 6))
        request = f"partition {partition}, {processors} processors, memory {memory}, time {time}"
        jobs.append(QueuedJob(number, reason, request, Path(log)))
    return [job for job in jobs if logs in job.log.parents]


def jobs_that_never_start(logs: Path) -> dict[tuple[str, str], str]:
    """(job, reason) -> one line for the user, for each queued job that no waiting helps."""
    return {
        (job.number, job.reason): f"SLURM job {job.number} ({job.log.parent.relative_to(logs)}) cannot start: "
        f"{job.reason}; it asks for {job.request}; `scontrol show job {job.number}` says more. Change the profile "
        "(set-threads, set-resources), or let the job start; Ctrl-C ends the others"
        for job in queued_jobs(logs)
        if job.never_starts
    }


def processors_of_nodes(partitions: set[str]) -> int | None:
    """Most processors that a job gets on one node, in the partition of several that offers fewest.

    partitions: their names; empty: the default one. None if SLURM does not say.
    """
    offered = {}
    for line in _lines("sinfo", "--noheader", "--exact", "--format=%P|%c|%B"):
        name, *limits = line.strip().split("|")
        if name.rstrip("*") in partitions or (not partitions and name.endswith("*")):
            numbers = [int(digits[0]) for limit in limits if (digits := re.match(r"\d+", limit))]
            offered[name] = max(offered.get(name, 0), min(numbers, default=0))
    return min(offered.values(), default=0) or None


def _lines(*command: str) -> list[str]:
    """What a command prints; nothing if there is no such command or it fails."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()
    except (OSError, subprocess.SubprocessError):
        return []
