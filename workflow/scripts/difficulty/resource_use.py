"""CPU time and memory that a stage has used, as the operating system counts them.

Snakemake's benchmarks look at a job every few seconds only, and miss peaks between two looks.
"""

import re
import resource
import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")  # of Linux
_KIB_PER_UNIT = 1 / 1024 if sys.platform == "darwin" else 1  # of ru_maxrss: bytes on macOS, KiB elsewhere


def cpu_seconds() -> float:
    """CPU time of this process and of its child processes that have ended."""
    uses = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(use.ru_utime + use.ru_stime for use in uses)


def peak_memory() -> int:
    """Most memory (resident, in MB of 2^20 bytes, as Snakemake and SLURM count) that one process of the stage had.

    That is this process or a child process that has ended. What several of them had at the same time is not added up.
    """
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * _KIB_PER_UNIT
    return round(max(_own_peak(), children) / 1024)


def described() -> str:
    """Both in words, e.g. `65.2 s of CPU time, at most 1,376 MB of memory`."""
    return f"{cpu_seconds():,.1f} s of CPU time, at most {peak_memory():,} MB of memory"


def _own_peak() -> float:
    """KiB. On Linux not by getrusage, whose figure starts with the memory of the process that started this one."""
    found = re.search(r"^VmHWM:\s*(\d+) kB", _STATUS.read_text(), re.MULTILINE) if _STATUS.exists() else None
    return int(found[1]) if found else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KIB_PER_UNIT
