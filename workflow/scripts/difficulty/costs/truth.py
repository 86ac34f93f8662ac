"""What finished jobs really took, and what they were made with, by their logs and the records of what they wrote."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from difficulty.written import record_of

_TOOK = re.compile(r"took ([\d,.]+) s of CPU time, at most ([\d,]+) MB of memory\s*$")
_END = 4096  # bytes of a log that are read


@dataclass(frozen=True)
class Truth:
    """CPU seconds, MiB at most, and bytes kept of a finished job."""

    cpu: float
    memory: float
    kept: float


def truth_of(log: str, folders: Iterable[str] = ()) -> Truth | None:
    """What a job took that has this log and has finished; None if that is not known.

    folders: of files that it wrote and that are not in its record.
    """
    path = Path(log)
    try:
        outputs = json.loads(record_of(path).read_text())["outputs"]
        kept = sum(facts["bytes"] for facts in outputs.values()) + sum(map(_size, folders))
        used = used_by(path)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Truth(*used, kept) if used else None


def used_by(log: Path) -> tuple[float, float] | None:
    """CPU seconds, and MiB at most, of the job with this log; None if it has not come to its end."""
    with log.open("rb") as file:
        file.seek(max(log.stat().st_size - _END, 0))
        found = _TOOK.search(file.read().decode("utf-8", "replace"))
    return (float(found[1].replace(",", "")), float(found[2].replace(",", ""))) if found else None


def made_with(log: str) -> dict[str, str] | None:
    """settings, code and upstream that the job with this log was last finished with; None if that is not recorded."""
    try:
        record = json.loads(record_of(Path(log)).read_text())
        return {name: record[name] for name in ("settings", "code", "upstream")}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _size(folder: str) -> int:
    """Bytes of all files in a folder."""
    return sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
