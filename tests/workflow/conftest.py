"""A copy of the workflow in a temporary folder, with a tiny configuration, that tests may change and run."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

ROOT = Path(__file__).parents[2]
COPIED = ["Snakefile", "config.yaml", "workflow", "envs", "profiles"]

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


class Workflow:
    """A folder with the workflow's source in `source` and its working directory in `work`."""

    def __init__(self, folder: Path, config: dict = TINY):
        self.source, self.work = folder / "source", folder / "work"
        self.source.mkdir(parents=True)
        self.work.mkdir()
        for name in COPIED:
            path = ROOT / name
            if path.is_dir():
                shutil.copytree(path, self.source / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(path, self.source / name)
        self.configure(config)

    def configure(self, config: dict, in_order: bool = False) -> None:
        """Writes the working directory's configuration; keys in alphabetical order, or in their own."""
        (self.work / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=not in_order))

    def copied(self, folder: Path) -> "Workflow":
        """A copy of source and working directory in `folder`, to be changed."""
        copy = object.__new__(Workflow)
        shutil.copytree(self.source.parent, folder, symlinks=True)
        copy.source, copy.work = folder / "source", folder / "work"
        return copy

    def command(self, *arguments: str) -> list[str]:
        snakefile = str(self.source / "Snakefile")
        return [sys.executable, "-m", "snakemake", "-s", snakefile, "-d", str(self.work), *arguments]

    def snakemake(self, *arguments: str, **options) -> subprocess.CompletedProcess:
        options = {"timeout": 600, "env": {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}, **options}
        return subprocess.run(self.command(*arguments), capture_output=True, text=True, **options)

    def run(self, *targets: str) -> str:
        """Runs to the end; returns what was printed."""
        result = self.snakemake("--cores", "2", *targets)
        assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
        return result.stdout + result.stderr

    def planned(self, *targets: str) -> set[tuple[str, str]]:
        """(rule, wildcards) of every job that a dry run names, e.g. ("train_model", "plain seed-0")."""
        return self.planned_and_told(*targets)[0]

    def planned_and_told(self, *targets: str) -> tuple[set[tuple[str, str]], str]:
        """The jobs that a dry run names, and all that it prints."""
        result = self.snakemake("-n", "--printshellcmds", *targets)
        text = result.stdout + result.stderr
        assert result.returncode == 0, text[-3000:]
        jobs = set()
        for rule, body in re.findall(r"^(?:local)?rule (\w+):\n((?:    .*\n)*)", text, re.MULTILINE):
            wildcards = re.search(r"wildcards: (.*)", body)
            values = re.findall(r"\w+=([^,]+)", wildcards[1]) if wildcards else []
            jobs.add((rule, " ".join(values)))
        assert jobs or "Nothing to be done" in text, text[-3000:]
        return jobs - {("all", "")}, text

    def verify(self) -> list[str]:
        """What `verify` reports of what has been made, when not everything has been."""
        result = self.snakemake("--cores", "1", "verify")
        assert "made and fit the configuration" in result.stderr or " problems in results/" in result.stderr
        lines = [line for line in result.stderr.splitlines() if line.startswith("results/")]
        return [line for line in lines if not line.endswith("is missing; run the workflow again")]

    def counts(self) -> dict[str, int]:
        """Rule -> number of jobs that a dry run names."""
        jobs = [rule for rule, _ in self.planned()]
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


def changed(**sections) -> dict:
    """The tiny configuration with other sections, merged one level deep."""
    result = dict(TINY)
    for name, section in sections.items():
        result[name] = {**result.get(name, {}), **section}
    return result


@pytest.fixture(scope="session")
def finished_source(tmp_path_factory) -> Workflow:
    """A finished run of the tiny configuration; copy it, never change it."""
    workflow = Workflow(tmp_path_factory.mktemp("finished"))
    workflow.run()
    return workflow


@pytest.fixture
def finished(finished_source, tmp_path) -> Workflow:
    """A finished run of one's own."""
    return finished_source.copied(tmp_path / "copy")
