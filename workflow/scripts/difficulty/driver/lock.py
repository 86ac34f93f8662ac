"""One Snakemake at a time in a folder: a lock of the operating system, which ends with the process that has it.

Snakemake's own locks are files that outlive a process that was killed, and stop the next one until `--unlock`.
"""

import fcntl
import os
import platform
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

from difficulty.driver.internals import replace_internal
from difficulty.errors import UserError

_LOCK = Path(".snakemake", "difficulty", "driver.lock")
_SECONDS_TO_WAIT, _SECONDS_BETWEEN_TRIES = 15.0, 0.2


class DriverLock:
    """The lock of the working directory.

    seconds_to_wait: for another process that has it. at_start: called by a run as soon as it has locked the folder; may
    raise UserError.
    """

    def __init__(self, seconds_to_wait: float = _SECONDS_TO_WAIT, at_start: Callable[[], None] = lambda: None):
        self.path, self.seconds_to_wait, self.at_start = _LOCK.absolute(), seconds_to_wait, at_start
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
        replace_internal("snakemake.persistence:PersistenceBase.lock_warn_only", self._warning_by_process)

    def take(self) -> None:
        """Takes the lock; nothing is taken where the file system has none.

        Waits a while for another process that has it, e.g. one that was interrupted and is ending its jobs, and prints
        which one; raises UserError if it keeps the lock.
        """
        file = self.path.open("a+")
        deadline, is_reported = time.monotonic() + self.seconds_to_wait, False
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                owner = self.path.read_text().strip() or "another Snakemake"
                if time.monotonic() > deadline:
                    file.close()
                    raise UserError(f"{Path.cwd()}: {owner} still works here; wait for it or end it") from None
                if not is_reported:
                    print(f"{Path.cwd()}: waiting for {owner}, which still works here", file=sys.stderr, flush=True)
                    is_reported = True
                time.sleep(_SECONDS_BETWEEN_TRIES)
            except OSError:
                file.close()
                return
        file.truncate(0)
        file.write(f"process {os.getpid()} on {platform.node()}")
        file.flush()
        self._file = file

    def release(self) -> None:
        if self._file:
            self._file.close()
            self._file = None

    def owner(self) -> str | None:
        """Who has the lock, if another process has it."""
        with self.path.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return file.read().strip() or "another Snakemake"
            except OSError:
                pass
        return None

    def _warning_by_process(self, warn: Callable) -> Callable:
        """What a dry run does in place of locking: the locks of a Snakemake that was killed are of no account."""

        @contextmanager
        def say_who_works_here(persistence):
            if not self.is_held and (owner := self.owner()):
                print(f"{Path.cwd()}: {owner} works here, so this plan may soon be outdated", file=sys.stderr)
            yield

        return say_who_works_here

    def _locking_by_process(self, lock: Callable) -> Callable:
        """Takes our lock, then removes those of a Snakemake that was killed; dry runs lock nothing.

        Without our lock, Snakemake's own decides, which outlives the process. Ends with one line if another has ours.
        """

        @contextmanager
        def lock_after_ours(persistence):
            try:
                self.take()
                locks = Path(".snakemake", "locks")
                locks.mkdir(parents=True, exist_ok=True)  # a Snakemake that was waited for has removed it at its end
                for abandoned in locks.glob("*.lock") if self.is_held else ():
                    abandoned.unlink(missing_ok=True)
                with lock(persistence):
                    self.at_start()
                    yield
            except UserError as error:
                print(error, file=sys.stderr)
                sys.exit(1)
            finally:
                self.release()

        return lock_after_ours
