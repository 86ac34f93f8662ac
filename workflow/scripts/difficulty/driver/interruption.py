"""An interrupted Snakemake ends the jobs that it runs on this machine.

By itself it waits for them, which can take hours: after SIGTERM, and after a SIGINT that reaches Snakemake alone.
(Ctrl-C in a terminal reaches the jobs, too.)
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress

import psutil

from difficulty.driver.internals import replace_internal

_SECONDS_TO_KILL, _SECONDS_BETWEEN_LOOKS = 5.0, 0.2


def install() -> None:
    """Has Snakemake end its jobs when it is interrupted."""
    replace_internal("snakemake.scheduling.job_scheduler:JobScheduler.exit_gracefully", interrupting)
    replace_internal("snakemake.executors.local:Executor.cancel", ending_jobs)


def interrupting(exit_gracefully: Callable) -> Callable:
    """What replaces `snakemake.scheduling.job_scheduler:JobScheduler.exit_gracefully`, which handles SIGTERM: the same
    as SIGINT does."""

    def interrupt(scheduler, *signal):
        raise KeyboardInterrupt

    return interrupt


def ending_jobs(cancel: Callable) -> Callable:
    """What replaces `snakemake.executors.local:Executor.cancel`, which waits for the running jobs."""

    def cancel_and_end_jobs(executor):
        threading.Thread(target=end_child_processes, daemon=True).start()
        cancel(executor)

    return cancel_and_end_jobs


def end_child_processes(seconds_to_kill: float = _SECONDS_TO_KILL) -> None:
    """Sends SIGTERM to all processes that this one has started, directly or not, until there are none.

    After `seconds_to_kill`, those that still live are sent SIGKILL.
    """
    deadline, asked = time.monotonic() + seconds_to_kill, set()
    while processes := psutil.Process().children(recursive=True):
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                if time.monotonic() > deadline:
                    process.kill()
                elif process not in asked:
                    process.terminate()
        asked |= set(processes)
        psutil.wait_procs(processes, timeout=_SECONDS_BETWEEN_LOOKS)
