"""Compares results with what the current configuration would make, and with the checksums from when they were made.

Reads every table, checkpoint, image, figure and list once; changes nothing. Names what killed jobs have left of results
that the configuration no longer makes. Fails if anything is damaged, missing or outdated.
"""

import json
import logging
import sys
from pathlib import Path

from difficulty.errors import UserError
from difficulty.stage import arguments, run_stage, warn
from difficulty.verification import verify

logger = logging.getLogger("difficulty")


def main(args):
    found = verify(json.loads(args.expected.read_text()))
    for problem in found.problems:
        logger.error(problem)
        print(problem, file=sys.stderr)
    if count := len(found.problems):
        raise UserError(f"{count} problem{'s' * (count > 1)} in results/, each with what to do about it above")
    left = f"; {found.leftovers} tables belong to nothing in it" if found.leftovers else ""
    for folder, size in found.unfinished.items():
        warn(f"{folder}: {size / 1e6:,.1f} MB of a killed job that nothing in the configuration makes; delete it")
    print(
        f"{found.tables} tables and {found.files} other files (images, checkpoints, figures, lists) are as they were "
        f"made and fit the configuration{left}",
        file=sys.stderr,
    )


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--expected", type=Path, required=True)
    run_stage(main, parser)
