"""Damages files as disks and killed programs do, and compares what came out with what was there."""

import hashlib
import os
from pathlib import Path

from tests.support.workflows import Workflow, unlinked


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of a run but its seconds."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(("timing.parquet", ".snakemake_timestamp"))
    }


def truncate(path: Path) -> None:
    """Cuts a file to its first half."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path: Path) -> None:
    """Flips a bit in the middle of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)


def damage_unnoticed(workflow: Workflow, file: str, damage) -> Path:
    """Damages a file and gives it back its times, so that Snakemake sees no difference."""
    path = unlinked(workflow.work / file)
    times = path.stat()
    damage(path)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    return path
