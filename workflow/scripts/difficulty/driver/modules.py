"""What does not work where another workflow uses this one as a module."""

from difficulty.driver.internals import internal
from difficulty.errors import UserError


def require_own_paths(modifier) -> None:
    """Raises UserError if `prefix` or `replace_prefix` moves the files of rules.

    The plan and the scripts know files by the names in difficulty/plan/paths.py, and Snakemake would look for images of
    the user's elsewhere, too. modifier: Snakemake's, of the module.
    """
    internal("snakemake.path_modifier:PathModifier.replace_prefix")
    for path in ("results/datasets/", "results/experiments/"):
        if modifier.path_modifier.replace_prefix(path) != path:
            raise UserError(
                "module: prefix and replace_prefix do not work, since all results are in results/ of the working "
                "directory; leave them out, and choose another folder with --directory"
            )
