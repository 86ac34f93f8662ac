"""Faults: each is a function that does it to a workflow, with moments drawn at random, and says what it did."""

import contextlib
import io
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq

from tests.faults.jobs import start
from tests.faults.suite import CONFIG
from tests.support.damage import damage_unnoticed
from tests.support.workflows import Workflow, unlinked

_ATTEMPTS = 12


def kill_between_parts(rule: str, harm: Callable[[Path], None] | None = None):
    """Kills everything while a stage has some finished parts on disk, of which one is harmed."""

    def inject(workflow: Workflow, draws: random.Random) -> str:
        wanted = draws.randint(1, 20)
        for _ in range(_ATTEMPTS):
            left, most = parts_left(workflow, rule, wanted)
            if left:
                break
            wanted = max(1, min(wanted // 2, most))
        else:
            raise AssertionError(f"{rule} was never met with a finished part on disk")
        if harm:
            harm(draws.choice(left))
        return f"{len(left)} parts left{', one of them damaged' * bool(harm)}"

    return inject


def parts_left(workflow: Workflow, rule: str, wanted: int) -> tuple[list[Path], int]:
    """Runs a stage again and kills it when it has so many parts.

    Returns them, none if it had ended before, and how many there were at most.
    """
    process, most = start(workflow, "--forcerun", rule, "--until", rule), 0
    while process.poll() is None and most < wanted:
        time.sleep(0.005)
        most = max(most, len(parts_in(workflow)))
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return parts_in(workflow), most


def parts_in(workflow: Workflow) -> list[Path]:
    """All finished parts, in order, while folders come and go."""
    found = os.walk(workflow.work / "results")
    return sorted(
        Path(folder, file) for folder, _, files in found for file in files if file.endswith(".part") and file[0] != "."
    )


def kill_driver(group: bool, number: int = signal.SIGKILL):
    def inject(workflow: Workflow, draws: random.Random) -> str:
        process = start(workflow, "data", "runs", "scores")
        delay = draws.uniform(2, 40)
        time.sleep(delay)
        if group:
            os.killpg(process.pid, number)
        else:
            os.kill(process.pid, number)
        process.wait()
        return f"after {delay:.0f} s"

    return inject


def damage(file: str, consumer: str, how: Callable[[Path], None]):
    def inject(workflow: Workflow, draws: random.Random) -> str:
        before = (workflow.work / file).read_bytes()
        path = damage_unnoticed(workflow, file, how)
        result = workflow.snakemake("--cores", "1", "--forcerun", consumer, "--until", consumer)
        output = result.stdout + result.stderr
        harmless = path.suffix == ".parquet" and result.returncode == 0 and same_table(path, before)
        if not harmless and file not in output:
            raise AssertionError(f"{consumer} did not name {file}: {output[-500:]}")
        if "it is made again" in output and result.returncode == 0:
            return "named and made again"
        if not harmless and result.returncode == 0:
            raise AssertionError(f"{consumer} used {file}: {output[-500:]}")
        shutil.rmtree(path.parent) if path.suffix == ".safetensors" else path.unlink()
        return "changed nothing that is read, deleted" if harmless else "named, deleted"

    return inject


def same_table(path: Path, content: bytes) -> bool:
    """Whether a Parquet file has the same values and the same metadata as one with this content."""
    found, expected = pq.read_table(path), pq.read_table(io.BytesIO(content))
    return found.equals(expected, check_metadata=True)


def flip(path: Path) -> None:
    """Flips a bit of what a file holds; of its metadata, which may not matter, see tests/unit/test_tables.py."""
    content = bytearray(path.read_bytes())
    footer = pq.read_metadata(path).serialized_size + 8 if path.suffix == ".parquet" else 0
    content[(len(content) - footer) // 2] ^= 4
    path.write_bytes(content)


def empty(path: Path) -> None:
    """Cuts a file to nothing."""
    path.write_bytes(b"")


def alter_member(how: Callable[[Path], None]):
    def inject(workflow: Workflow, draws: random.Random) -> str:
        images = sorted((workflow.work / "results/datasets/easy/images").rglob("*.png"))
        member = draws.choice(images)
        how(unlinked(member))
        result = workflow.snakemake("--cores", "1", "--force", "results/experiments/easy/seed-0/records.parquet")
        if result.returncode == 0 or member.name not in result.stdout + result.stderr:
            raise AssertionError(f"{member} was not missed")
        for name in ("easy", "drawn", "few"):
            shutil.rmtree(workflow.work / "results" / "datasets" / name)
        return "named, both data sets deleted"

    return inject


def two_drivers(workflow: Workflow, draws: random.Random) -> str:
    process = start(workflow, "data", "runs", "scores")
    lock = workflow.work / ".snakemake" / "difficulty" / "driver.lock"
    while process.poll() is None and not (lock.exists() and lock.read_text()):
        time.sleep(0.1)
    delay = draws.uniform(0, 10)
    time.sleep(delay)
    second = workflow.snakemake("--cores", "1", "data", "runs", "scores")
    output = second.stdout + second.stderr
    has_waited, is_refused = "which still works here" in output, "wait for it or end it" in output
    if not has_waited or is_refused != bool(second.returncode):
        raise AssertionError(f"the second driver neither waited nor was refused: {output[-500:]}")
    if process.wait():
        raise AssertionError("the first driver failed")
    return f"second after {delay:.0f} s {'refused' if is_refused else 'waited'}"


def full_disk(share: float):
    def inject(workflow: Workflow, draws: random.Random) -> str:
        size = int(share * workflow.needed)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", workflow.work], check=True)
        workflow.configure(CONFIG)
        result = workflow.snakemake("--cores", "1", "data", "runs", "scores")
        output = result.stdout + result.stderr
        subprocess.run(["mount", "-o", "remount,size=1g", workflow.work], check=True)
        if result.returncode == 0:
            raise AssertionError(f"{size:,} bytes were enough")
        told = "no space left" in output.lower()
        return f"{size:,} bytes: " + ("told" if told else f"NOT TOLD: {output[-300:]}")

    return inject
