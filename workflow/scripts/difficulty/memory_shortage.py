"""Errors of too little memory, in one line with the figures that are known and what helps."""

import errno
from collections.abc import Iterator, Mapping

from difficulty.resource_use import peak_memory

_SAID_OF_MEMORY = ("can't allocate memory", "Cannot allocate memory", "out of memory", "ALLOC_FAILED")
# Of killed children that decode images, of a shared library, and of the stack of a thread.
_MAY_BE_OF_MEMORY = ("killed by signal: Killed", "failed to map segment from shared object", "can't start new thread")
_SAID_OF_GPUS = ("CUDA", "CUBLAS", "CUDNN", "HIP")
_LONGEST = 200


def described(error: BaseException, settings: Mapping) -> str | None:
    """What was asked for, how much the stage had, and what helps; None if the error is not about memory.

    error: by Python, NumPy, Arrow or torch, about this machine's memory or a GPU's; one that such an error was the
    cause of, such as of a table that cannot be read; or that a child process was killed, a library could not be
    loaded or a thread could not be started, as happens where memory is short. settings: of the stage.
    """
    found = next((each for each in _with_causes(error) if _is_about_memory(each) or _may_be_about_memory(each)), None)
    if found is None:
        return None
    text = " ".join(str(found).split())[:_LONGEST].rstrip(" .")
    smaller = "lower batch_size" if "optimizer" in settings else ""
    if any(name in text for name in _SAID_OF_GPUS):
        return f"out of memory on the GPU: {text}; {smaller or 'use one with more memory, or device: cpu'}"
    what = f"{'' if _is_about_memory(found) else 'probably '}out of memory{': ' * bool(text)}{text}"
    more = "on a cluster, allow the rule more (--set-resources RULE:mem_mb=MB); here, run fewer jobs at once (--cores)"
    return f"{what}; at most {peak_memory():,} MB were in use; {more}{', or ' * bool(smaller)}{smaller}"


def _with_causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _is_about_memory(error: BaseException) -> bool:
    if isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM:
        return True
    return isinstance(error, RuntimeError) and any(said in str(error) for said in _SAID_OF_MEMORY)


def _may_be_about_memory(error: BaseException) -> bool:
    """BrokenProcessPool: a process that measures images was killed."""
    return type(error).__name__ == "BrokenProcessPool" or any(said in str(error) for said in _MAY_BE_OF_MEMORY)
