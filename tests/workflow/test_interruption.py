"""An interrupted Snakemake ends its jobs, reports in a few lines, and makes room for the next one."""

import os
import signal
import subprocess
import time

import psutil
import pytest

from tests.support.workflows import Workflow, changed

RUN = "results/experiments/plain/seed-0"
ENDLESS = changed(defaults={"epochs": 5000, "seeds": [0]})


@pytest.mark.parametrize(
    ("number", "send"),
    [(signal.SIGTERM, os.kill), (signal.SIGINT, os.kill), (signal.SIGINT, os.killpg)],
    ids=["SIGTERM", "SIGINT", "Ctrl-C"],
)
def test_an_interrupted_snakemake_ends_its_jobs(tmp_path, number, send):
    """The signal reaches Snakemake alone, or its jobs, too; the training would take minutes."""
    workflow = Workflow(tmp_path, ENDLESS)
    command = workflow.command("--cores", "1", f"{RUN}/records.parquet")
    driver = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell ignores it in the background
    )
    while not (workflow.work / RUN / ".partial/epoch-2.safetensors").exists():
        assert driver.poll() is None
        time.sleep(0.02)
    jobs = psutil.Process(driver.pid).children(recursive=True)
    send(driver.pid, number)
    told = driver.communicate(timeout=60)[1]
    assert driver.returncode == 1 and jobs and not any(job.is_running() for job in jobs)
    assert "train_model plain seed-0: interrupted after" in told and "Interrupted after" in told
    assert "Traceback" not in told and "Error" not in told and "FAILED" not in told
    workflow.configure(changed(defaults={"seeds": [0]}))
    assert ("train_model", "plain seed-0") in workflow.planned(f"{RUN}/records.parquet")
