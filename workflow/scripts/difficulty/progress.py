"""Progress of long work, as whole lines on the terminal and in the log."""

import logging
import math
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass

logger = logging.getLogger(__name__)
_SECONDS_BETWEEN_LINES = 5.0
_RECENT = 20.0  # seconds after which what was measured counts 1/e as much


@dataclass
class _Pace:
    """Seconds that one of something takes, of late."""

    seconds: float = 0.0
    count: float = 0.0

    def add(self, count: float, seconds: float) -> None:
        kept = math.exp(-seconds / _RECENT)
        self.seconds, self.count = kept * self.seconds + seconds, kept * self.count + count

    def each(self) -> float | None:
        """None if nothing was measured."""
        return self.seconds / self.count if self.count else None


class Part:
    """Work of one kind that is left: `units` of it, in `rounds` (e.g. one in each epoch).

    A round begins with what takes time before its first unit is done, such as saving what came before, and the start
    of processes that decode images: that is measured by itself. What a unit takes until one was measured: `relative`
    to a unit of the first part, and `seconds`.
    """

    def __init__(self, units: int = 0, rounds: int = 0, relative: float = 0.0, seconds: float = 0.0):
        self.units, self.rounds, self.relative, self.seconds = units, rounds, relative, seconds
        self.unit, self.start = _Pace(), _Pace()

    def each(self, other: float) -> float:
        """Seconds of a unit. other: those of a unit of the first part."""
        return self.unit.each() or self.relative * other + self.seconds

    def seconds_left(self, other: float = 0.0) -> float:
        """Of all units and rounds that are left."""
        return max(self.units, 0) * self.each(other) + max(self.rounds, 0) * (self.start.each() or 0.0)


class Progress:
    """Whole lines on the terminal every few seconds: what is done, how fast, how long it still takes.

    Speeds are those of late: what was measured counts less and less, by 1/e every 20 s. So they follow a machine that
    others begin to use, but not every batch, and two numbers are kept in place of a list of times. The first update
    only starts the clock: what comes before it, such as the first step of a training, takes far longer than what
    follows.
    total: None if it is not known; then no time that is left is told.
    done: units that an interrupted process has finished before. They count as done, but not for the speed of this one.
    rounds: in which the units that are left are done. further: name -> work of other kinds, which `update` then names;
    the time that is left is that of all parts.
    """

    def __init__(
        self,
        name: str,
        total: int | None,
        unit: str = "examples",
        done: int = 0,
        rounds: int = 1,
        further: Mapping[str, Part] | None = None,
    ):
        self.name, self.unit, self._is_known = name, unit, total is not None
        self.parts = {"": Part((total or done) - done, rounds), **(further or {})}
        self.shown = self.updated = time.monotonic()
        self.current: Part | None = None  # None: the clock is not started

    def update(self, amount: int, note: str = "", part: str = "") -> None:
        """Counts `amount` units of a part as done; prints a line if the last one is long ago and a speed is known."""
        now, one = time.monotonic(), self.parts[part]
        seconds, self.updated = now - self.updated, now
        one.units -= amount
        if self.current is one:
            one.unit.add(amount, seconds)
        else:
            one.rounds -= 1
            if self.current is not None:
                one.start.add(1, max(seconds - amount * one.each(self._first()), 0.0))
        self.current = one
        first = self.parts[""]
        if (first.unit.each() or first.start.each()) and now - self.shown >= _SECONDS_BETWEEN_LINES:
            self.shown = now
            left = f"{duration(self.left())} left" if self._is_known else ""
            self._say(", ".join(filter(None, (note, self._speed(one), left))))

    def begin(self, note: str, part: str) -> None:
        """Prints that a part begins of which there will be no updates, if it is expected to take long."""
        if (seconds := self.parts[part].seconds_left()) >= _SECONDS_BETWEEN_LINES:
            self._say(f"{note}, about {duration(seconds)} left")

    def left(self) -> float:
        """Seconds that all parts will probably still take."""
        return sum(part.seconds_left(self._first()) for part in self.parts.values())

    def _speed(self, part: Part) -> str:
        """Of a part, if it has more than one update in a round."""
        if not (each := part.unit.each()):
            return ""
        return f"{1 / each:,.0f} {self.unit}/s" if each <= 0.1 else f"{1 / each:.2g} {self.unit}/s"

    def _first(self) -> float:
        return self.parts[""].each(0.0)

    def _say(self, text: str) -> None:
        print(f"{self.name}: {text}", file=sys.stderr, flush=True)
        logger.info("%s: %s", self.name, text)


def duration(seconds: float) -> str:
    """Seconds in words, e.g. `2 min 05 s`."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {seconds:02d} s" if minutes else f"{seconds} s"
