"""Which epochs' weights a run keeps. Standard library only: the configuration asks, too."""

from collections.abc import Mapping


def checkpoint_epochs(settings: Mapping) -> list[int]:
    """The epochs, in order. settings: checkpoints (`all`, `last` or a list) and epochs."""
    wanted = settings["checkpoints"]
    named = {"all": range(settings["epochs"] + 1), "last": [settings["epochs"]]}
    return sorted(named[wanted] if isinstance(wanted, str) else wanted)
