"""Results in a storage and a folder of its own for each job, as in a cloud: the same tables as on a shared disk."""

import itertools
import os
import re
import shutil
import subprocess
from pathlib import Path

import PIL.Image
import pyarrow.parquet as pq
import pytest

from tests.support.workflows import TINY, Workflow, altered

PLUGINS = Path(__file__).parents[1] / "support" / "plugins"
# Seconds, and inodes: they differ between two runs of the same thing.
DIFFERENT = {"timing.parquet", "files.parquet"}
SMALL = altered(TINY, defaults__seeds=[0], analyses={"detection": {"bootstrap": 20}, "correlation": {"bootstrap": 20}})


class InStorage(Workflow):
    """The workflow in a clone, which is the folder where it is started; `bucket` has the results."""

    provider = "folder"

    def __init__(self, folder: Path, config: dict = TINY):
        super().__init__(folder, config)
        shutil.copy2(self.work / "config.yaml", self.source / "config.yaml")
        self.work, self.bucket = self.source, folder / "bucket"

    def arguments(self, *arguments: str) -> list[str]:
        place = ["--default-storage-provider", self.provider, "--default-storage-prefix", str(self.bucket)]
        cluster = ["--executor", "private", "--jobs", "2"] if "--cores" not in arguments else []
        return [*cluster, *place, *arguments]

    def snakemake(self, *arguments: str, timeout: float = 600, env: dict | None = None) -> subprocess.CompletedProcess:
        """By a command of its own, which finds plugins that only tests have."""
        paths = [str(PLUGINS), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {**(env or os.environ), "PYTHONPATH": ":".join(paths)}
        options = {"capture_output": True, "text": True, "timeout": timeout, "env": environment}
        return subprocess.run(self.command(*arguments), cwd=self.work, **options)

    def run(self, *targets: str) -> str:
        result = self.snakemake(*targets, timeout=1800)  # each job starts Snakemake anew, which is slow if others work
        assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
        return result.stdout + result.stderr


def columns(results: Path) -> dict:
    """Path below results/ -> the columns of each table."""
    tables = [path for path in sorted(results.rglob("*.parquet")) if not path.name.endswith(tuple(DIFFERENT))]
    return {path.relative_to(results).as_posix(): pq.read_table(path) for path in tables}


def same(found: dict, expected: dict) -> list[str]:
    """Names of tables that are not the same, or only in one of the two."""
    return [name for name in {*found, *expected} if name not in found or not found[name].equals(expected.get(name))]


@pytest.mark.full
def test_a_suite_gives_the_same_tables_as_on_a_shared_disk(tmp_path):
    stored, local = InStorage(tmp_path / "stored", SMALL), Workflow(tmp_path / "local", SMALL)
    shutil.copy2(local.work / "config.yaml", local.source / "config.yaml")  # whose analyses would be added
    said = stored.run()
    local.run()
    results = stored.bucket / "results"
    assert same(columns(results), columns(local.work / "results")) == []
    assert (results / "index.html").exists() and not (stored.work / "results" / "datasets").exists()
    assert f"results are kept in {stored.bucket} (folder): hard links become copies, a job that ends early" in said
    assert "jobs that read images of few fetch all image files; with `storage: memory`" in said
    assert stored.planned() == set()


@pytest.mark.full
def test_a_job_that_reads_files_of_the_user_runs_beside_them(tmp_path):
    """And puts what it makes into the storage, where the others find it."""
    config = altered(SMALL, datasets={"few": {"source": "image_folder", "path": "photos", "storage": "memory"}})
    stored = InStorage(tmp_path, config)
    for split, name in itertools.product(("train", "test"), "ab"):
        folder = stored.work / "photos" / split / name
        folder.mkdir(parents=True)
        for number in range(4):
            shade = 40 * number + 5 * (name == "b") + (split == "test")
            PIL.Image.new("L", (8, 8), shade).save(folder / f"{number}.png")
    said = stored.run("results/experiments/noisy/labels.parquet")
    made = {path.name for path in (stored.bucket / "results").rglob("*.parquet")}
    assert {"examples.parquet", "pixels.parquet", "files.parquet", "labels.parquet"} <= made
    assert len([*(stored.bucket / "results/datasets/few/images").rglob("*.png")]) == 16
    assert "fetch all image files" not in said and not (stored.work / "results" / "datasets").exists()


def test_only_what_reads_files_of_the_user_runs_here(tmp_path):
    """A list by which a subset is chosen is one; image files that an export reads are results."""
    chosen = {"source": "subset", "of": "few", "select": {"by": "list", "path": "keep.csv"}}
    stored = InStorage(tmp_path, altered(SMALL, datasets__mine=chosen, experiments__mine={"dataset": "mine"}))
    (stored.work / "keep.csv").write_text("key\n")
    said = stored.dry_run("results/datasets/mine/examples.parquet", "results/export/plain/coco")
    links, exports = (
        re.search(rf"rule {name}:\n    input: (.*)\n", said)[1] for name in ("link_subset", "export_results")
    )
    assert re.search(r"(^|, )keep\.csv", links) and links.count("keep.csv") == 1
    assert "few/images (retrieve from storage)" in links and "few/images (retrieve from storage)" in exports
    assert all(f"{stored.bucket}/results/" in part for part in exports.split(", "))


@pytest.mark.parametrize("target", ["verify", "suspects"])
def test_a_target_that_reads_results_here_is_refused(tmp_path, target):
    result = InStorage(tmp_path, SMALL).snakemake("-n", target)
    assert result.returncode == 1 and "Traceback" not in result.stderr
    assert f"{target}: reads results in this folder, but they are kept in {tmp_path / 'bucket'}" in result.stderr


def test_a_folder_in_which_all_jobs_would_work_is_refused(tmp_path):
    """Snakemake hands --directory on to jobs, which would leave their own folders for it."""
    stored = InStorage(tmp_path, SMALL)
    result = stored.snakemake("-n", "--directory", str(stored.work))
    assert result.returncode == 1 and "Traceback" not in result.stderr
    assert f"--directory: all jobs would work in {stored.work}, and each would remove files there" in result.stderr
