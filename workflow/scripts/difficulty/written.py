"""The record of what a job has written: size and checksum of every file, by which damage is found later.

One small file per job below results/checksums/, at the place that its log has below results/logs/. Standard library
only. Tables and tensors have checksums of their own, or in a manifest: of those, only the size is recorded.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from difficulty.file_digests import sha256_of

RECORDS = "checksums"
_LOGS = "logs"
_CHECKED_ELSEWHERE = {".parquet", ".safetensors"}
_written: set[Path] = set()


def note_written(path) -> None:
    """Remembers that this process has written a file, for the record of its job."""
    _written.add(Path(path))


def record_of(log: Path) -> Path:
    """The record of the job with this log: results/logs/a/b.log has results/checksums/a/b.json."""
    parts = [RECORDS if part == _LOGS else part for part in log.parts]
    return Path(*parts).with_suffix(".json")


def discard_record(log: Path) -> None:
    """Removes the record of an earlier run of the job: from now on its files change."""
    record_of(log).unlink(missing_ok=True)


def write_record(log: Path, settings: Mapping, code: str, upstream: str) -> None:
    """Records what this process has written and is still there, and what it was made with; nothing if there is none."""
    outputs = {
        str(path): _described(path) for path in sorted(_written) if path.is_file() and ".partial" not in path.parts
    }
    if not outputs:
        return
    record = record_of(log)
    record.parent.mkdir(parents=True, exist_ok=True)
    temporary = record.with_name(f".{record.name}")
    made_with = {"settings": json.dumps(settings, sort_keys=True), "code": code, "upstream": upstream}
    temporary.write_text(json.dumps({**made_with, "outputs": outputs}, indent=1))
    temporary.replace(record)


def _described(path: Path) -> dict:
    facts = {"bytes": path.stat().st_size}
    if path.suffix not in _CHECKED_ELSEWHERE:
        facts["sha256"] = sha256_of(path)
    return facts
