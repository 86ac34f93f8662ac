"""What the configuration expects in results/, and what is there.

Snakemake takes a file that it has no record of for up to date, and one that was cut short as well.
"""

import json
import os
import re
import sys
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator
from pathlib import Path

from snakemake.io import is_flagged
from snakemake.persistence import PersistenceBase
from snakemake.persistence.file import FilePersistence

from difficulty.driver.internals import internal
from difficulty.driver.planned_jobs import planned_jobs
from difficulty.errors import UserError

_RECORDS = Path("results", "checksums")
_MANIFEST = "manifest.parquet"
_NOT_TABLES = {"benchmarks", "checksums", "export", "figures", "logs"}
_EXPORT = re.compile(r"(results/export/[^/]+/[^/]+)/.+")


def write_expected(rules: Iterable, wanted: Iterable[str], file: Path) -> None:
    """Writes path -> settings, code and upstream that it would be made with now; null for a table that nothing makes.

    rules: Snakemake's, those of this workflow. wanted: all results that are asked for.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({**dict.fromkeys(_tables_on_disk()), **_planned_outputs(rules, wanted)}))


def check_results(persistence: PersistenceBase) -> None:
    """Has Snakemake make again what has not the size that was recorded. Raises UserError for tables without records.

    persistence: Snakemake's records. Only says what has changed where it keeps them in another way than in files.
    """
    if isinstance(persistence, FilePersistence):
        _refuse_unrecorded_tables()
    _mark_changed_files(persistence)


def _tables_on_disk() -> Iterator[str]:
    """Parquet files below results/, manifests of checkpoints among them, but not what a killed job had half written."""
    for folder, subfolders, files in os.walk("results"):
        place = Path(folder)
        other = _NOT_TABLES if folder == "results" else set()
        if place.parent == Path("results", "datasets"):
            other = {"images"}
        subfolders[:] = sorted(set(subfolders) - other)
        yield from (f"{folder}/{name}" for name in sorted(files) if re.fullmatch(r"[^.].*\.parquet", name))


def _artifact(path: str) -> str:
    """What Snakemake knows a file as: checkpoints, factors and exports are folders."""
    if export := _EXPORT.fullmatch(path):
        return export[1]
    return path.rpartition("/")[0] if path.endswith((_MANIFEST, ".safetensors")) else path


def _refuse_unrecorded_tables() -> None:
    """Raises UserError if there are tables of which Snakemake has no record: it would take them for up to date."""
    records = Path(".snakemake")
    known = {name for kind in ("metadata", "incomplete") for _, _, names in os.walk(records / kind) for name in names}
    tables = list(_tables_on_disk())
    names = {path: urlsafe_b64encode(_artifact(path).encode()).decode() for path in tables}
    unrecorded = [path for path, name in names.items() if name not in known and len(name) < 255]
    if unrecorded:
        raise UserError(
            f"results/: nothing in .snakemake/ says how {len(unrecorded)} of {len(tables)} tables were made, e.g. "
            f"{unrecorded[0]}; bring along the .snakemake folder from where they were made, or delete them to make them"
            " again"
        )


def _recorded_sizes() -> dict[str, set[int]]:
    """Path -> the sizes in bytes that finished jobs have recorded of it; a record that cannot be read says nothing.

    There are several where one job has made a file after another one, such as factors of influence after they were
    divided into shards.
    """
    sizes: dict[str, set[int]] = {}
    for folder, _, names in os.walk(_RECORDS):
        for name in names:
            try:
                outputs = json.loads(Path(folder, name).read_bytes())["outputs"]
                for path, facts in outputs.items():
                    sizes.setdefault(path, set()).add(facts["bytes"])
            except (ValueError, KeyError, TypeError, AttributeError):
                continue
    return sizes


def _size_of(path: str) -> int | None:
    """In bytes; None if there is no such file."""
    try:
        return Path(path).stat().st_size
    except OSError:
        return None


def _mark_changed_files(persistence: PersistenceBase) -> None:
    """Marks what has not the size that was recorded as incomplete: Snakemake would take it for up to date.

    What is missing, Snakemake sees itself, but not in a folder that is there.
    """
    sizes = _recorded_sizes().items()
    wrong = [(path, found, max(known)) for path, known in sizes if (found := _size_of(path)) not in known]
    wrong = [each for each in wrong if each[1] is not None or Path(_artifact(each[0])).is_dir()]
    in_files = isinstance(persistence, FilePersistence)
    for path, found, size in wrong:
        now = "is missing" if found is None else f"has {found:,} bytes"
        then = "it is made again if it is still wanted" if in_files else "delete it to make it again"
        print(f"{path}: {now}, expected the {size:,} that were written; {then}", file=sys.stderr)
    if wrong and in_files:
        internal("snakemake.persistence.file:FilePersistence._mark_incomplete")
        for path, _, _ in wrong:
            persistence._mark_incomplete(_artifact(path), None)


def _planned_outputs(rules: Iterable, wanted: Iterable[str]) -> dict[str, dict]:
    """Output -> parameters, of every job that some files need; a folder with a manifest counts as its manifest."""
    expected = {}
    for job in planned_jobs(rules, wanted):
        params = job.parameters()
        for output in job.outputs:
            if not is_flagged(output, "temp"):
                lists = is_flagged(output, "directory") and Path(output).name != "images"
                expected[f"{output}/{_MANIFEST}" if lists else str(output)] = params
    return expected
