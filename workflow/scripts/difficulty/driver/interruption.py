"""An interrupted Snakemake ends the jobs that it runs on this machine.

By itself it waits for them, which can take hours: after SIGTERM, and after a SIGINT that reaches Snakemake alone.
(Ctrl-C in a terminal reaches the jobs, too.)
"""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import psutil

from difficulty.driver.internals import replace_internal

_SECONDS_TO_KILL, _SECONDS_BETWEEN_LOOKS = 5.0, 0.2
_SECONDS_TO_SIGNAL_AGAIN = 0.05


def install() -> None:
    """Has Snakemake end its jobs on this machine when it is interrupted, also by SIGTERM.

    Jobs on a cluster go on after SIGTERM: a login node that restarts sends it.
    """
    replace_internal("snakemake.scheduling.job_scheduler:JobScheduler.exit_gracefully", _interrupting)
    replace_internal("snakemake.executors.local:Executor.cancel", _ending_jobs)


def _interrupting(exit_gracefully: Callable) -> Callable:
    """In place of Snakemake's handler of SIGTERM.

    A task of asyncio would keep the exception, and raise it again in what Snakemake does afterwards: so a signal that
    arrives in one is sent again a moment later.
    """

    def interrupt(scheduler, *args):
        if not scheduler.workflow.local_exec:
            exit_gracefully(scheduler, *args)
        elif _is_in_task():
            threading.Timer(_SECONDS_TO_SIGNAL_AGAIN, os.kill, [os.getpid(), signal.SIGTERM]).start()
        else:
            raise KeyboardInterrupt

    return interrupt


def _is_in_task() -> bool:
    with suppress(RuntimeError):
        asyncio.get_running_loop()
        return True
    return False


def _ending_jobs(cancel: Callable) -> Callable:
    """Around the function by which Snakemake waits for its running jobs."""

    def cancel_and_end_jobs(executor):
        threading.Thread(target=end_child_processes, daemon=True).start()
        cancel(executor)

    return cancel_and_end_jobs


def end_child_processes(seconds_to_kill: float = _SECONDS_TO_KILL) -> None:
    """Sends SIGTERM to all processes that this one has started, directly or not, until none is left.

    After `seconds_to_kill`, those that still live are sent SIGKILL. Only looks whether they have ended: waiting for one
    would take its exit status from Snakemake, which would then believe that its job has succeeded.
    """
    deadline, asked = time.monotonic() + seconds_to_kill, set()
    while processes := _living_children():
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                if time.monotonic() > deadline:
                    process.kill()
                elif process not in asked:
                    process.terminate()
        asked |= processes
        time.sleep(_SECONDS_BETWEEN_LOOKS)


def _living_children() -> set[psutil.Process]:
    """Those that have ended but wait for their parent to ask for their status are left out."""
    living = set()
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if process.status() != psutil.STATUS_ZOMBIE:
                living.add(process)
    return living
