"""A training that is killed is resumed; a second Snakemake waits for the first."""

import os
import signal
import subprocess
import time

import psutil
import pytest

from tests.support.damage import digests
from tests.support.suites import EVERYTHING
from tests.support.workflows import Workflow, altered, changed

RUN = "results/experiments/plain/seed-0"
SLOW = changed(
    defaults={"architecture": "resnet9", "width": 8, "epochs": 6, "seeds": [0]},
    datasets={"few": {"source": "digits", "limit": {"train": 600, "test": 30}}},
)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory) -> Workflow:
    """Everything that comes before training."""
    workflow = Workflow(tmp_path_factory.mktemp("slow") / "prepared", SLOW)
    workflow.run("results/experiments/plain/labels.parquet")
    return workflow


@pytest.fixture(scope="module")
def whole(prepared) -> Workflow:
    """A run that was never interrupted."""
    workflow = prepared.copied(prepared.source.parents[1] / "whole")
    workflow.run(f"{RUN}/records.parquet")
    return workflow


@pytest.mark.parametrize("victim", ["job", "driver"])
def test_training_killed_with_9_resumes_to_the_same_bytes(prepared, whole, tmp_path, victim):
    killed = prepared.copied(tmp_path / "killed")
    process = subprocess.Popen(
        killed.command("--cores", "1", f"{RUN}/records.parquet"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    partial = killed.work / RUN / ".partial"
    while not (partial / "epoch-2.safetensors").exists():
        assert process.poll() is None
        time.sleep(0.02)
    if victim == "driver":
        os.killpg(process.pid, signal.SIGKILL)
    else:
        for job in psutil.Process(process.pid).children(recursive=True):
            job.kill()
    process.wait()
    assert partial.exists() and not (killed.work / RUN / "records.parquet").exists()
    killed.run(f"{RUN}/records.parquet")
    log = (killed.work / "results/logs/experiments/plain/seed-0/train_model.log").read_text()
    assert "epoch 1: loss" not in log and "epoch 6: loss" in log
    assert digests(killed.work / RUN) == digests(whole.work / RUN)


def test_a_living_snakemake_is_waited_for(everything):
    """The first is stopped, so that it cannot end; a dry run beside it goes on."""
    everything.configure(altered(EVERYTHING, figures__dpi=51))
    first = subprocess.Popen(everything.command("--cores", "1"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not list((everything.work / ".snakemake/locks").glob("*.lock")):
        assert first.poll() is None
        time.sleep(0.02)
    jobs = psutil.Process(first.pid).children(recursive=True)
    first.send_signal(signal.SIGSTOP)
    assert everything.planned()
    second = everything.started("--cores", "1")
    for process in [psutil.Process(first.pid), *jobs]:
        process.kill()
    first.wait()
    assert second.returncode == 1 and f"process {first.pid} on " in second.stderr
    assert "still works here; wait for it" in second.stderr and "--unlock" not in second.stderr
