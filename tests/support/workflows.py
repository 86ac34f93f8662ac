"""A copy of the workflow in a temporary folder, with a small configuration, that tests may change and run."""

import copy
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from tests.support import forked
from tests.support.compiled import DIGESTS

ROOT = Path(__file__).parents[2]
COPIED = ["Snakefile", "config.yaml", "workflow", "envs", "profiles"]
WRITTEN_IN_PLACE = {".snakemake", "logs", "benchmarks", "checksums"}

TINY = {
    "datasets": {"few": {"source": "digits", "limit": {"train": 100, "test": 30}}},
    "defaults": {
        "dataset": "few",
        "architecture": "mlp",
        "width": 16,
        "optimizer": {"name": "adam", "lr": 0.01},
        "schedule": {"name": "constant"},
        "epochs": 3,
        "batch_size": 32,
        "seeds": [0, 1],
    },
    "experiments": {"plain": {}, "noisy": {"label_noise": {"kind": "symmetric", "fraction": 0.2}}},
    "analyses": {
        "correlation": {"bootstrap": 20},
        "detection": {"bootstrap": 20},
        "vog": None,
        "prediction_depth": None,
        "images": None,
        "relations": None,
        "influence": None,
    },
    "figures": {"dpi": 50},
}

Jobs = set[tuple[str, str]]


class Workflow:
    """A folder with the workflow's source in `source` and its working directory in `work`."""

    def __init__(self, folder: Path, config: dict = TINY):
        self.source, self.work = folder / "source", folder / "work"
        self.source.mkdir(parents=True)
        self.work.mkdir()
        for name in COPIED:
            path = ROOT / name
            if path.is_dir():
                shutil.copytree(path, self.source / name)  # with what Python has compiled
            elif path.exists():
                shutil.copy2(path, self.source / name)
        if DIGESTS.exists():
            (kept := self.work / ".snakemake" / "difficulty").mkdir(parents=True)
            shutil.copy2(DIGESTS, kept)
        self.configure(config)

    @classmethod
    def at(cls, folder: Path) -> "Workflow":
        """The workflow that another process made in a folder."""
        workflow = object.__new__(cls)
        workflow.source, workflow.work = folder / "source", folder / "work"
        return workflow

    def copied(self, folder: Path) -> "Workflow":
        """A copy in `folder`, to be changed: its results are links.

        Stages replace files and never write into them; a test that does must call `unlinked` first.
        """
        shutil.copytree(self.source.parent, folder, symlinks=True, copy_function=_link_or_copy)
        return self.at(folder)

    def configure(self, config: dict, in_order: bool = False) -> None:
        """Writes the working directory's configuration; keys in alphabetical order, or in their own."""
        (self.work / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=not in_order))

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "snakemake", *self.arguments(*arguments)]

    def arguments(self, *arguments: str) -> list[str]:
        return ["-s", str(self.source / "Snakefile"), "-d", str(self.work), *arguments]

    def snakemake(self, *arguments: str, timeout: float = 600, env: dict | None = None) -> subprocess.CompletedProcess:
        """Snakemake's command line in a process that need not import it again."""
        return forked.snakemake(self.arguments(*arguments), timeout, env)

    def started(self, *arguments: str, timeout: float = 600) -> subprocess.CompletedProcess:
        """The same by a command of its own, as users start it."""
        return subprocess.run(self.command(*arguments), capture_output=True, text=True, timeout=timeout)

    def run(self, *targets: str) -> str:
        """Runs to the end; returns what was printed."""
        result = self.snakemake("--cores", "2", *targets)
        assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
        return result.stdout + result.stderr

    def planned(self, *targets: str) -> Jobs:
        """(rule, wildcards) of every job that a dry run names, e.g. ("train_model", "plain seed-0")."""
        return jobs_in(self.dry_run(*targets))

    def dry_run(self, *targets: str, by_command: bool = False) -> str:
        """All that a dry run prints, with every job and its wildcards."""
        snakemake = self.started if by_command else self.snakemake
        result = snakemake("-n", "-p", *targets)  # with -p, every job is printed as Snakemake does
        text = result.stdout + result.stderr
        assert result.returncode == 0, text[-3000:]
        assert jobs_in(text) or "Nothing to be done" in text, text[-3000:]
        return text

    def verify(self) -> list[str]:
        """What `verify` reports of what has been made, when not everything has been."""
        result = self.snakemake("--cores", "1", "verify")
        assert re.search("made and fit the configuration| problems? in results/", result.stderr)
        lines = [line for line in result.stderr.splitlines() if line.startswith("results/")]
        return [line for line in lines if not line.endswith("is missing; run the workflow again")]

    def counts(self, *targets: str) -> dict[str, int]:
        """Rule -> number of jobs that a dry run names."""
        jobs = [rule for rule, _ in self.planned(*targets)]
        return {rule: jobs.count(rule) for rule in jobs}

    def table(self, path: str) -> pd.DataFrame:
        """A table of results/experiments."""
        return pd.read_parquet(self.work / "results" / "experiments" / path)

    def edit(self, file: str, old: str, new: str) -> None:
        """Replaces text in a file of the workflow's source."""
        path = self.source / file
        text = path.read_text()
        assert old in text, f"{file} has no {old!r}"
        path.write_text(text.replace(old, new))


def _link_or_copy(source: str, target: str) -> None:
    """Links results and what Python has compiled; copies all that is written in place."""
    parts = Path(source).parts
    name, place = parts[-1], parts[parts.index("work") :] if "work" in parts else ()
    is_result = "results" in place and not WRITTEN_IN_PLACE & set(place) and name != ".snakemake_timestamp"
    if is_result or name.endswith(".pyc"):
        os.link(source, target, follow_symlinks=False)
    else:
        shutil.copy2(source, target, follow_symlinks=False)


def unlinked(path: Path) -> Path:
    """The path of a file that may now be written to: what was a link becomes a copy, with the same times."""
    shutil.copy2(path, own := path.with_name(f".{path.name}.own"))
    own.rename(path)
    return path


def jobs_in(text: str) -> Jobs:
    """(rule, wildcards) of every job that a dry run has printed, but `all`."""
    jobs = set()
    for rule, body in re.findall(r"^(?:local)?rule (\w+):\n((?:    .*\n)*)", text, re.MULTILINE):
        wildcards = re.search(r"wildcards: (.*)", body)
        values = re.findall(r"\w+=([^,]+)", wildcards[1]) if wildcards else []
        jobs.add((rule, " ".join(values)))
    return jobs - {("all", "")}


def rules(jobs: Jobs) -> set[str]:
    return {rule for rule, _ in jobs}


def wildcards_of(jobs: Jobs, rule: str) -> list[str]:
    """Wildcards of all jobs of a rule, in order."""
    return sorted(wildcards for name, wildcards in jobs if name == rule)


def changed(**sections) -> dict:
    """The tiny configuration with other sections, merged one level deep."""
    result = dict(TINY)
    for name, section in sections.items():
        result[name] = {**result.get(name, {}), **section}
    return result


def altered(config: dict, **places: Any) -> dict:
    """A configuration with other values, by their places: altered(config, analyses__vog__shards=3)."""
    result = copy.deepcopy(config)
    for place, value in places.items():
        *way, key = place.split("__")
        section = result
        for name in way:
            section = section.setdefault(name, {})
        section[key] = value
    return result
