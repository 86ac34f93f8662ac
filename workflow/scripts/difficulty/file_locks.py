"""Locks that one process holds at a time, on files that stay empty."""

import fcntl
from pathlib import Path
from typing import TextIO

from difficulty.errors import UserError


def locked(path: Path, message: str) -> TextIO:
    """An open file that no other process has locked; the lock ends with the process, however it ends.

    Raises UserError with the message if another process holds it. A file system without locks is taken as it is.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise UserError(message) from error
    except OSError:
        return file
    return file
