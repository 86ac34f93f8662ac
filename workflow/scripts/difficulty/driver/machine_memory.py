"""How much memory jobs may take at once on one machine."""

from difficulty.machine import memory_size

_LEFT = 0.05  # of the memory, for the system and Snakemake


def limit_memory_to_the_machine(workflow) -> None:
    """Has Snakemake run no more jobs at once than there is memory for, unless the user has set a limit.

    A job that asks for more than there is asks for all of it, and so runs by itself. On a cluster there is no such
    limit. workflow: Snakemake's.
    """
    if workflow.local_exec and "mem_mb" not in workflow.global_resources:
        workflow.global_resources["mem_mb"] = int(memory_size() * (1 - _LEFT)) >> 20
