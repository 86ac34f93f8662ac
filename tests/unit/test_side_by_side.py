"""Processes that work side by side give what one gives, and end with the one that started them."""

import os
import signal
import subprocess
import sys

import psutil
import pytest

from difficulty.side_by_side import mapped
from tests.support.scripts import SCRIPTS

_PROGRAM = """
import os, time
from difficulty.side_by_side import mapped

if __name__ == "__main__":
    for each in mapped(abs, range(-9, 0), 2):
        print(each, flush=True)
        time.sleep(each == 9 and 600)
"""


@pytest.mark.parametrize("processes", [1, 2])
def test_results_are_in_order(processes):
    assert list(mapped(abs, range(-9, 0), processes)) == list(range(9, 0, -1))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_processes_end_with_the_one_that_is_killed(tmp_path, number):
    program = tmp_path / "program.py"
    program.write_text(_PROGRAM)
    environment = os.environ | {"PYTHONPATH": str(SCRIPTS)}
    with subprocess.Popen([sys.executable, program], stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout.readline() == b"9\n"
        others = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(number)
        process.wait()
    assert len(others) >= 2
    assert not psutil.wait_procs(others, timeout=60)[1]
