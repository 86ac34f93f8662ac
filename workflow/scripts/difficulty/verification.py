"""Whether results are what the configuration expects, and as they were written: tables, folders, figures and lists."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from difficulty.datasets.files import FILES
from difficulty.errors import UserError
from difficulty.file_digests import sha256_of
from difficulty.parts import PARTIAL
from difficulty.tables import read_arrow, read_provenance, read_schema, read_table
from difficulty.training.run_tables import CHECKPOINTS
from difficulty.written import RECORDS

_AGAIN = "run the workflow again"
_DELETE = f"delete it and {_AGAIN}"
_MADE_WITH = ("settings", "code", "upstream")


@dataclass
class Verified:
    """What was found: one line for each problem, and how much was compared.

    leftovers: tables that belong to nothing in the configuration, which is no problem. unfinished: folder -> bytes of
    what killed jobs have left of such results, which no job goes on with.
    """

    problems: list[str] = field(default_factory=list)
    tables: int = 0
    files: int = 0
    leftovers: int = 0
    unfinished: dict[Path, int] = field(default_factory=dict)


def verify(expected: Mapping[str, Mapping[str, str] | None], results: Path = Path("results")) -> Verified:
    """Compares results with what is expected; reads every file, changes nothing.

    expected: path -> settings, code and upstream that it would be made with now; None for a table that nothing would
    make, of which only damage counts. A path without ending is a folder, whose files a table lists.
    """
    found = Verified()
    records, found.problems = read_records(results / RECORDS)
    for path, made_with in expected.items():
        try:
            if Path(path).suffix == ".parquet":
                found.tables += 1
                found.leftovers += made_with is None
                found.problems += outdated(path, read_provenance(path), made_with)
                found.problems += damaged_table(path, found)
            elif Path(path).suffix:
                found.files += 1
                found.problems += damaged_file(path, records.get(path), made_with)
            elif not Path(path).is_dir():
                found.problems.append(f"{path}: is missing; {_AGAIN}")
        except UserError as error:
            found.problems.append(str(error))
    wanted = {path for path, made_with in expected.items() if made_with is not None}
    found.unfinished = {path: _bytes(path) for path, output in unfinished(results) if output.as_posix() not in wanted}
    return found


def unfinished(results: Path) -> Iterator[tuple[Path, Path]]:
    """(folder, what it is of) of everything that killed jobs have left below a folder of results.

    Trainings leave checkpoints, whose manifest it is of; other jobs leave parts of an output.
    """
    for place, names, _ in os.walk(results):
        folder = Path(place)
        for name in sorted(name for name in names if name.startswith(".")):
            if name != PARTIAL:  # of both halves of second-split forgetting
                yield folder / name, folder / f"{name[1:]}.parquet"
                continue
            yield from ((path, folder / path.name) for path in sorted((folder / name).iterdir()) if path.is_dir())
            if any((folder / name).glob("*.safetensors")):
                yield folder / name, folder / "checkpoints" / "manifest.parquet"
        names[:] = [name for name in names if not name.startswith(".") and name != "images"]


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def read_records(folder: Path) -> tuple[dict[str, dict], list[str]]:
    """(path -> size, checksum and what it was made with, problems) of all that jobs have recorded below a folder."""
    records, problems = {}, []
    for file in sorted(folder.rglob("[!.]*.json")):
        try:
            record = json.loads(file.read_text())
            made_with = {key: record[key] for key in _MADE_WITH}
            records |= {path: {**facts, **made_with} for path, facts in record["outputs"].items()}
        except (ValueError, KeyError, TypeError, AttributeError):
            problems.append(f"{file}: is damaged; delete what it is the record of, and {_AGAIN}")
    return records, problems


def outdated(path: str, made: Mapping, made_with: Mapping | None) -> list[str]:
    """What a file was made with that would be different now. made: as recorded, settings as such or as JSON."""
    if made_with is None:
        return []
    settings = made.get("settings", {})
    was = {**made, "settings": settings if isinstance(settings, str) else json.dumps(settings, sort_keys=True)}
    other = [key for key in _MADE_WITH if was.get(key, "") != made_with.get(key, "")]
    now = f"was made with other {' and '.join(other)} than the configuration has now; {_AGAIN}"
    return [f"{path}: {now}"] if other else []


def damaged_table(path: str, found: Verified) -> Iterator[str]:
    """Problems of the files that a table lists, which are counted; TableError if it cannot be read itself."""
    schema = read_schema(path)
    read_arrow(path, schema)
    folders = {FILES.name: Path(path).parent / "images", CHECKPOINTS.name: Path(path).parent}
    if schema.name in folders:
        table = read_table(path, schema)
        for file, sha256 in zip(table["file"], table["sha256"], strict=True):
            found.files += 1
            yield from _other_content(folders[schema.name] / file, sha256)


def damaged_file(path: str, record: Mapping | None, made_with: Mapping | None) -> list[str]:
    """Problems of a figure or a list. record: what its job has recorded of it, if anything."""
    if not Path(path).is_file():
        return [f"{path}: is missing; {_AGAIN}"]
    if record is None:
        return [f"{path}: no record below results/{RECORDS}/ says how it was made; {_DELETE}"]
    return [*_other_content(Path(path), record["sha256"]), *outdated(path, record, made_with)]


def _other_content(path: Path, sha256: str) -> list[str]:
    try:
        same = sha256_of(path) == sha256
    except OSError as error:
        return [f"{path}: cannot be read ({error.strerror}); {_DELETE}"]
    return [] if same else [f"{path}: is not the file that was written; {_DELETE}"]
