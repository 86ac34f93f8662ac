"""The workflow, started with profiles/slurm on the SLURM that is here; all is skipped where there is none."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.workflows import Workflow

PROFILE = "profiles/slurm/config.yaml"


def output_of(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def choose_partition() -> str:
    """$SLURM_TEST_PARTITION, or the default one, which sinfo marks with an asterisk, or the first."""
    listed = output_of("sinfo", "--noheader", "--format=%P").split()
    default = [name.rstrip("*") for name in sorted(listed, key=lambda name: not name.endswith("*"))]
    return os.environ.get("SLURM_TEST_PARTITION") or default[0]


@pytest.fixture(scope="session")
def partition() -> str:
    if not shutil.which("sbatch"):
        pytest.skip("there is no sbatch here")
    try:
        name = choose_partition()
        output_of("sbatch", "--test-only", f"--partition={name}", "--time=10", "--mem=4000", "--wrap=true")
    except (subprocess.SubprocessError, IndexError) as error:
        pytest.skip(f"SLURM takes no jobs: {getattr(error, 'stderr', '') or error}")
    return name


class SlurmWorkflow(Workflow):
    """Adjusts the profile as a user does; asks for the state of jobs more often."""

    def __init__(self, folder: Path, config: dict, partition: str):
        super().__init__(folder, config)
        self.edit(PROFILE, "slurm_partition: main", f"slurm_partition: {partition}")
        self.edit(PROFILE, "status-checks: 20", "status-checks: 2")

    def arguments(self, *arguments: str) -> list[str]:
        return super().arguments("--profile", str(self.source / PROFILE.rpartition("/")[0]), *arguments)

    def snakemake(self, *arguments: str, timeout: float = 600, env: dict | None = None) -> subprocess.CompletedProcess:
        """By a command of its own: jobs of SLURM start their Python themselves."""
        return self.started(*arguments, timeout=timeout)

    def run(self, *arguments: str) -> str:
        """Runs to the end through SLURM; returns what was printed."""
        result = self.snakemake(*arguments, timeout=7200)  # jobs may wait in the queue
        output = result.stdout + result.stderr
        assert result.returncode == 0, output[-5000:]
        return output

    def queued(self) -> list[str]:
        """Numbers of this folder's SLURM jobs, waiting or running."""
        listed = output_of("squeue", "--me", "--noheader", "-O", "JobID:20,STDOUT:4000").splitlines()
        return [line.split()[0] for line in listed if f"{self.work}/" in line]

    def slurm_logs(self, rule: str) -> list[str]:
        """What SLURM kept of the jobs that failed, oldest first."""
        paths = (self.work / ".snakemake" / "slurm_logs" / f"rule_{rule}").rglob("*.log")
        return [path.read_text() for path in sorted(paths, key=lambda path: int(path.stem))]


@pytest.fixture
def slurm(tmp_path, partition):
    """A function that makes a workflow in a folder of its own; what it leaves in SLURM is cancelled in the end."""
    made = []

    def make(config: dict, name: str = "slurm") -> SlurmWorkflow:
        made.append(SlurmWorkflow(tmp_path / name, config, partition))
        return made[-1]

    yield make
    for workflow in made:
        if jobs := workflow.queued():
            subprocess.run(["scancel", *jobs], check=True)
