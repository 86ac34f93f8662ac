"""The memory that a stage may take for tables and records, by the configuration's `memory`.

The workflow passes it on in the environment, so that no job depends on it: blocks may not change a result.
"""

import os

VARIABLE, USUAL = "DIFFICULTY_MEMORY", 1024  # MiB


def budgeted(usual: int) -> int:
    """How many things to hold at a time, at least 1, where `usual` of them are held within a budget of 1 GiB."""
    return max(usual * int(os.environ.get(VARIABLE, USUAL)) // USUAL, 1)
