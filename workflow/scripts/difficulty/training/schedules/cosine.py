"""Cosine annealing (Loshchilov & Hutter 2017), after a linear warm-up if there is one."""

import math


def factor(step: int, steps_per_epoch: int, epochs: int, settings: dict) -> float:
    """From 1 at the end of `warmup` epochs down to `final` at the last step, stepped every batch."""
    warmup = settings.get("warmup", 0) * steps_per_epoch
    if step < warmup:
        return (step + 1) / (warmup + 1)
    last = max(epochs * steps_per_epoch - 1, 1)
    progress = (step - warmup) / max(last - warmup, 1)
    final = settings.get("final", 0.0)
    return final + (1 - final) * (1 + math.cos(math.pi * min(progress, 1.0))) / 2
