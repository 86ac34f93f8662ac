"""Work on many things in several processes, with the results in order."""

import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

_AHEAD = 2  # things given to each process, so that it need not wait for the next one


def mapped(function: Callable, things: Iterable, processes: int) -> Iterator:
    """What `function` makes of each thing, in order; in this process if one is enough.

    Others import the main script, which therefore needs its `if __name__ == "__main__"`. Things are taken a few at a
    time, as they are needed.
    """
    if processes <= 1:
        yield from map(function, things)
        return
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), _end_with_parent) as pool:
        pending = deque()
        for thing in things:
            with _without_interrupts():
                pending.append(pool.submit(function, thing))
            if len(pending) > _AHEAD * processes:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Has Ctrl-C wait for a moment in this process, and for ever in those that are started: this one ends them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_with_parent() -> None:
    """Ends this process as soon as the one that started it is killed, or it would wait for work for ever."""
    threading.Thread(target=_wait_for_the_end, daemon=True).start()


def _wait_for_the_end() -> None:
    multiprocessing.connection.wait([multiprocessing.parent_process().sentinel])
    os._exit(1)
