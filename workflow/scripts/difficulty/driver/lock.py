"""One Snakemake at a time in a folder, and none that is dead."""

import fcntl
import os
import platform
import sys
from contextlib import contextmanager
from pathlib import Path

from difficulty.driver.internals import replace_internal
from difficulty.errors import UserError

_LOCK = Path(".snakemake", "difficulty", "driver.lock")


class DriverLock:
    """A lock of the operating system on a working directory, which ends with the process."""

    def __init__(self):
        self.path = _LOCK.absolute()
        self._file = None

    @property
    def is_held(self) -> bool:
        """Whether this process has the lock; it has not where the file system has no such locks."""
        return self._file is not None

    def install(self) -> None:
        """Has a Snakemake that locks its folder take this lock first. Raises UserError if the folder is read-only."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.touch()
        except OSError as error:
            raise UserError(
                f"{Path.cwd()}: cannot be written to ({error.strerror}); choose another --directory"
            ) from None
        replace_internal("snakemake.persistence:PersistenceBase.lock", self._locking_by_process)

    def take(self) -> None:
        """Raises UserError if another process has it."""
        file = self.path.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            owner = file.read().strip() or "another Snakemake"
            raise UserError(f"{Path.cwd()}: {owner} still works here; wait for it") from None
        except OSError:
            return
        file.truncate(0)
        file.write(f"process {os.getpid()} on {platform.node()}")
        file.flush()
        self._file = file

    def release(self) -> None:
        if self._file:
            self._file.close()
            self._file = None

    def _locking_by_process(self, lock):
        """Takes our lock, then removes those of a Snakemake that was killed; dry runs lock nothing.

        Without our lock, Snakemake's own decides, which outlives the process.
        """

        @contextmanager
        def lock_after_ours(persistence):
            try:
                self.take()
            except UserError as error:
                print(error, file=sys.stderr)
                sys.exit(1)
            for abandoned in Path(".snakemake", "locks").glob("*.lock") if self.is_held else ():
                abandoned.unlink(missing_ok=True)
            try:
                with lock(persistence):
                    yield
            finally:
                self.release()

        return lock_after_ours
