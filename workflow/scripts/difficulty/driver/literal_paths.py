"""The user's paths, which Snakemake takes as they are: {x} in them is no wildcard, <x> no variable.

Snakemake fills in wildcards and variables in whatever a function of a rule's input returns, and has no way to write a
bracket that is none. So those of the user's paths are written as characters that no one uses, and become brackets again
where wildcards are filled in. All other paths are left to Snakemake.
"""

from difficulty.driver.internals import replace_internal

_BRACKETS, _STAND_INS = "{}<>", "\ue0f0\ue0f1\ue0f2\ue0f3"  # of Unicode's private use area
_literal_paths: set[str] = set()  # as the user writes them


def install() -> None:
    """Has Snakemake leave literal paths as they are."""
    replace_internal("snakemake.io:apply_wildcards", _restoring_brackets)
    replace_internal("snakemake.pathvars:Pathvars.apply", _leaving_literal_paths)


def literal(paths):
    """A path, or each of a list of paths, for an input function to return."""
    if not isinstance(paths, str):
        return [literal(path) for path in paths]
    path = paths.rstrip("/") or paths  # as Snakemake does
    _literal_paths.add(path)
    return path.translate(str.maketrans(_BRACKETS, _STAND_INS))


def _restoring_brackets(fill_in):
    def apply_wildcards(pattern, wildcards):
        return fill_in(pattern, wildcards).translate(str.maketrans(_STAND_INS, _BRACKETS))

    return apply_wildcards


def _leaving_literal_paths(fill_in):
    def apply(pathvars, path):
        return path if path in _literal_paths else fill_in(pathvars, path)

    return apply
