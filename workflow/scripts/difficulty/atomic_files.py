"""Files that are written as a whole or not at all."""

import glob
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from difficulty.written import note_written

_DRAWN = "?" * 8  # what mkstemp draws


@contextmanager
def atomic_path(path) -> Iterator[Path]:
    """Yields a temporary path next to `path`; renames it to `path` if the block succeeds.

    A reader therefore sees the old file, the new file or none, never half of one. The file enters the job's record.
    A file is written by one process at a time: temporary ones that a killed job has left are removed.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    for abandoned in path.parent.glob(f".{glob.escape(path.name)}.{_DRAWN}{glob.escape(path.suffix)}"):
        abandoned.unlink(missing_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    try:
        yield Path(temporary)
        umask = os.umask(0)
        os.umask(umask)
        Path(temporary).chmod(0o666 & ~umask)
        Path(temporary).replace(path)
        note_written(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
