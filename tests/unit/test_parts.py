"""What a killed job has finished is found again, if it is whole and of the same key."""

import json
import logging
import sys

import numpy as np
import pytest

from difficulty import parts as module
from difficulty.errors import UserError
from difficulty.parts import Parts
from difficulty.shared_disk import VARIABLE
from difficulty.termination import Stopped

KEY = {"settings": {"a": 1}, "pixels": "ab"}
VALUES = np.random.default_rng(0).standard_normal(10).astype(np.float32)


@pytest.fixture(autouse=True)
def every_time(monkeypatch):
    """Parts are written as soon as there are rows."""
    monkeypatch.setattr(module, "_SECONDS_PER_PART", 0)


def work(output, key=KEY, until=10, error=None, accept=None):
    """Rows of two at a time, up to `until`, where an error is raised; returns (rows that were there, all of them)."""
    with Parts(output, key, 10, "images", accept) as parts:
        before = parts.done
        for first in range(before, until, 2):
            rows = VALUES[first : first + 2]
            parts.add({"value": rows, "twice": np.stack([rows, rows], axis=1)})
        if error:
            raise error
        return before, parts.columns()


def killed(output, until=6, **options):
    with pytest.raises(KeyboardInterrupt):
        work(output, until=until, error=KeyboardInterrupt(), **options)


def files(output):
    return sorted((output.parent / ".partial" / output.name).glob("*.part"))


