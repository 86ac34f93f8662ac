"""SIGTERM, by which SLURM ends a job at its time limit, a spot machine is taken back, and Snakemake ends its jobs.

It becomes an exception, so that files that are half written are removed and child processes are ended.
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

_SECONDS_OF_ONE_SIGNAL, _SECONDS_TO_ARRIVE = 2.0, 0.5


class Stopped(BaseException):
    """SIGTERM has arrived; the message says where that leaves the stage. No `except Exception` catches it."""

    def __init__(self, message: str = "stopped by SIGTERM"):
        super().__init__(message)


@contextmanager
def stopping_on_sigterm() -> Iterator[None]:
    """Has SIGTERM raise Stopped in the main thread, as soon as it is back in Python.

    A signal that follows within two seconds is the same one: to the process and to its group, or by its parent.
    Child processes that are forked meanwhile end as they would without this.
    """
    owner, arrived = os.getpid(), -_SECONDS_OF_ONE_SIGNAL

    def stop(number, frame):
        nonlocal arrived
        if os.getpid() != owner:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        elif time.monotonic() - arrived >= _SECONDS_OF_ONE_SIGNAL:
            arrived = time.monotonic()
            raise Stopped

    previous = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def wait_for_sigterm_after(error: Exception) -> None:
    """Waits a moment if a child process has ended early: the SIGTERM that ended it may be about to arrive here."""
    if type(error).__name__ == "BrokenProcessPool" or "DataLoader worker" in str(error):
        time.sleep(_SECONDS_TO_ARRIVE)
