"""Files that are written as a whole or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from difficulty.written import note_written


@contextmanager
def atomic_path(path) -> Iterator[Path]:
    """Yields a temporary path next to `path`; renames it to `path` if the block succeeds.

    A reader therefore sees the old file, the new file or none, never half of one. The file enters the job's record.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
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
