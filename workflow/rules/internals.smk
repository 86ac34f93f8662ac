"""What the workflow calls or replaces of Snakemake's internals: of another version that has it not, one line is said."""

import inspect
from importlib import import_module
from operator import attrgetter

from snakemake import __version__ as snakemake_version

# module:name of each function, and its parameters.
INTERNALS = {
    "snakemake.dag:DAG.bfs": ["self", "direction", "jobs", "stop"],
    "snakemake.dag:DAG.update_needrun": ["self", "create_inventory"],
    "snakemake.io:apply_wildcards": ["pattern", "wildcards"],
    "snakemake.pathvars:Pathvars.apply": ["self", "path"],
    "snakemake.persistence:PersistenceBase.lock": ["self"],
    "snakemake.persistence.file:FilePersistence._mark_incomplete": ["self", "key", "external_jobid"],
}


def internal(name):
    """(owner, function) of one of INTERNALS, as Snakemake has it, whatever replaces it now.

    Ends with one line if there is none, or if it takes other parameters.
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
        print(
            f"Snakemake {snakemake_version} has no {expected}, which the workflow depends on; install the version in "
            "envs/requirements.txt",
            file=sys.stderr,
        )
        sys.exit(1)
    return owner, function


def replace_internal(name, replacement_for):
    """Has Snakemake call `replacement_for(its own function)`; once, however often a process reads this file."""
    owner, function = internal(name)
    replacement = replacement_for(function)
    replacement.replaced = function
    setattr(owner, function.__name__, replacement)
