"""Progress lines: the speed and the remaining time that they state."""

import pytest

from difficulty import progress
from difficulty.progress import Progress, duration


class Clock:
    """Stands in for the module `time`."""

    now = 0.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    return clock


def test_the_speed_is_what_was_done_since_the_first_update(clock, capsys):
    """200 of 1,000 in the 10 s after the first 100, which took 40 s: the 700 that are left take 35 s."""
    work = Progress("plain/seed-0", 1000)
    clock.now = 40.0
    work.update(100, "epoch 1 of 5")
    assert capsys.readouterr().err == "", "nothing is known of the speed"
    clock.now = 50.0
    work.update(200, "epoch 2 of 5")
    assert capsys.readouterr().err == "plain/seed-0: epoch 2 of 5, 20 examples/s, 35 s left\n"


def test_what_an_interrupted_process_has_done_is_no_speed_of_this_one(clock, capsys):
    """Ten of eleven epochs were done before: the last one takes as long as its own second tenth foretells."""
    work = Progress("plain/seed-0", 11 * 1000, done=10 * 1000)
    for now in (60.0, 68.0):
        clock.now = now
        work.update(100, "epoch 11 of 11")
    assert capsys.readouterr().err == "plain/seed-0: epoch 11 of 11, 12 examples/s, 1 min 04 s left\n"


def test_lines_are_seconds_apart(clock, capsys):
    work = Progress("noisy", 100, "images")
    for second in range(12):
        clock.now = float(second)
        work.update(1)
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_a_second_update_at_the_time_of_the_first_is_no_speed(clock, capsys):
    work = Progress("noisy", 100, "images")
    clock.now = 8.0
    work.update(1)
    work.update(1)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("seconds", "text"), [(59.4, "59 s"), (60, "1 min 00 s"), (7265, "2 h 01 min")])
def test_durations_in_words(seconds, text):
    assert duration(seconds) == text
