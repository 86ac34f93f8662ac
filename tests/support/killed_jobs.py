"""Jobs that are killed in the middle of their work, after some finished parts."""

import json
import os
import signal
import subprocess
import sys

from tests.support.scripts import SCRIPTS

_KILLED = """
import os, runpy, signal, sys
from difficulty import parts
write, left = parts.Parts._write, [int(os.environ["PARTS"])]

def write_and_die(self):
    before = self._kept
    write(self)
    left[0] -= self._kept > before
    if not left[0]:
        os.kill(os.getpid(), int(os.environ["SIGNAL"]))

parts.Parts._write, parts._SECONDS_PER_PART = write_and_die, 0
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def run_until_killed(name, parts, number=signal.SIGKILL, **options):
    """Runs a script as `run_script` does; it gets a signal when it has written so many parts, as small as can be."""
    command = [sys.executable, "-c", _KILLED, str(SCRIPTS / f"{name}.py"), "--code", "c0de", "--upstream", "11"]
    for option, value in options.items():
        values = value if isinstance(value, list) else [value]
        command += [f"--{option}", *map(str, [json.dumps(v) if isinstance(v, dict) else v for v in values])]
    environment = {**os.environ, "PYTHONPATH": str(SCRIPTS), "PARTS": str(parts), "SIGNAL": str(int(number))}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
