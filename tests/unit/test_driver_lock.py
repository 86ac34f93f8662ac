"""The lock of a working directory: who has it is waited for, and named."""

import contextlib
import subprocess
import sys
from pathlib import Path

import pytest

import difficulty
from difficulty.driver.lock import DriverLock, locking_by_process
from difficulty.errors import UserError

HOLDER = """
import sys, time
from difficulty.driver.lock import DriverLock
from pathlib import Path
lock = DriverLock(Path(sys.argv[1]))
lock.take()
print("taken", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that has the lock until its input ends."""
    library = str(Path(difficulty.__file__).parents[1])
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path / "driver.lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": library},
    )
    assert process.stdout.readline() == b"taken\n"
    yield process
    process.communicate()


def test_a_process_that_keeps_the_lock_is_named(holder, tmp_path):
    with pytest.raises(UserError, match=f"process {holder.pid} on .* still works here; wait for it or end it"):
        DriverLock(tmp_path / "driver.lock", seconds_to_wait=0.0).take()


def test_a_process_that_ends_is_waited_for(holder, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("difficulty.driver.lock.time.sleep", lambda seconds: holder.communicate())
    lock = DriverLock(tmp_path / "driver.lock")
    lock.take()
    assert lock.is_held and f"waiting for process {holder.pid} on " in capsys.readouterr().err


def test_locks_of_a_killed_snakemake_are_removed_and_ours_is_released(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".snakemake/locks").mkdir(parents=True)
    left_over = tmp_path / ".snakemake/locks/0.input.lock"
    left_over.touch()
    lock, entered = DriverLock(tmp_path / "driver.lock"), []

    def own(persistence):
        entered.append(persistence)
        return contextlib.nullcontext()

    with locking_by_process(lock)(own)("persistence"):
        assert lock.is_held and entered == ["persistence"] and not left_over.exists()
    assert not lock.is_held


def test_a_folder_that_cannot_be_written_to_is_reported(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"cannot be written to .*; choose another --directory"):
        DriverLock(tmp_path / "file" / "driver.lock")
