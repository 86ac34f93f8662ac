"""Whether jobs share a disk. Where they do not, they fetch their inputs from a storage and put their outputs there."""

import os

VARIABLE = "DIFFICULTY_RESULTS_IN_STORAGE"  # set for all jobs where they do not


def has_shared_disk() -> bool:
    """Whether what this job leaves beside its outputs is still there for the next one."""
    return VARIABLE not in os.environ
