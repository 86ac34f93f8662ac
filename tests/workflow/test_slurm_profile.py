"""The SLURM profile on a cluster whose answers are made up: a dry run shows what jobs would ask for."""

import os

import pytest

from tests.support.workflows import TINY, Workflow


@pytest.fixture
def workflow(tmp_path):
    """A workflow that finds a `sinfo` of two partitions first on its PATH."""
    made, commands = Workflow(tmp_path / "w", {**TINY, "analyses": {}}), tmp_path / "commands"
    commands.mkdir()
    (commands / "sinfo").write_text("#!/bin/sh\nprintf 'main*|2|UNLIMITED\\ngpu|64|UNLIMITED\\n'\n")
    (commands / "sinfo").chmod(0o755)
    made.environment = {**os.environ, "PATH": f"{commands}:{os.environ['PATH']}", "PYTHONDONTWRITEBYTECODE": "1"}
    return made


def test_no_job_asks_for_more_threads_than_a_node_has(workflow):
    """The statistics of images would like four."""
    profile = str(workflow.source / "profiles" / "slurm")
    target = "results/datasets/few/statistics.parquet"
    result = workflow.snakemake("--profile", profile, "-n", "-p", "--cores", "8", target, env=workflow.environment)
    assert result.returncode == 0, result.stderr
    _, _, job = (result.stdout + result.stderr).partition("rule compute_image_statistics:")
    assert "threads: 2\n" in job
