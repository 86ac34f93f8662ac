"""Optimizers, a module each. `RM3`, `M3` and `RA3` can be imported from here; each is loaded when it is asked for."""

import importlib

_CLASSES = ("RM3", "M3", "RA3")


def __getattr__(name: str):
    if name not in _CLASSES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{name.lower()}"), name)
