"""Progress lines: the speed and the remaining time that they state."""

import math
import re

import pytest

from difficulty import progress
from difficulty.progress import Part, Progress, duration


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


def test_of_work_whose_end_is_not_known_no_time_is_told(clock, capsys):
    work = Progress("photos", None, "images")
    for now in (1.0, 6.0):
        clock.now = now
        work.update(100, "compares")
    assert capsys.readouterr().err == "photos: compares, 20 images/s\n"


def test_the_speed_is_that_of_late(clock, capsys):
    """Ten minutes at 100/s, then, on a machine that others use, 10/s: a minute later the old speed counts e^-3."""
    work = Progress("plain", 100_000)
    for second in range(661):
        clock.now = float(second)
        work.update(100 if second <= 600 else 10)
    speed = 10 + (100 - 10) * math.exp(-60 / 20)
    assert work.left() == pytest.approx((100_000 - 601 * 100 - 600) / speed, rel=1e-6)
    assert capsys.readouterr().err.splitlines()[-1] == "plain: 14 examples/s, 45 min 14 s left"


def test_slow_work_is_not_said_to_stand_still(clock, capsys):
    work = Progress("average precision", 10, "checkpoints")
    for clock.now in (0.0, 40.0):
        work.update(1)
    assert capsys.readouterr().err == "average precision: 0.025 checkpoints/s, 5 min 20 s left\n"


EPOCHS, STEPS, PASSES = 20, 100, 40


def epochs(clock, work, begun=0, ended=EPOCHS, tables=0.0):
    """Epochs of 100 s of steps, 20 s of passes and 15 s in between; yields (epoch, seconds that are left, estimate)."""
    end = clock.now + (ended - begun) * 135.0 + tables
    for epoch in range(begun, ended):
        for part, count, pause in (("", STEPS, 5.0), ("passes", PASSES, 7.0)):
            clock.now += pause  # processes that decode images start; batch norm settles
            for _ in range(count):
                clock.now += 1.0 if part == "" else 0.5
                work.update(10, f"epoch {epoch + 1}", part)
                yield epoch, end - clock.now, work.left()
        clock.now += 3.0
        work.update(0, part="saving")


def parts(left, tables=0.0):
    passes = Part(left * PASSES * 10, left, relative=1 / 3)
    return {"passes": passes, "saving": Part(rounds=left), "tables": Part(1000, seconds=tables / 1000)}


def test_the_time_left_has_all_that_an_epoch_consists_of(clock):
    """After one epoch it is right at any time, within steps and within the clean pass; a batch in each epoch apart,
    whose time was first taken for that of the start of its pass."""
    work = Progress("plain", EPOCHS * STEPS * 10, rounds=EPOCHS, further=parts(EPOCHS, tables=300.0))
    for epoch, left, estimate in epochs(clock, work, tables=300.0):
        if epoch > 0:
            assert estimate == pytest.approx(left, abs=0.5 * (EPOCHS - epoch))


def test_the_time_left_of_a_resumed_training_is_that_of_the_rest(clock):
    """With the speed of passes relative to steps from before it is right but for what is in between, unseen yet."""
    further = parts(2, tables=300.0)
    further["passes"].relative = 0.5
    work = Progress("plain", EPOCHS * STEPS * 10, done=18 * STEPS * 10, rounds=2, further=further)
    first = [(left, estimate) for epoch, left, estimate in epochs(clock, work, 18, tables=300.0) if epoch == 18]
    left, estimate = first[1]
    assert left - estimate == pytest.approx(5 + 2 * 7 + 2 * 3)
    assert first[-1][0] == pytest.approx(first[-1][1] + 5 + 2 * 3)


def test_the_speed_of_a_part_is_its_own(clock, capsys):
    """Neither what comes before the first unit of a round counts for it, nor another part."""
    work = Progress("plain", EPOCHS * STEPS * 10, rounds=EPOCHS, further=parts(EPOCHS))
    for _ in epochs(clock, work, ended=3):
        pass
    assert set(re.findall(r"\d+ examples/s", capsys.readouterr().err)) == {"10 examples/s", "20 examples/s"}


@pytest.mark.parametrize(("seconds", "told"), [(4.0, ""), (125.0, "plain: writing tables, about 2 min 05 s left\n")])
def test_a_part_without_updates_is_announced_if_it_is_long(capsys, seconds, told):
    Progress("plain", 10, further=parts(0, seconds)).begin("writing tables", "tables")
    assert capsys.readouterr().err == told


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


def test_rounds_of_one_unit_have_no_speed_but_a_time(clock, capsys):
    """Epochs of one batch that takes 6 s, and 2 s of saving."""
    work = Progress("plain", 10, rounds=10, further={"saving": Part(rounds=10)})
    for epoch in (1, 2):
        for part, seconds in (("", 6.0), ("saving", 2.0)):
            clock.now += seconds
            work.update(part == "", f"epoch {epoch} of 10", part)
    assert capsys.readouterr().err == "plain: epoch 2 of 10, 1 min 06 s left\n"
