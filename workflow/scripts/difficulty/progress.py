"""Progress of long work, as whole lines on the terminal and in the log."""

import logging
import sys
import time

logger = logging.getLogger(__name__)
_SECONDS_BETWEEN_LINES = 5.0


class Progress:
    """Whole lines on the terminal every few seconds: what is done, how fast, how long it still takes.

    done: units that an interrupted process has finished before. They count as done, but not for the speed of this one.
    """

    def __init__(self, name: str, total: int, unit: str = "examples", done: int = 0):
        self.name, self.total, self.unit = name, total, unit
        self.started = self.shown = time.monotonic()
        self.done_before = self.done = done

    def update(self, amount: int, note: str = "") -> None:
        """Counts `amount` more units as done; prints a line if the last one is long enough ago."""
        self.done += amount
        now = time.monotonic()
        if now - self.shown < _SECONDS_BETWEEN_LINES:
            return
        self.shown = now
        rate = (self.done - self.done_before) / (now - self.started)
        left = (self.total - self.done) / rate if rate else 0.0
        text = f"{self.name}: {note + ', ' if note else ''}{rate:,.0f} {self.unit}/s, {duration(left)} left"
        print(text, file=sys.stderr, flush=True)
        logger.info(text)


def duration(seconds: float) -> str:
    """Seconds in words, e.g. `2 min 05 s`."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {seconds:02d} s" if minutes else f"{seconds} s"
