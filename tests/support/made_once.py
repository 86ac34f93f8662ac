"""What all test processes of a session share: whichever asks for it first makes it; never to be changed."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock


def session_folder(factory: pytest.TempPathFactory) -> Path:
    """A folder of the whole session, not of one of its processes."""
    base = factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


def made_once(place: Path, make: Callable[[Path], None]) -> Path:
    """The folder `place`, which `make` makes if no other process has made it."""
    done = place.with_name(f"{place.name}.done")
    with FileLock(f"{place}.lock"):
        if not done.exists():
            shutil.rmtree(place, ignore_errors=True)  # of a process that failed
            make(place)
            done.touch()
    return place
