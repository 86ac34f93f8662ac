"""Seconds of something and of its limit, in turns, as a row of the table of benchmarks."""

import statistics
from collections.abc import Callable

import torch

from benchmarks.gpu_check.agreement import Check
from benchmarks.measuring import Duration, in_turns, time_function


def synchronize(device: torch.device) -> None:
    """Returns when the device has done all that it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize()


def compare(
    check: Check,
    what: str,
    ours: Callable[[], object],
    limit: Callable[[], object],
    count: int,
    unit: str,
    of_limit: str,
) -> None:
    """Times both, each `repeats` times after one round to warm up, and sends the row. count: of units in one call."""
    memory = _peak(check.device, ours)
    durations = in_turns(
        {"ours": lambda: timed(check.device, ours), "limit": lambda: timed(check.device, limit)}, check.size.repeats
    )
    own, other = ([each.wall for each in durations[name]] for name in ("ours", "limit"))
    send(
        check,
        what,
        own,
        [mine / theirs for mine, theirs in zip(own, other, strict=True)],
        count,
        unit,
        of_limit,
        memory,
    )


def against_rate(
    check: Check, what: str, ours: Callable[[], object], operations: float, rate: float, count: int, unit: str
) -> None:
    """Times `repeats` calls after one; the limit is the time of the operations at the rate of a large product."""
    memory = _peak(check.device, ours)
    own = [timed(check.device, ours).wall for _ in range(check.size.repeats)]
    limit = operations / rate
    of_limit = f"{limit:.2g} s: {operations:.1e} operations at {rate / 1e12:.2g} T/s"
    send(check, what, own, [each / limit for each in own], count, unit, of_limit, memory)


def send(
    check: Check,
    what: str,
    seconds: list[float],
    ratios: list[float],
    count: int,
    unit: str,
    limit: str,
    memory: str,
) -> None:
    """Sends a row of the table of benchmarks; seconds and ratios are those of all rounds."""
    median = statistics.median(seconds)
    spread = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})" if ratios else ""
    row = {"what": what, "seconds": f"{median:.3g}", "rate": f"{count / median:,.0f} {unit}/s"}
    check.send({"kind": "speed", **row, "ratio": spread, "limit": limit, "memory": memory})


def product_rate(check: Check, kind: torch.dtype = torch.float32) -> float:
    """Operations per second of a square matrix product, the fastest of several."""
    size = check.size.product
    left, right = (torch.randn(size, size, device=check.device).to(kind) for _ in range(2))
    timed(check.device, lambda: left @ right)
    return 2 * size**3 / min(timed(check.device, lambda: left @ right).wall for _ in range(5))


def timed(device: torch.device, call: Callable[[], object]) -> Duration:
    """Of one call, until the device has done all of it."""

    def complete() -> None:
        call()
        synchronize(device)

    synchronize(device)
    return time_function(complete)


def _peak(device: torch.device, call: Callable[[], object]) -> str:
    """Memory of the device that a call takes at most, the arguments included, while it warms up."""
    if device.type != "cuda":
        call()
        return ""
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    call()
    synchronize(device)
    return f"{torch.cuda.max_memory_allocated() / 2**30:.1f} GiB"
