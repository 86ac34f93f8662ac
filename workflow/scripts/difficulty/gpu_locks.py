"""Which of a machine's GPUs a job takes: those that no other job has. Snakemake limits only how many jobs want one.

A job marks its GPUs by locks of the operating system, which end with the process, however it ends.
"""

import fcntl
import logging
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

logger = logging.getLogger("difficulty")
_locked: list[TextIO] = []  # open as long as this process lives, and with them its locks


def visible_gpus(count: int) -> list[str]:
    """What the GPUs that torch counts are called, in its order: as CUDA_VISIBLE_DEVICES does, else by their numbers."""
    names = [name.strip() for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")]
    return names if all(names) and len(set(names)) == count == len(names) else [str(number) for number in range(count)]


def take_gpus(count: int, names: Sequence[str], folder: Path | None = None) -> list[int]:
    """Positions in `names` of `count` different GPUs, first of those that no other process of the user has taken.

    They stay taken until this process ends. Where fewer are free, the rest are shared with other jobs; the log says so.
    folder: of the locks; where it cannot be written to, nothing is known of other jobs.
    """
    if len(names) <= count:
        return list(range(len(names)))
    free: list[int] = []
    try:
        folder = folder or Path(tempfile.gettempdir(), f"difficulty-gpus-{os.getuid()}")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for position, name in enumerate(names):
            if len(free) < count and _lock(folder / f"{name.replace('/', '_')}.lock"):
                free.append(position)
    except OSError as error:
        logger.info("the GPUs that other jobs use are not known: %s", error)
    others = [position for position in range(len(names)) if position not in free]
    first = os.getpid() % len(others)  # or all that find none would meet on the first
    shared = (others[first:] + others[:first])[: count - len(free)]
    if shared:
        logger.info("GPU %s: shared with other jobs, none is free", ", ".join(names[each] for each in shared))
    taken = sorted(free + shared)
    logger.info("GPU %s of %s", ", ".join(names[each] for each in taken), ", ".join(names))
    return taken


def _lock(path: Path) -> bool:
    """Locks a file until this process ends; False if another process has locked it."""
    file = path.open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return False
    _locked.append(file)
    return True
