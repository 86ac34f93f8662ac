"""What is asked of SLURM, with its answers (as version 22.05 gives them) in place of a cluster."""

from pathlib import Path

import pytest

from difficulty import slurm

LOGS = Path("/home/user/.snakemake/slurm_logs")
# Number, partition, processors, memory, time, reason, log, as `squeue -O` prints them.
WIDTHS = (20, 80, 20, 20, 20, 80, 4000)


def queue(*jobs):
    """The lines of squeue: (number, reason, log) of each job."""
    fields = [(number, "main", "4", "6000M", "4:00:00", reason, log) for number, reason, log in jobs]
    return ["|".join(field.ljust(width) for field, width in zip(job, WIDTHS, strict=True)) for job in fields]


@pytest.fixture
def answer(monkeypatch):
    """A function that sets the lines that every command prints from now on."""

    def set_lines(*lines):
        monkeypatch.setattr(slurm, "_lines", lambda *command: list(lines))

    return set_lines


def test_only_jobs_whose_log_is_in_the_folder_are_queued_jobs(answer):
    answer(*queue(("1", "None", f"{LOGS}/rule_a/x|y/%j.log"), ("2", "Priority", "/elsewhere/%j.log")))
    assert [job.number for job in slurm.queued_jobs(LOGS)] == ["1"]


@pytest.mark.parametrize(
    "reason",
    [
        "PartitionConfig",
        "PartitionTimeLimit",
        "PartitionNodeLimit",
        "BadConstraints",
        "InvalidQOS",
        "JobHeldUser",
        "QOSMaxCpuPerJobLimit",
        "AssocMaxWallDurationPerJobLimit",
    ],
)
def test_a_job_that_cannot_start_is_reported_with_reason_and_request(answer, reason):
    answer(*queue(("7", reason, f"{LOGS}/rule_compute_image_statistics/few/%j.log")))
    (line,) = slurm.jobs_that_never_start(LOGS).values()
    assert line.startswith(f"SLURM job 7 (rule_compute_image_statistics/few) cannot start: {reason}; ")
    assert "4 processors, memory 6000M" in line


@pytest.mark.parametrize(
    "reason", ["None", "Priority", "Resources", "Dependency", "BeginTime", "Licenses", "QOSMaxJobsPerUserLimit"]
)
def test_a_job_that_waits_for_its_turn_is_not_reported(answer, reason):
    answer(*queue(("7", reason, f"{LOGS}/rule_a/%j.log")))
    assert slurm.jobs_that_never_start(LOGS) == {}


SINFO = ("main*|2|UNLIMITED", "main*|64|UNLIMITED", "gpu|128|16", "debug|8|UNLIMITED")


@pytest.mark.parametrize(
    ("partitions", "expected"),
    [({"main"}, 64), ({"gpu"}, 16), ({"main", "gpu"}, 16), ({"debug", "main"}, 8), (set(), 64), ({"none"}, None)],
)
def test_processors_are_those_of_the_largest_node_in_the_smallest_partition(answer, partitions, expected):
    answer(*SINFO)
    assert slurm.processors_of_nodes(partitions) == expected


def test_without_slurm_nothing_is_queued_and_no_size_is_known(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert slurm.queued_jobs(LOGS) == []
    assert slurm.processors_of_nodes({"main"}) is None
