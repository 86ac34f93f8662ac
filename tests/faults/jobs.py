"""Faults of single jobs: one of every rule is killed, runs out of disk or of memory, or reads an input that is damaged.

Only its outputs, and what of its inputs is damaged, are asked for again: all else must stay as it is.
"""

import contextlib
import os
import random
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.faults.suite import result_digests
from tests.support.damage import damage_unnoticed, flip, truncate
from tests.support.workflows import Workflow

_JOB = re.compile(r"^rule (\w+):\n((?:    .*\n)*)", re.MULTILINE)
_ATTEMPTS, _LONGEST = 12, 120  # seconds
# What is said of too little memory: by stages, by the terminal, and by Python where a stage has not begun its log.
_OF_MEMORY = re.compile("out of memory|lack memory|memory (may|did) not suffice|MemoryError")
_ASIDE = {"survey_source.py", "calibrate.py"}  # programs that are no jobs


@dataclass(frozen=True)
class Job:
    """A job with the files that it reads and makes."""

    rule: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def jobs_of(workflow: Workflow, *targets: str) -> list[Job]:
    """All jobs that make what the targets need, of rules that make files."""
    said = workflow.dry_run("--forceall", *targets)
    found = [Job(rule, _files(body, "input"), _files(body, "output")) for rule, body in _JOB.findall(said)]
    return [job for job in found if job.outputs]


def _files(body: str, section: str) -> tuple[str, ...]:
    line = re.search(f"^    {section}: (.*)$", body, re.MULTILINE)
    return tuple(re.sub(r" \([a-z ]+\)$", "", path) for path in line[1].split(", ")) if line else ()  # (update)


def start(workflow: Workflow, *arguments: str) -> subprocess.Popen:
    """Snakemake in a session of its own."""
    log = workflow.work.with_name("killed.log").open("w")
    return subprocess.Popen(
        workflow.command("--cores", "1", *arguments), stdout=log, stderr=log, start_new_session=True
    )


def said(workflow: Workflow) -> str:
    """What the Snakemake that was started last has printed."""
    return workflow.work.with_name("killed.log").read_text()


def first_job(process: subprocess.Popen, workflow: Workflow) -> psutil.Process | None:
    """The first process that runs a script of the workflow; None if Snakemake ends before."""
    scripts = workflow.source / "workflow" / "scripts"
    while process.poll() is None:
        with contextlib.suppress(psutil.Error):
            for child in psutil.Process(process.pid).children(recursive=True):
                for word in map(Path, child.cmdline()[1:2]):
                    if word.parent == scripts and word.name not in _ASIDE:
                        return child
        time.sleep(0.02)
    return None


def meet(workflow: Workflow, arguments: tuple[str, ...], delay: float, act: Callable[[psutil.Process], None]) -> bool:
    """Starts Snakemake, acts on its first job after a delay, and waits; False if the job had ended before."""
    process = start(workflow, *arguments)
    victim = first_job(process, workflow)
    time.sleep(delay)
    hit = victim is not None and victim.is_running() and victim.status() != psutil.STATUS_ZOMBIE
    if hit:
        act(victim)
    try:
        process.wait(_LONGEST)
    except subprocess.TimeoutExpired as error:
        os.killpg(process.pid, signal.SIGKILL)
        raise AssertionError(f"not at its end after {_LONGEST} s: {said(workflow)[-300:]}") from error
    return hit


def kill(*arguments: str, longest: float):
    """Kills the first job that these arguments start, at some time."""

    def inject(workflow: Workflow, draws: random.Random) -> str:
        delay = draws.uniform(0, longest)
        for _ in range(_ATTEMPTS):
            if meet(workflow, arguments, delay, psutil.Process.kill):
                return f"killed after {delay:.1f} s"
            delay /= 2
        raise AssertionError("no job was there to be killed")

    return inject


def kill_one(job: Job):
    return kill("--force", job.outputs[0], longest=3)


def fill_disk(job: Job):
    """Nothing is left on the disk as soon as the job runs. It mounts a small file system in memory."""

    def inject(workflow: Workflow, draws: random.Random) -> str:
        whole = workflow.work.rename(workflow.work.with_name("whole"))
        workflow.work.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2g", "tmpfs", workflow.work], check=True)
        shutil.copytree(whole, workflow.work, symlinks=True, dirs_exist_ok=True)
        shutil.rmtree(whole)
        blocks = os.statvfs(workflow.work)
        used = (blocks.f_blocks - blocks.f_bfree) * blocks.f_frsize
        subprocess.run(["mount", "-o", f"remount,size={used + (4 << 20)}", workflow.work], check=True)
        ballast = workflow.work / "ballast"
        hit = meet(workflow, ("--force", job.outputs[0]), 0, lambda _: _fill(ballast))
        ballast.unlink(missing_ok=True)
        subprocess.run(["mount", "-o", "remount,size=2g", workflow.work], check=True)
        if not hit:
            raise AssertionError("no job was there")
        if "no space left" not in said(workflow).lower():
            raise AssertionError(f"not told: {said(workflow)[-500:]}")
        return "told"

    return inject


def _fill(ballast: Path) -> None:
    for size in (1 << 16, 1 << 12):
        with contextlib.suppress(OSError), ballast.open("ab", buffering=0) as file:
            while True:
                file.write(bytes(size))


def take_memory(job: Job):
    """The job gets no more memory after some time."""

    def act(victim: psutil.Process) -> None:
        size = victim.memory_info().vms + (8 << 20)
        victim.rlimit(psutil.RLIMIT_AS, (size, size))

    def inject(workflow: Workflow, draws: random.Random) -> str:
        delay = draws.uniform(0.5, 3)
        for _ in range(_ATTEMPTS):
            if meet(workflow, ("--force", job.outputs[0]), delay, act):
                break
            delay /= 2
        output = said(workflow)
        if f"{job.rule} " in output and "FAILED" not in output and "100%" in output:
            return f"after {delay:.1f} s, enough"
        if not _OF_MEMORY.search(output):
            raise AssertionError(f"not told: {output[-500:]}")
        return f"after {delay:.1f} s, told"

    return inject


def damage_input(job: Job):
    """One of the files that the job reads, drawn at random, is damaged in a way that is drawn as well."""

    def inject(workflow: Workflow, draws: random.Random) -> str:
        before = result_digests(workflow)
        kept = [path for path in job.inputs if path.startswith("results/") and (workflow.work / path).exists()]
        if not kept:
            return "reads temporary files alone"
        place = draws.choice(kept)
        members = sorted(each for each in (workflow.work / place).rglob("*") if each.is_file() and each.name[0] != ".")
        path = draws.choice(members) if members else workflow.work / place
        how = draws.choice([truncate, flip, lambda path: path.write_bytes(b"")])
        damage_unnoticed(workflow, str(path.relative_to(workflow.work)), how)
        damaged = result_digests(workflow)
        result = workflow.snakemake("--cores", "1", "--force", job.outputs[0])
        output = result.stdout + result.stderr
        after = result_digests(workflow)
        harmless = result.returncode == 0 and after in (damaged, before)
        if path.name not in output and not harmless:
            raise AssertionError(f"{place}: used, or not named: {output[-500:]}")
        if after != before:
            shutil.rmtree(workflow.work / place) if members else path.unlink()
        return f"{place}: {'named' if not harmless else 'made again' if after == before else 'nothing that is read'}"

    return inject


def has_inputs(job: Job) -> bool:
    """Whether it reads results."""
    return any(path.startswith("results/") for path in job.inputs)
