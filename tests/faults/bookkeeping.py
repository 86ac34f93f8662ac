"""Faults of the plan, and of what is kept in .snakemake/difficulty/ between two starts."""

import contextlib
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

from tests.faults.jobs import start
from tests.support.workflows import Workflow

KEPT = ("calibration.json", "sizes.json", "plan.json", "expected.json", "source-digests.json")


def damage_kept(name: str, how: Callable[[Path], None]):
    """A damaged file is made anew: a plan, a look at what is to be done and `verify` go on."""

    def inject(workflow: Workflow, draws: random.Random) -> str:
        require_peace(workflow)
        path = workflow.work / ".snakemake" / "difficulty" / name
        how(path)
        require_peace(workflow)
        return "made anew"

    return inject


def kill_plan(workflow: Workflow, draws: random.Random) -> str:
    process, delay = start(workflow, "plan"), draws.uniform(0.5, 8)
    time.sleep(delay)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    require_peace(workflow)
    return f"killed after {delay:.1f} s"


def require_peace(workflow: Workflow) -> None:
    """A finished suite can be planned, has nothing to do and verifies."""
    for arguments in (["--cores", "1", "plan"], ["-n"], ["--cores", "1", "verify"]):
        result = workflow.snakemake(*arguments)
        output = result.stdout + result.stderr
        if result.returncode or "Traceback" in output or ("-n" in arguments and "othing to be done" not in output):
            raise AssertionError(f"{' '.join(arguments)}: {output[-500:]}")
