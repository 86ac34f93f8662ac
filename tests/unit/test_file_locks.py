"""One process at a time holds a lock, whatever others that come, go and are forked do meanwhile."""

import os
import signal

import pytest

from difficulty.errors import UserError
from difficulty.file_locks import locked


def forked(work):
    """A process with a pipe: (its number, an end that gives what `work` returns, which is whether all is well)."""
    reading, writing = os.pipe()
    process = os.fork()
    if process:
        os.close(writing)
        return process, reading
    try:
        os.write(writing, b"1" if work(writing) else b"0")
    finally:
        os._exit(0)


def test_a_lock_ends_with_its_process_though_one_that_it_forked_lives_on(tmp_path):
    held, release = os.pipe()

    def hold_and_fork(writing):
        lock = locked(tmp_path / "lock", "taken")
        child = os.fork()
        if not child:
            os.close(release)
            os.read(held, 1)  # until the test has ended
            os._exit(0)
        os.write(writing, b"1")
        signal.pause()
        return lock

    process, told = forked(hold_and_fork)
    os.close(held)
    assert os.read(told, 1) == b"1"
    with pytest.raises(UserError, match="taken"):
        locked(tmp_path / "lock", "taken")
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    locked(tmp_path / "lock", "taken").close()
    os.close(release)


def test_a_lock_whose_file_is_removed_meanwhile_is_taken_on_the_new_one(tmp_path, monkeypatch):
    """Whoever has finished removes the file: a lock on it would keep nobody out."""
    path, removed = tmp_path / "lock", []
    stat = type(path).stat

    def late(self, **options):
        if self == path and not removed:
            removed.append(path.unlink())
        return stat(self, **options)

    monkeypatch.setattr(type(path), "stat", late)
    first = locked(path, "taken")
    assert removed
    with pytest.raises(UserError, match="taken"):
        locked(path, "taken")
    first.close()


def test_a_folder_that_is_removed_meanwhile_is_made_again(tmp_path, monkeypatch):
    path, removed = tmp_path / ".partial" / "lock", []
    opened = type(path).open

    def late(self, *arguments, **options):
        if self == path and not removed:
            removed.append(path.parent.rmdir())
        return opened(self, *arguments, **options)

    monkeypatch.setattr(type(path), "open", late)
    locked(path, "taken").close()
    assert removed and path.exists()
