"""Work on many things in several processes, with the results in order."""

import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor

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
            pending.append(pool.submit(function, thing))
            if len(pending) > _AHEAD * processes:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


def _end_with_parent() -> None:
    """Ends this process as soon as the one that started it is killed, or it would wait for work for ever.

    Ctrl-C reaches both; this one leaves it to the other, which ends it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_wait_for_the_end, daemon=True).start()


def _wait_for_the_end() -> None:
    multiprocessing.connection.wait([multiprocessing.parent_process().sentinel])
    os._exit(1)
