"""Progress of long work, as whole lines on the terminal and in the log."""

import logging
import sys
import time

logger = logging.getLogger(__name__)
_SECONDS_BETWEEN_LINES = 5.0


class Progress:
    """Whole lines on the terminal every few seconds: what is done, how fast, how long it still takes.

    The first update only starts the clock of the speed: what comes before it, such as the first step of a training,
    takes far longer than the steps that follow.
    done: units that an interrupted process has finished before. They count as done, but not for the speed of this one.
    """

    def __init__(self, name: str, total: int, unit: str = "examples", done: int = 0):
        self.name, self.total, self.unit, self.done = name, total, unit, done
        self.shown = time.monotonic()
        self.started: tuple[float, int] | None = None  # when the first update came, and what was done by then

    def update(self, amount: int, note: str = "") -> None:
        """Counts `amount` more units as done; from the second update on, prints a line if the last one is long ago."""
        self.done += amount
        now = time.monotonic()
        if self.started is None:
            self.started = now, self.done
            return
        began, done_before = self.started
        if now - self.shown < _SECONDS_BETWEEN_LINES or now <= began:
            return
        self.shown = now
        rate = (self.done - done_before) / (now - began)
        left = (self.total - self.done) / rate if rate else 0.0
        text = f"{self.name}: {note + ', ' if note else ''}{rate:,.0f} {self.unit}/s, {duration(left)} left"
        print(text, file=sys.stderr, flush=True)
        logger.info(text)


def duration(seconds: float) -> str:
    """Seconds in words, e.g. `2 min 05 s`."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {seconds:02d} s" if minutes else f"{seconds} s"
