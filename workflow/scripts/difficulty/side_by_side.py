"""Work on many things in several processes, with the results in order."""

import multiprocessing
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
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        pending = deque()
        for thing in things:
            pending.append(pool.submit(function, thing))
            if len(pending) > _AHEAD * processes:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
