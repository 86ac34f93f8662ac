"""What the workflow calls or replaces of Snakemake's internals, and the guard for a version that has them not."""

import inspect
from collections.abc import Callable
from importlib import import_module
from operator import attrgetter

from snakemake import __version__ as snakemake_version

from difficulty.errors import UserError

# module:name of each function, and its parameters.
INTERNALS = {
    "snakemake.dag:DAG.bfs": ["self", "direction", "jobs", "stop"],
    "snakemake.dag:DAG.check_incomplete": ["self"],
    "snakemake.dag:DAG.get_sources": ["self"],
    "snakemake.dag:DAG.update_needrun": ["self", "create_inventory"],
    "snakemake.executors.local:Executor.cancel": ["self"],
    "snakemake.io:apply_wildcards": ["pattern", "wildcards"],
    "snakemake.jobs:Job.postprocess": [
        "self",
        "store_in_storage",
        "handle_log",
        "handle_touch",
        "error",
        "ignore_missing_output",
        "check_output_mtime",
    ],
    "snakemake.path_modifier:PathModifier.replace_prefix": ["self", "path", "property"],
    "snakemake.pathvars:Pathvars.apply": ["self", "path"],
    "snakemake.persistence:PersistenceBase._filter_incomplete_keys": ["self", "keys"],
    "snakemake.persistence:PersistenceBase.finished": ["self", "job"],
    "snakemake.persistence:PersistenceBase.lock": ["self"],
    "snakemake.persistence:PersistenceBase.lock_warn_only": ["self"],
    "snakemake.persistence.file:FilePersistence._mark_incomplete": ["self", "key", "external_jobid"],
    "snakemake.scheduling.job_scheduler:JobScheduler.exit_gracefully": ["self", "args"],
}


def internal(name: str) -> tuple[object, Callable]:
    """(owner, function) of one of INTERNALS, as Snakemake has it, whatever replaces it now.

    Raises UserError if there is none, or if it takes other parameters.
    """
    place, _, path = name.partition(":")
    try:
        owner = attrgetter(path.rpartition(".")[0])(import_module(place)) if "." in path else import_module(place)
        function = getattr(owner, path.rpartition(".")[2])
        function = getattr(function, "replaced", function)
        fits = list(inspect.signature(function).parameters) == INTERNALS[name]
    except (ImportError, AttributeError):
        fits = False
    if not fits:
        expected = f"{path}({', '.join(INTERNALS[name])}) of {place}"
        raise UserError(
            f"Snakemake {snakemake_version} has no {expected}, which the workflow depends on; install the version in "
            "envs/requirements.txt"
        )
    return owner, function


def replace_internal(name: str, replacement_for: Callable[[Callable], Callable]) -> None:
    """Has Snakemake call `replacement_for(its own function)`; once, however often a process reads the Snakefile."""
    owner, function = internal(name)
    replacement = replacement_for(function)
    replacement.replaced = function
    setattr(owner, function.__name__, replacement)
