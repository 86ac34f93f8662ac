"""SIGTERM, by which SLURM ends a job at its time limit, a spot machine is taken back, and Snakemake ends its jobs.

SIGINT, which Ctrl-C sends to all of them before Snakemake sends SIGTERM, counts as the same. It becomes an exception,
so that files that are half written are removed. It may come anywhere, even while a library takes care of its child
processes, which is then left unable to end: so the process ends by itself afterwards.
"""

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

_SECONDS_OF_ONE_SIGNAL, _SECONDS_TO_ARRIVE = 2.0, 0.5
_SECONDS_TO_RAISE_AGAIN = 0.02
_SECONDS_TO_TIDY = 4  # less than what Snakemake (5, see driver/interruption.py) and SLURM (30) leave until SIGKILL


class Stopped(BaseException):
    """A signal has arrived; the message says where that leaves the stage. No `except Exception` catches it.

    by: the name of the signal.
    """

    def __init__(self, message: str = "", by: str = "SIGTERM"):
        super().__init__(message or f"stopped by {by}")
        self.by = by


@contextmanager
def stopping_on_sigterm() -> Iterator[None]:
    """Has SIGTERM, and SIGINT unless it is ignored, raise Stopped in the main thread, as soon as it is back in Python.

    A signal that follows within two seconds is the same one: to the process and to its group, or by its parent. Where
    Python ignores exceptions (while it forks or destroys an object), Stopped is raised again afterwards; if that does
    not help, SIGALRM ends the process in time. Child processes that are forked meanwhile end as without this, but not
    by SIGINT: this process ends them.
    """
    owner, arrived, by = os.getpid(), -_SECONDS_OF_ONE_SIGNAL, "SIGTERM"

    def stop(number, frame):
        nonlocal arrived, by
        if os.getpid() != owner:
            if number == signal.SIGINT:
                return
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        elif time.monotonic() - arrived >= _SECONDS_OF_ONE_SIGNAL:
            arrived, by = time.monotonic(), signal.Signals(number).name
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # or torch raises that those that decode images have ended
            for child in _children():  # at once: whoever started them may wait for them for long
                child.terminate()
            stop_soon()

    def stop_soon(*_):
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(_SECONDS_TO_TIDY)
        raise Stopped(by=by)

    def ignored(found):
        if isinstance(found.exc_value, Stopped):
            signal.signal(signal.SIGALRM, stop_soon)
            signal.setitimer(signal.ITIMER_REAL, _SECONDS_TO_RAISE_AGAIN)
        else:
            previous_hook(found)

    caught = [signal.SIGTERM, *([signal.SIGINT] if signal.getsignal(signal.SIGINT) != signal.SIG_IGN else [])]
    previous_hook, previous = sys.unraisablehook, {number: signal.signal(number, stop) for number in caught}
    sys.unraisablehook = ignored
    try:
        yield
    finally:
        if arrived > 0:
            signal.alarm(0)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
        sys.unraisablehook = previous_hook
        for number, handler in previous.items():  # once one has arrived, nothing is to disturb the end of the process
            signal.signal(number, signal.SIG_IGN if arrived > 0 else handler)


def _children() -> list:
    """Processes of Python that this one has started."""
    multiprocessing = sys.modules.get("multiprocessing")
    return multiprocessing.active_children() if multiprocessing else []


def end_at_once(status: int) -> None:
    """Ends this process and its child processes without more ado: what is left to be done might wait for them."""
    for child in _children():
        child.kill()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def wait_for_sigterm_after(error: Exception) -> None:
    """Waits a moment if a child process has ended early: the SIGTERM that ended it may be about to arrive here."""
    if type(error).__name__ == "BrokenProcessPool" or "DataLoader worker" in str(error):
        time.sleep(_SECONDS_TO_ARRIVE)
