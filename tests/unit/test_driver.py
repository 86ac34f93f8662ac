"""The lock of a working directory, whose owner is named and waited for; the end of an interrupted Snakemake's jobs."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import snakemake.api  # noqa: F401 (first, since parts of Snakemake import each other)
from snakemake.executors.local import Executor
from snakemake.path_modifier import PathModifier
from snakemake.persistence import PersistenceBase
from snakemake.scheduling.job_scheduler import JobScheduler

import difficulty
from difficulty.driver import interruption, modules
from difficulty.driver.lock import DriverLock
from difficulty.errors import UserError

HOLDER = """
import sys
from difficulty.driver.lock import DriverLock
lock = DriverLock()
lock.install()
lock.take()
print("taken", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The working directory; what is replaced of Snakemake is restored afterwards."""
    for owner, name in (
        (PersistenceBase, "lock"),
        (PersistenceBase, "lock_warn_only"),
        (JobScheduler, "exit_gracefully"),
        (Executor, "cancel"),
    ):
        monkeypatch.setattr(owner, name, getattr(owner, name))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def holder(folder):
    """Another process that has the lock until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": str(Path(difficulty.__file__).parents[1])},
    )
    assert process.stdout.readline() == b"taken\n"
    yield process
    process.communicate()


def test_a_process_that_keeps_the_lock_is_named(holder):
    with pytest.raises(UserError, match=rf"process {holder.pid} on .* still works here; wait for it or end it"):
        DriverLock(seconds_to_wait=0.0).take()


def test_a_dry_run_says_who_works_here_and_nothing_of_locks_left_behind(folder, holder, capsys):
    left_behind = SimpleNamespace(locked=True)
    lock = DriverLock()
    lock.install()
    with PersistenceBase.lock_warn_only(left_behind):
        assert f"process {holder.pid} on " in capsys.readouterr().err
    holder.communicate()
    with PersistenceBase.lock_warn_only(left_behind):
        assert capsys.readouterr().err == ""


def test_a_process_that_ends_is_waited_for(holder, monkeypatch, capsys):
    monkeypatch.setattr("difficulty.driver.lock.time.sleep", lambda seconds: holder.communicate())
    lock = DriverLock()
    lock.take()
    assert lock.is_held and f"waiting for process {holder.pid} on " in capsys.readouterr().err
    lock.release()


@pytest.mark.parametrize("times", [1, 2])
def test_a_folder_is_locked_again_after_it_was_locked(folder, times):
    """Also by a process that has read the rules twice. Locks of a killed Snakemake are removed."""
    original = PersistenceBase.lock
    left_over = folder / ".snakemake/locks/0.input.lock"
    left_over.parent.mkdir(parents=True)
    left_over.touch()
    stand_in = SimpleNamespace(locked=False, all_inputfiles=list, all_outputfiles=list, unlock=lambda: None)
    stand_in._write_locks = lambda kind, files: None
    for _ in range(times):
        lock = DriverLock()
        lock.install()
        assert PersistenceBase.lock.replaced is original
        with PersistenceBase.lock(stand_in):
            assert lock.is_held and not left_over.exists()
        assert not lock.is_held


def test_a_run_begins_when_its_folder_is_locked(folder, capsys):
    """If it cannot begin, the reason is printed, and the folder is free for others."""
    stand_in = SimpleNamespace(locked=False, all_inputfiles=list, all_outputfiles=list, unlock=lambda: None)
    stand_in._write_locks = lambda kind, files: None
    begun = []

    def begin():
        begun.append(lock.is_held)
        if len(begun) > 1:
            raise UserError("jobs do not end")

    lock = DriverLock(at_start=begin)
    lock.install()
    with PersistenceBase.lock(stand_in):
        assert begun == [True]
    with pytest.raises(SystemExit), PersistenceBase.lock(stand_in):
        pass
    assert capsys.readouterr().err == "jobs do not end\n" and not lock.is_held


@pytest.mark.parametrize(
    "moved",
    [{"prefix": "sub"}, {"replace_prefix": {"results/": "elsewhere/"}}, {"replace_prefix": {"results/exp": "x"}}],
)
def test_a_module_with_other_paths_is_refused(moved):
    workflow = SimpleNamespace(storage_settings=SimpleNamespace(default_storage_provider=None))
    own = {"prefix": None, "replace_prefix": None}
    modules.require_own_paths(SimpleNamespace(path_modifier=PathModifier(**own, workflow=workflow)))
    with pytest.raises(UserError, match="leave them out, and choose another folder with --directory"):
        modules.require_own_paths(SimpleNamespace(path_modifier=PathModifier(**own | moved, workflow=workflow)))


def test_a_folder_that_cannot_be_written_to_is_reported(folder):
    (folder / ".snakemake").touch()
    with pytest.raises(UserError, match=r"cannot be written to .*; choose another --directory"):
        DriverLock().install()


def test_interruption_is_installed_once(folder):
    originals = JobScheduler.exit_gracefully, Executor.cancel
    for _ in range(2):
        interruption.install()
        assert (JobScheduler.exit_gracefully.replaced, Executor.cancel.replaced) == originals
    local = SimpleNamespace(workflow=SimpleNamespace(local_exec=True))
    with pytest.raises(KeyboardInterrupt):
        JobScheduler.exit_gracefully(local)


def test_processes_that_ignore_sigterm_are_killed(monkeypatch):
    """A shell that ignores the signal, and its child; other processes that tests have started live on."""
    command = "trap '' TERM; echo ready; sleep 1000; sleep 1000"
    process = subprocess.Popen(["bash", "-c", command], stdout=subprocess.PIPE)
    process.stdout.readline()
    shell = psutil.Process(process.pid)
    monkeypatch.setattr(psutil.Process, "children", lambda parent, recursive: [shell] if shell.is_running() else [])
    interruption.end_child_processes(seconds_to_kill=0.3)
    assert process.wait() == -signal.SIGKILL


def test_sigterm_in_a_task_of_asyncio_interrupts_after_it(folder):
    """Not in it: the loop would raise the exception once more in its next task."""
    interruption.install()
    scheduler = SimpleNamespace(workflow=SimpleNamespace(local_exec=True))
    previous = signal.signal(signal.SIGTERM, lambda *args: JobScheduler.exit_gracefully(scheduler, *args))

    async def look_up(number):
        if number == 1:
            os.kill(os.getpid(), signal.SIGTERM)
        return number

    async def look_up_all():
        return await asyncio.gather(*map(look_up, range(3)))

    try:
        with asyncio.Runner() as runner:
            assert runner.run(look_up_all()) == [0, 1, 2]
        with pytest.raises(KeyboardInterrupt):
            time.sleep(30)
    finally:
        signal.signal(signal.SIGTERM, previous)
