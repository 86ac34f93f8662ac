"""How results were made, as the page tells it: versions, and the time and memory of the stages."""

import csv
import re
from collections.abc import Mapping
from contextlib import suppress
from math import isfinite
from pathlib import Path

from difficulty.costs.truth import used_by

# As in CITATION.cff, which a workflow that uses this one as a module does not have.
CITATION = (
    "The difficulty authors: difficulty: which examples of an image data set are hard, mislabelled, ambiguous or easy. "
    "Software, version 0.1.0, 2026. Cite also the papers of the scores that you report; docs/scores.md names them."
)
# A job's log below results/logs/: after what the job is of, the stage; behind it, which of the stage's jobs it is.
_LOG = re.compile(r"(figures/)?((vog-toy|[a-z]+/[^/]+(/seed-\d+(-fold-\d+)?)?)/)?(?P<stage>[a-z_]+)")
_OF_PLANS = ("show_plan", "verify_results")  # which make no results


def describe_methods(provenance: Mapping, results: Path) -> dict:
    """provenance: of the history of a run. results: folder of all results."""
    return {
        "about": "Every number here was computed by the difficulty workflow from the settings below. The tables that "
        "it leaves in its folder of results hold all of them, with how they were made.",
        "versions": provenance.get("versions", {}),
        "machine": {name: provenance[name] for name in ("device", "threads") if name in provenance},
        "times": times_of_stages(results),
        "citation": CITATION,
    }


def times_of_stages(results: Path) -> list[dict]:
    """Stage, number of jobs, their seconds and CPU seconds in all, and the largest memory (MiB), the longest first.

    They are those of the last run of each job, by its log; seconds are what Snakemake's benchmarks say. Beside them are
    the estimates of the last plan, estimated_cpu_seconds and estimated_memory, of stages of which it had as many jobs.
    """
    found: dict[str, dict] = {}
    for log in sorted((results / "logs").rglob("*.log")):
        used, named = _used_by(log), _LOG.match(log.relative_to(results / "logs").as_posix())
        if not used or not named or (stage := named["stage"]) in _OF_PLANS:
            continue
        row = found.setdefault(stage, {"stage": stage, "jobs": 0, "seconds": 0.0, "cpu_seconds": 0.0, "memory": 0.0})
        row["jobs"] += 1
        row["seconds"] += _seconds(results / "benchmarks" / log.relative_to(results / "logs").with_suffix(".tsv"))
        row["cpu_seconds"] += used[0]
        row["memory"] = max(row["memory"], used[1])
    for planned in _rows(results / "plan.csv", ","):
        row = found.get(planned.get("stage"))
        if row and row["jobs"] == _number(planned.get("jobs")):
            row["estimated_cpu_seconds"] = _number(planned.get("cpu_s"))
            row["estimated_memory"] = _number(planned.get("memory_mib"))
    return sorted(found.values(), key=lambda row: -row["cpu_seconds"])


def _seconds(benchmark: Path) -> float:
    """From start to end, by Snakemake."""
    return sum(_number(row.get("s")) for row in _rows(benchmark, "\t"))


def _rows(path: Path, delimiter: str) -> list[dict]:
    """The rows of a table of text; none if there is none that can be read."""
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream, delimiter=delimiter))
    except (OSError, ValueError, csv.Error):
        return []


def _used_by(log: Path) -> tuple[float, float] | None:
    try:
        return used_by(log)
    except (OSError, ValueError):
        return None


def _number(text: str | None) -> float:
    """Zero for what was too short to be measured, and for what is no number."""
    with suppress(ValueError):
        if isfinite(found := float(text or 0)):
            return found
    return 0.0
