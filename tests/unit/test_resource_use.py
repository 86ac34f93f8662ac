"""CPU time and memory as the operating system counts them."""

import subprocess
import sys
from types import SimpleNamespace

import pytest

from difficulty import resource_use
from tests.support.scripts import SCRIPTS

REPORTED = f"import sys; sys.path.insert(0, {str(SCRIPTS)!r}); from difficulty import resource_use as used; {{}}"
FIGURES = "print(used.cpu_seconds(), used.peak_memory())"
MB = 1 << 20


def figures(code) -> tuple[float, int]:
    """(CPU seconds, MB) that a new process reports after `code`."""
    command = [sys.executable, "-c", REPORTED.format(f"{code}; {FIGURES}")]
    seconds, memory = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return float(seconds), int(memory)


def test_the_memory_of_the_process_that_starts_a_stage_does_not_count():
    """As that of Snakemake, which getrusage reports as the stage's."""
    others = bytearray(300 * MB)
    assert figures("pass")[1] < 100
    del others


def test_peaks_and_child_processes_count():
    """200 MB that were given back; 400 MB and 0.3 s of CPU time of a child process."""
    assert 200 <= figures(f"x = bytearray(200 * {MB}); del x")[1] < 300
    child = f"import time; x = bytearray(400 * {MB})\nwhile time.process_time() < 0.3: pass"
    seconds, memory = figures(f"import subprocess; subprocess.run([sys.executable, '-c', {child!r}])")
    assert seconds > 0.3 and 400 <= memory < 500


@pytest.mark.parametrize(("factor", "reported"), [(1, 5 << 10), (1 / 1024, 5 << 20)], ids=["KiB", "macOS, bytes"])
def test_units_where_linux_is_not(monkeypatch, tmp_path, factor, reported):
    monkeypatch.setattr(resource_use, "_STATUS", tmp_path / "none")
    monkeypatch.setattr(resource_use, "_KIB_PER_UNIT", factor)
    use = SimpleNamespace(ru_maxrss=reported, ru_utime=1.0, ru_stime=0.25)
    monkeypatch.setattr(resource_use.resource, "getrusage", lambda who: use)
    assert resource_use.described() == "2.5 s of CPU time, at most 5 MB of memory"
