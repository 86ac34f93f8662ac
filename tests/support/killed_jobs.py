"""Jobs that are killed in the middle of their work, after some finished parts."""

import signal
from pathlib import Path

from tests.support.scripts import run_program

_PROGRAM = Path(__file__).with_name("kill_after_parts.py")


def run_until_killed(name, parts, number=signal.SIGKILL, **options):
    """Runs a script as `run_script` does; it gets a signal when it has written so many parts, as small as can be."""
    return run_program([_PROGRAM, parts, int(number)], name, options)
