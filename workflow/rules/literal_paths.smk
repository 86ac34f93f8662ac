"""The user's paths, which Snakemake takes as they are: {x} in them is no wildcard, <x> no variable.

Snakemake fills in wildcards in whatever a function of a rule's input returns, and has no way to write a brace that is
none. So braces are written as characters that no one uses, and become braces again where wildcards are filled in.
"""

import snakemake.io
from snakemake.pathvars import Pathvars

BRACES, STAND_INS = "{}", "\ue0f0\ue0f1"  # of Unicode's private use area


def literal(paths):
    """A path, or each of a list of paths, for an input function to return."""
    if isinstance(paths, str):
        return paths.translate(str.maketrans(BRACES, STAND_INS))
    return [literal(path) for path in paths]


def restore_braces():
    """Has Snakemake write braces again in paths whose wildcards are filled in, and look for no variables in paths.

    The workflow has no such variables.
    """
    fill_in = snakemake.io.apply_wildcards

    def filled_in(pattern, wildcards):
        return fill_in(pattern, wildcards).translate(str.maketrans(STAND_INS, BRACES))

    if not getattr(fill_in, "restores_braces", False):  # a process may read this file more than once
        filled_in.restores_braces = True
        snakemake.io.apply_wildcards = filled_in
        Pathvars.apply = lambda self, path: path


restore_braces()
