"""What Python and the workflow derive from the source, kept beside it for all the processes that run copies of it."""

import compileall
from pathlib import Path

SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"
DIGESTS = SCRIPTS / "__pycache__" / "source-digests.json"


def compile_source() -> None:
    """Compiles all modules, also where Python is told not to write what it compiles, and digests them.

    Both are known by the content of the files or by their times, so they are never those of other code.
    """
    from difficulty.source_digest import SourceDigests

    compileall.compile_dir(SCRIPTS, quiet=2)
    digests = SourceDigests(SCRIPTS, DIGESTS)
    for module in SCRIPTS.rglob("*.py"):
        digests._describe(module)
    digests.save()
