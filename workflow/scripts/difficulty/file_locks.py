"""Locks that one process holds at a time, on files that stay empty."""

import contextlib
import fcntl
import os
import weakref
from pathlib import Path
from typing import TextIO

from difficulty.errors import UserError

_ATTEMPTS = 100
_held: weakref.WeakSet[TextIO] = weakref.WeakSet()


def locked(path: Path, message: str) -> TextIO:
    """An open file that no other process has locked; the lock ends with the process, however it ends.

    Processes that it forks, e.g. to decode images, do not keep the lock when it is killed. Raises UserError with the
    message if another process holds it. A file system without locks is taken as it is.
    """
    while True:
        file = _opened(path)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.close()
            raise UserError(message) from error
        except OSError:
            return file
        if _is_at(path, file):
            _held.add(file)
            return file
        file.close()  # whoever had it has just removed it


def _opened(path: Path) -> TextIO:
    """Makes the folder, too, which another process may remove in the same moment, as it has finished."""
    for _ in range(_ATTEMPTS):
        with contextlib.suppress(FileNotFoundError, FileExistsError):
            path.parent.mkdir(parents=True, exist_ok=True)
            return path.open("w")
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("w")


def _is_at(path: Path, file: TextIO) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _let_go() -> None:
    """In a forked process: its copies would keep the locks when the one that holds them is killed."""
    for file in list(_held):
        file.close()


os.register_at_fork(after_in_child=_let_go)
