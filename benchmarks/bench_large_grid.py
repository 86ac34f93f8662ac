"""Dry run and bookkeeping of a grid of 10,000 jobs whose scripts only create their outputs.

154 experiments of 5 seeds, half of them with label noise; see bench_dry_run.py. Printed: CPU and wall seconds and peak
memory of a dry run before anything is made; then, of a run of some minutes, how many jobs finish in a window of time
and what Snakemake's own process takes for each, without the jobs. `--warm-up` waits until hundreds of trainings are
ready at once, which is where choosing one takes longest. With `--whole` it runs to its end, a quarter of an hour or so,
and is started once more when all is done.
"""

import argparse
import contextlib
import os
import re
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psutil
from bench_dry_run import large_configuration
from stand_ins import Workflow, our_workflow


def dry_run(workflow: Workflow) -> None:
    began = time.perf_counter()
    with subprocess.Popen(workflow.command("-n"), cwd=workflow.folder, stdout=subprocess.PIPE, text=True) as process:
        text = process.stdout.read()
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
    wall, cpu = time.perf_counter() - began, usage.ru_utime + usage.ru_stime
    jobs = re.search(r"(\d+) jobs would run", text)[1]
    print(f"dry run of {jobs} jobs: {cpu:.1f} CPU s, {wall:.1f} s, {usage.ru_maxrss / 1024:.0f} MB", flush=True)


def finished(log: Path) -> int:
    """How many jobs the terminal has told to be finished."""
    return len(re.findall(r"^ *\d+%  ", log.read_text(), re.MULTILINE))


def bookkeeping(workflow: Workflow, cores: int, warm_up: int, seconds: float) -> None:
    """warm_up: jobs that finish before the window of time begins."""
    log = workflow.folder.parent / "terminal.txt"
    command = workflow.command("--cores", str(cores))
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=workflow.folder, stdout=output, stderr=output)
    snakemake = psutil.Process(process.pid)
    while process.poll() is None and finished(log) < warm_up:
        time.sleep(0.5)
    if process.poll() is None:
        first, cpu, began = finished(log), sum(snakemake.cpu_times()[:2]), time.perf_counter()
        time.sleep(seconds)
        jobs, cpu = finished(log) - first, sum(snakemake.cpu_times()[:2]) - cpu
        wall, memory = time.perf_counter() - began, snakemake.memory_info().rss / 2**20
        print(f"jobs {first} to {first + jobs} in {wall:.0f} s: {wall / max(jobs, 1):.2f} s a job, of them", end=" ")
        print(f"{cpu / max(jobs, 1):.3f} CPU s of Snakemake's own process; its memory: {memory:.0f} MB", flush=True)
        process.send_signal(signal.SIGTERM)
    process.wait()


def whole_run(workflow: Workflow, cores: int) -> None:
    """All jobs, and then a start that finds nothing to do."""
    for what in ("whole run", "start when all is done"):
        log = workflow.folder.parent / "terminal.txt"
        began = time.perf_counter()
        with log.open("w") as output:
            command = workflow.command("--cores", str(cores))
            process = subprocess.Popen(command, cwd=workflow.folder, stdout=output, stderr=output)
            snakemake, cpu, memory = psutil.Process(process.pid), 0.0, 0
            while process.poll() is None:
                with contextlib.suppress(psutil.Error):
                    cpu, memory = sum(snakemake.cpu_times()[:2]), max(memory, snakemake.memory_info().rss)
                time.sleep(0.5)
        wall, jobs = time.perf_counter() - began, finished(log)
        print(f"{what}: {jobs} jobs in {wall:.0f} s, status {process.returncode};", end=" ")
        print(f"Snakemake's own process: {cpu:.0f} CPU s, {memory / 2**20:.0f} MB", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--experiments", type=int, default=154)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--warm-up", type=int, default=400, help="jobs that finish before the window begins")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--whole", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workflow = our_workflow(Path(folder) / "grid", large_configuration(args.experiments))
        dry_run(workflow)
        if args.whole:
            whole_run(workflow, args.cores)
        else:
            bookkeeping(workflow, args.cores, args.warm_up, args.seconds)


if __name__ == "__main__":
    main()