def test_goes_on_where_it_was_killed(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    output = tmp_path / "table.parquet"
    killed(output)
    assert [path.stem for path in files(output)] == ["000000000000", "000000000002", "000000000004"]
    before, found = work(output)
    assert before == 6 and "goes on after 6 of 10 images" in caplog.text
    assert found["value"].tobytes() == VALUES.tobytes() and found["twice"].shape == (10, 2)
    assert not (tmp_path / ".partial").exists()
    assert work(output)[0] == 0


def test_nothing_is_written_of_a_short_job(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_SECONDS_PER_PART", 60)
    monkeypatch.setattr(module.Parts, "_write", lambda self: pytest.fail("written"))
    assert work(tmp_path / "table.parquet")[0] == 0


def test_many_bytes_are_written_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_SECONDS_PER_PART", 60)
    monkeypatch.setattr(module, "_BYTES_PER_PART", 40)  # two rows take 8 and 16
    with pytest.raises(KeyboardInterrupt), Parts(tmp_path / "t", KEY, 10) as parts:
        for first in range(0, 10, 2):
            parts.add({"value": VALUES[first : first + 2], "twice": np.zeros((2, 2), np.float32)})
        assert len(files(tmp_path / "t")) == 2
        raise KeyboardInterrupt
    assert len(files(tmp_path / "t")) == 3  # the end of an attempt that fails writes the rest


@pytest.mark.parametrize("place", [0, 31, 40, -40, -1])
def test_a_damaged_part_and_what_follows_are_made_again(tmp_path, place):
    output = tmp_path / "t"
    killed(output, until=8)
    content = bytearray(files(output)[1].read_bytes())
    content[place] ^= 1
    files(output)[1].write_bytes(content)
    with pytest.raises(KeyboardInterrupt), Parts(output, KEY, 10) as parts:
        assert parts.done == 2 and len(files(output)) == 1
        raise KeyboardInterrupt
    before, found = work(output)
    assert before == 2 and found["value"].tobytes() == VALUES.tobytes()


@pytest.mark.parametrize("size", [0, 20, 100])
def test_half_a_part_does_not_count(tmp_path, size):
    killed(tmp_path / "t")
    files(tmp_path / "t")[0].write_bytes(files(tmp_path / "t")[0].read_bytes()[:size])
    assert work(tmp_path / "t")[0] == 0


def test_a_part_in_the_place_of_another_does_not_count(tmp_path):
    killed(tmp_path / "t")
    first, second, _ = files(tmp_path / "t")
    second.write_bytes(first.read_bytes())
    assert work(tmp_path / "t")[0] == 2


@pytest.mark.parametrize("key", [{**KEY, "pixels": "cd"}, {**KEY, "settings": {"a": 2}}, {**KEY, "threads": 2}])
def test_another_key_starts_again(tmp_path, key):
    killed(tmp_path / "t")
    assert work(tmp_path / "t", key)[0] == 0
    killed(tmp_path / "t")
    assert work(tmp_path / "t", json.loads(json.dumps(KEY)))[0] == 6


def test_parts_that_no_longer_fit_are_made_again(tmp_path):
    killed(tmp_path / "t")
    assert work(tmp_path / "t", accept=lambda rows: VALUES[4] not in rows["value"])[0] == 4


def test_rows_are_read_block_by_block_from_parts_and_what_is_not_written(tmp_path, monkeypatch):
    killed(tmp_path / "t", until=4)
    monkeypatch.setattr(module, "_SECONDS_PER_PART", 60)
    with Parts(tmp_path / "t", KEY, 10) as parts:
        assert parts.starts() == [0, 2, 4]
        parts.add({"value": VALUES[4:7], "twice": np.zeros((3, 2), np.float32)}, {"count": np.array([1])})
        assert parts.starts() == [0, 2, 4, 7]
        found = [parts.block(number) for number in range(3)]
        assert np.concatenate([block["value"] for block in found]).tobytes() == VALUES[:7].tobytes()
        assert {tuple(block) for block in found} == {("value", "twice")}


def test_a_part_that_changes_while_it_is_used_is_an_error(tmp_path):
    told = r"000000000002\.part: changed while it was in use; run again"
    with pytest.raises(UserError, match=told), Parts(tmp_path / "t", KEY, 10) as parts:
        for first in (0, 2, 4):
            parts.add({"value": VALUES[first : first + 2]})
        files(tmp_path / "t")[1].write_bytes(b"other")
        parts.columns()
    with Parts(tmp_path / "t", KEY, 10) as parts:
        assert parts.done == 2


def test_sigterm_says_where_the_next_attempt_goes_on(tmp_path):
    with pytest.raises(Stopped, match="ended by SIGTERM after 6 of 10 images; the next attempt goes on from there"):
        work(tmp_path / "t", until=6, error=Stopped())
    with pytest.raises(Stopped, match=r"^ended by SIGTERM; the next attempt starts again$"):
        work(tmp_path / "u", until=0, error=Stopped())
    assert work(tmp_path / "t")[0] == 6


@pytest.mark.parametrize("seconds", [0, 60])  # a part after every two rows, or all of them as the error leaves it
def test_sigterm_between_any_two_instructions_loses_and_repeats_no_row(tmp_path, monkeypatch, seconds):
    monkeypatch.setattr(module, "_SECONDS_PER_PART", seconds)

    def add_all(output):
        with Parts(output, KEY, 6) as parts:
            for first in range(parts.done, 6, 2):
                parts.add({"value": VALUES[first : first + 2]}, {"count": np.array([2])})
            return parts.columns()["value"], parts.sum("count")

    def stopped(output, moment):
        """Whether the instruction with this number, of those that take rows in, was reached; it was the last then."""
        left = moment

        def trace(frame, event, _):
            nonlocal left
            if frame.f_code not in (Parts.add.__code__, Parts._write.__code__):
                return trace if frame.f_code.co_filename == module.__file__ else None
            frame.f_trace_opcodes = True
            left -= event == "opcode"
            if left < 0 and event == "opcode":
                sys.settrace(None)
                raise Stopped
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            add_all(output)
        except Stopped:
            return True
        finally:
            sys.settrace(before)
        return False

    moment = 0
    while stopped(tmp_path / "t", moment):
        values, count = add_all(tmp_path / "t")
        assert values.tobytes() == VALUES[:6].tobytes() and count.tolist() == [6], moment
        moment += 1
    assert moment > 100


def test_without_a_shared_disk_the_next_attempt_starts_again(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, "1")
    with pytest.raises(Stopped, match="after 6 of 10 images; without a shared disk, the next attempt starts again"):
        work(tmp_path / "t", until=6, error=Stopped())


def test_two_processes_do_not_work_on_one_output(tmp_path):
    with Parts(tmp_path / "t", KEY, 10), pytest.raises(UserError, match="t: another process is making this"):
        Parts(tmp_path / "t", KEY, 10)
    with Parts(tmp_path / "t", KEY, 10), Parts(tmp_path / "u", KEY, 10):
        pass
    assert not (tmp_path / ".partial").exists()


def test_a_full_disk_is_told(tmp_path, monkeypatch):
    killed(tmp_path / "t", until=4)

    def full(path):
        raise OSError(28, "No space left on device", str(path))

    with monkeypatch.context() as patched, pytest.raises(OSError, match="No space left"):
        patched.setattr(module, "atomic_path", full)
        work(tmp_path / "t")
    assert work(tmp_path / "t")[0] == 4


def test_progress_counts_what_was_done_before(tmp_path):
    killed(tmp_path / "t")
    with Parts(tmp_path / "t", KEY, 10) as parts:
        assert parts.progress("t").parts[""].units == 4
