"""Snakemake's command line in processes that share one import of it: a dry run costs a third of a new start.

Its jobs share one import of their libraries as well: see script_server.py.
"""

import atexit
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from tests.support.script_server import interpreter

# The workflow's own library is not among them: every process imports it from the folder of its Snakefile.
PRELOADED = [
    *("snakemake.cli", "snakemake.workflow", "snakemake.dag", "snakemake.scheduling.greedy", "pydantic", "yaml"),
    *("snakemake.report.html_reporter", "smart_open"),  # which every start imports
]


@cache
def _context():
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


def snakemake(
    arguments: list[str], timeout: float, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess:
    """What `snakemake ARGUMENTS` prints and returns; kills it and its jobs after `timeout` seconds (TimeoutError)."""
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder, "stdout"), Path(folder, "stderr")
        python = sys.executable if "-n" in arguments else interpreter()
        process = _context().Process(target=_main, args=(arguments, files, environment or dict(os.environ), python))
        process.start()
        process.join(timeout)
        if process.is_alive():
            os.killpg(process.pid, signal.SIGKILL)
            raise TimeoutError(f"snakemake {' '.join(arguments)}: not done after {timeout} s")
        output = [file.read_text() if file.exists() else "" for file in files]
    return subprocess.CompletedProcess(arguments, process.exitcode, *output)


def _main(arguments: list[str], files: tuple[Path, Path], environment: dict[str, str], python: str) -> None:
    """Only for a process of its own, which leads a group with all of its jobs."""
    os.setsid()
    for number, file in enumerate(files, 1):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv, sys.executable = ["snakemake", *arguments], python  # the workflow's jobs run by the same interpreter
    from snakemake.cli import main

    try:
        main(arguments)
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    else:
        code = 0
    atexit._run_exitfuncs()  # a process of multiprocessing ends without them, and the workflow has one
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
