"""Compares results with what the current configuration would make, and with the checksums from when they were made.

Reads every table, checkpoint and image once; changes nothing. Fails if anything is damaged, missing or outdated.
"""

import hashlib
import json
import logging
import sys
from pathlib import Path

from difficulty.datasets.files import FILES
from difficulty.errors import UserError
from difficulty.stage import arguments, run_stage
from difficulty.tables import read_arrow, read_provenance, read_schema, read_table
from difficulty.training.run_tables import CHECKPOINTS

logger = logging.getLogger("difficulty")


def main(args):
    problems, counts = [], {"tables": 0, "files": 0, "leftovers": 0}
    for path, expected in json.loads(args.expected.read_text()).items():
        try:
            schema = read_schema(path)
            read_arrow(path, schema)
            problem = outdated(path, expected)
            folders = {FILES.name: Path(path).parent / "images", CHECKPOINTS.name: Path(path).parent}
            if schema.name in folders:
                table = read_table(path, schema)
                for file, sha256 in zip(table["file"], table["sha256"], strict=True):
                    problems += damaged(folders[schema.name] / file, sha256)
                    counts["files"] += 1
            problems += [problem] if problem else []
            counts["tables"] += 1
            counts["leftovers"] += expected is None
        except UserError as error:
            problems.append(str(error))
    for problem in problems:
        logger.error(problem)
        print(problem, file=sys.stderr)
    if problems:
        raise UserError(f"{len(problems)} problems in results/; delete what is named and run the workflow again")
    text = "{tables} tables, {files} images and checkpoints are as they were made and fit the configuration"
    left = "; {leftovers} tables belong to nothing in it" if counts["leftovers"] else ""
    print((text + left).format(**counts), file=sys.stderr)


def outdated(path, expected: dict | None) -> str | None:
    """What a table was made with that would be different now."""
    if expected is None:
        return None
    made = read_provenance(path)
    made["settings"] = json.dumps(made.get("settings", {}), sort_keys=True)
    other = [key for key in ("settings", "code", "upstream") if made.get(key, "") != expected.get(key, "")]
    return f"{path}: was made with other {' and '.join(other)} than the configuration has now" if other else None


def damaged(path: Path, sha256: str) -> list[str]:
    try:
        same = hashlib.sha256(path.read_bytes()).hexdigest() == sha256
    except OSError as error:
        return [f"{path}: cannot be read ({error.strerror})"]
    return [] if same else [f"{path}: is not the file that was written"]


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--expected", type=Path, required=True)
    run_stage(main, parser)
