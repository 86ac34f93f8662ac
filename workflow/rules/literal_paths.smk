"""The user's paths, which Snakemake takes as they are: {x} in them is no wildcard, <x> no variable.

Snakemake fills in wildcards and variables in whatever a function of a rule's input returns, and has no way to write a
bracket that is none. So those of the user's paths are written as characters that no one uses, and become brackets again
where wildcards are filled in. All other paths are left to Snakemake.
"""

BRACKETS, STAND_INS = "{}<>", "\ue0f0\ue0f1\ue0f2\ue0f3"  # of Unicode's private use area


class LiteralPath(str):
    """A path of the user in which Snakemake looks for no variables."""


def literal(paths):
    """A path, or each of a list of paths, for an input function to return."""
    if isinstance(paths, str):
        return (paths.rstrip("/") or paths).translate(str.maketrans(BRACKETS, STAND_INS))
    return [literal(path) for path in paths]


def restoring_brackets(fill_in):
    def apply_wildcards(pattern, wildcards):
        filled_in = fill_in(pattern, wildcards)
        restored = filled_in.translate(str.maketrans(STAND_INS, BRACKETS))
        return filled_in if restored == filled_in else LiteralPath(restored)

    return apply_wildcards


def leaving_literal_paths(fill_in):
    def apply(pathvars, path):
        return path if isinstance(path, LiteralPath) else fill_in(pathvars, path)

    return apply


replace_internal("snakemake.io:apply_wildcards", restoring_brackets)
replace_internal("snakemake.pathvars:Pathvars.apply", leaving_literal_paths)
