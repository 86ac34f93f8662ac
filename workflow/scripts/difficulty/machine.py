"""The machine: how much memory there is, and whether a GPU. Standard library only: the workflow asks at its start."""

import os
import resource
from pathlib import Path

_LIMIT_OF_THE_GROUP = Path("/sys/fs/cgroup/memory.max")
_GPU = Path("/dev/nvidia0")


def memory_size() -> int:
    """Bytes of memory that this process may have: the machine's, or its limit in a container or a shell."""
    sizes = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY:
        sizes.append(limit)
    if _LIMIT_OF_THE_GROUP.is_file() and (text := _LIMIT_OF_THE_GROUP.read_text().strip()).isdecimal():
        sizes.append(int(text))
    return min(sizes)


def has_gpu() -> bool:
    """Whether there is a GPU, without importing what would use it."""
    return _GPU.exists()
