"""CPU and wall time of functions and commands, repeated in turns, so that a busy machine slows all of them alike."""

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Duration:
    """Seconds of processor and of wall time."""

    cpu: float
    wall: float


def time_function(function: Callable[[], object]) -> Duration:
    """What one call takes, all threads of this process counted."""
    cpu, wall = time.process_time(), time.perf_counter()
    function()
    return Duration(time.process_time() - cpu, time.perf_counter() - wall)


def time_command(command: Sequence[str], **options) -> Duration:
    """What one command takes, its own children counted; CalledProcessError with its output if it fails.

    options: as for subprocess.Popen.
    """
    wall = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options) as process:
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, output[-3000:])
    return Duration(usage.ru_utime + usage.ru_stime, time.perf_counter() - wall)


def in_turns(measurements: Mapping[str, Callable[[], Duration]], repeats: int) -> dict[str, list[Duration]]:
    """Name -> durations of `repeats` rounds, after one round to warm up.

    Each round takes every measurement once, another one first every time.
    """
    for measure in measurements.values():
        measure()
    names = list(measurements)
    durations = {name: [] for name in names}
    for _ in range(repeats):
        for name in names:
            durations[name].append(measurements[name]())
        names.append(names.pop(0))
    return durations


def ratios(durations: Sequence[Duration], reference: Sequence[Duration]) -> list[float]:
    """CPU time over that of the reference in the same round."""
    return [one.cpu / other.cpu for one, other in zip(durations, reference, strict=True)]


def spread(values: Sequence[float]) -> str:
    """Median and quartiles."""
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:.3f} ({low:.3f} to {high:.3f})"


def show(durations: Mapping[str, Sequence[Duration]], reference: str) -> None:
    """Prints a line per measurement: CPU seconds, wall seconds and, of CPU time, the ratio to the reference.

    Medians and quartiles over the rounds; and the ratio of the fastest ones, which other people's load disturbs least.
    """
    width = max(map(len, durations))
    print(f"{'':{width}}  {'CPU seconds':26}{'wall seconds':26}{f'ratio to {reference}':26}of the fastest")
    fastest = {name: min(one.cpu for one in several) for name, several in durations.items()}
    for name, several in durations.items():
        cpu, wall = spread([one.cpu for one in several]), spread([one.wall for one in several])
        ratio = spread(ratios(several, durations[reference]))
        print(f"{name:{width}}  {cpu:26}{wall:26}{ratio:26}{fastest[name] / fastest[reference]:.3f}")
