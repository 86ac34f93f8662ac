"""One Snakemake at a time in a folder, and none that is dead."""

import fcntl
import platform
from contextlib import contextmanager

DRIVER_LOCK = Path(".snakemake", "difficulty", "driver.lock").absolute()
driver_locks = []  # the open lock file, once this process has it


def take_driver_lock():
    """Takes a lock of the operating system, which ends with the process; keeps it in `driver_locks`.

    Ends with one line if another process has it. Where the file system has no such locks, nothing is taken.
    """
    file = open(DRIVER_LOCK, "a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        owner = file.read().strip() or "another Snakemake"
        print(f"{os.getcwd()}: {owner} still works here; wait for it", file=sys.stderr)
        sys.exit(1)
    except OSError:
        return
    file.truncate(0)
    file.write(f"process {os.getpid()} on {platform.node()}")
    file.flush()
    driver_locks.append(file)


def locking_by_process(lock):
    """Has a Snakemake that locks its folder take our lock first, and then remove the locks of one that was killed.

    Dry runs lock nothing. Without our lock, Snakemake's own decides, which outlives the process.
    """

    @contextmanager
    def lock_after_ours(persistence):
        take_driver_lock()
        for abandoned in Path(".snakemake", "locks").glob("*.lock") if driver_locks else ():
            abandoned.unlink(missing_ok=True)
        try:
            with lock(persistence):
                yield
        finally:
            while driver_locks:
                driver_locks.pop().close()

    return lock_after_ours


if workflow.is_main_process:
    try:
        DRIVER_LOCK.parent.mkdir(parents=True, exist_ok=True)
        DRIVER_LOCK.touch()
    except OSError as error:
        print(f"{os.getcwd()}: cannot be written to ({error.strerror}); choose another --directory", file=sys.stderr)
        sys.exit(1)
    replace_internal("snakemake.persistence:PersistenceBase.lock", locking_by_process)
