"""The one-cycle policy (Smith & Topin 2018), annealed by cosines, stepped every batch (torch's OneCycleLR)."""

import math


def factor(step: int, steps_per_epoch: int, epochs: int, settings: dict) -> float:
    """From `initial` up to 1 over the share `warmup` of all steps, then down to `final`."""
    last = max(epochs * steps_per_epoch - 1, 1)
    peak = settings.get("warmup", 0.3) * (last + 1) - 1
    initial, final = settings.get("initial", 1 / 25), settings.get("final", 1 / 250_000)
    if step <= peak:
        return _anneal(initial, 1.0, step / peak if peak > 0 else 1.0)
    return _anneal(1.0, final, (step - peak) / (last - peak))


def _anneal(start: float, end: float, progress: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * progress)) / 2
