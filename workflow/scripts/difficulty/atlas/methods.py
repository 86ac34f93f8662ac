"""How results were made, as the page tells it: versions, and the time and memory of the stages."""

import csv
from collections.abc import Mapping
from pathlib import Path

# As in CITATION.cff, which a workflow that uses this one as a module does not have.
CITATION = (
    "The difficulty authors: difficulty: which examples of an image data set are hard, mislabelled, ambiguous or easy. "
    "Software, version 0.1.0, 2026. Cite also the papers of the scores that you report; docs/scores.md names them."
)


def describe_methods(provenance: Mapping, benchmarks: Path) -> dict:
    """provenance: of the history of a run. benchmarks: folder of what Snakemake measured, which may be missing."""
    return {
        "about": "Every number here was computed by the difficulty workflow from the settings below. The tables that "
        "it leaves in its folder of results hold all of them, with how they were made.",
        "versions": provenance.get("versions", {}),
        "machine": {name: provenance[name] for name in ("device", "threads") if name in provenance},
        "times": times_of_stages(benchmarks),
        "citation": CITATION,
    }


def times_of_stages(benchmarks: Path) -> list[dict]:
    """Stage, number of jobs, their seconds and CPU seconds in all, and the largest memory (MiB), the longest first.

    The times are those of the last run of each job.
    """
    found: dict[str, dict] = {}
    for path in sorted(benchmarks.rglob("*.tsv")):
        stage = _stage_of(path)
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream, delimiter="\t"))
        row = found.setdefault(stage, {"stage": stage, "jobs": 0, "seconds": 0.0, "cpu_seconds": 0.0, "memory": 0.0})
        for job in rows:
            row["jobs"] += 1
            row["seconds"] += _number(job.get("s"))
            row["cpu_seconds"] += _number(job.get("cpu_time"))
            row["memory"] = max(row["memory"], _number(job.get("max_rss")))
    return sorted(found.values(), key=lambda row: -row["cpu_seconds"])


def _stage_of(path: Path) -> str:
    """The stage of a job's file: `train_model.tsv`, `plot_runs.tsv`, or `probe_neighbors-epoch-3.tsv`."""
    return path.stem.split("-")[0]


def _number(text: str | None) -> float:
    """Zero for what was too short to be measured."""
    try:
        return float(text or 0)
    except ValueError:
        return 0.0
