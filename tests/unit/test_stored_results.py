"""Results in a storage: what is said, what jobs fetch, and what cannot be done."""

from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
import snakemake.api  # noqa: F401 (first, since parts of Snakemake import each other)
from snakemake.dag import DAG
from snakemake.settings.types import SharedFSUsage, StorageSettings

from difficulty.config.resolve import resolve
from difficulty.datasets.files import FILES, check_files
from difficulty.driver import stored_results
from difficulty.errors import UserError
from difficulty.plan.plan import Plan
from difficulty.shared_disk import VARIABLE
from difficulty.tables import write_table
from difficulty.termination import Stopped
from difficulty.training.partial_run import PartialRun
from tests.support.workflows import TINY

DATASETS = {
    "few": {"source": "digits", "storage": "memory"},
    "many": {"source": "digits"},
    "big": {"source": "digits", "storage": "files"},
    "half": {"source": "subset", "of": "few", "select": {"by": "random", "fraction": 0.5}},
}


CLOUD = {"non_local_exec": True, "implies_no_shared_fs": True}
CLUSTER = {"non_local_exec": True, "implies_no_shared_fs": False}
DRY_RUN = {"non_local_exec": False, "implies_no_shared_fs": False}
# What docs/clusters.md has jobs on a cluster with a shared disk share, which is all but the copies of what they fetch.
BUT_COPIES = ["persistence", "software-deployment", "sources", "source-cache"]


def workflow(usage=(), executor=CLOUD, directory=None, prefix=None):
    """A DAG whose workflow keeps its results in a bucket."""
    settings = StorageSettings(
        default_storage_provider="s3",
        default_storage_prefix="s3://bucket",
        shared_fs_usage=SharedFSUsage.parse_choices_set(usage),
        remote_job_local_storage_prefix=prefix,
    )
    plugin = SimpleNamespace(common_settings=SimpleNamespace(**executor))
    return SimpleNamespace(
        workflow=SimpleNamespace(storage_settings=settings, executor_plugin=plugin, overwrite_workdir=directory)
    )


def test_what_goes_otherwise_is_said_in_one_line_and_names_what_is_fetched_often():
    lines = stored_results.described(workflow().workflow, {"few": "memory", "many": "auto", "big": "files"})
    assert len(lines) == 2 and lines[0].startswith("results are kept in s3://bucket (s3): hard links become copies")
    assert "images of many fetch all image files; with `storage: memory`" in lines[1]
    assert len(stored_results.described(workflow().workflow, {"few": "memory"})) == 1


class Rule:
    """Stands in for Snakemake's."""

    def __init__(self, **inputs):
        self.input, self.added = inputs, []

    def set_input(self, function):
        self.added.append(function)


def test_images_are_fetched_beside_the_tables_of_a_data_set():
    def beside(table):
        return [f"{Path(table).parent}/{name}" for name in ("files.parquet", "images")]

    rules = {
        "one": Rule(pixels=lambda w: f"d/{w.name}/pixels.parquet", files=lambda w: f"d/{w.name}/files.parquet"),
        "several": Rule(pixels=lambda w: ["d/a/pixels.parquet", "d/b/pixels.parquet"]),
        "pattern": Rule(pixels="d/{name}/pixels.parquet"),
        "none": Rule(scores="scores.parquet"),
    }
    stored_results.fetch_images(rules.values(), beside)
    wildcards = SimpleNamespace(name="x", items=lambda: [("name", "x")])
    found = {name: [function(wildcards) for function in rule.added] for name, rule in rules.items()}
    assert found == {
        "one": [["d/x/images"]],
        "several": [["d/a/files.parquet", "d/a/images", "d/b/files.parquet", "d/b/images"]],
        "pattern": [["d/x/files.parquet", "d/x/images"]],
        "none": [],
    }


def test_files_are_read_of_what_others_are_linked_from():
    experiments = {name: {**TINY["defaults"], "dataset": name} for name in DATASETS}
    plan = Plan(resolve({"datasets": DATASETS, "experiments": experiments}), lambda *source: "c0de")
    assert plan.data.image_storage() == {"few": "files", "many": "auto", "big": "files", "half": "memory"}


def test_the_workflow_must_lie_where_it_is_started_if_jobs_do_not_see_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    inside, outside = tmp_path / "workflow" / "scripts", tmp_path.parent / "clone" / "workflow" / "scripts"
    stored_results.check(workflow(), inside, {"all"})
    stored_results.check(workflow(["sources"]), outside, {"all"})
    with pytest.raises(
        UserError, match=r"jobs get what is below this folder, but the workflow is in .*clone; start it"
    ):
        stored_results.check(workflow(), outside, {"all"})


def test_jobs_that_leave_their_own_folders_for_one_are_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scripts = tmp_path / "workflow" / "scripts"
    for executor in (CLOUD, DRY_RUN):
        with pytest.raises(UserError, match=f"^--directory: all jobs would work in {tmp_path}, .*; start Snakemake"):
            stored_results.check(workflow(executor=executor, directory=tmp_path), scripts, {"all"})
        stored_results.check(workflow(executor=executor), scripts, {"all"})
    stored_results.check(workflow(SharedFSUsage.choices()[:-1], DRY_RUN, tmp_path), scripts, {"all"})


@pytest.mark.parametrize("shared", [BUT_COPIES, []])
def test_jobs_that_start_in_one_folder_need_others_for_what_they_fetch(tmp_path, monkeypatch, shared):
    monkeypatch.chdir(tmp_path)
    scripts = tmp_path / "workflow" / "scripts"
    for prefix in (None, Path("/fast")):
        with pytest.raises(UserError, match=r"each would remove files that others read; .* '/tmp/\$SLURM_JOB_ID'$"):
            stored_results.check(workflow(shared, CLUSTER, prefix=prefix), scripts, {"all"})
    stored_results.check(workflow(shared, CLUSTER, prefix=Path("/fast/$SLURM_JOB_ID")), scripts, {"all"})
    stored_results.check(workflow([*shared, "storage-local-copies"], CLUSTER), scripts, {"all"})


@pytest.mark.parametrize("target", ["verify", "suspects"])
def test_targets_that_read_results_here_are_refused(tmp_path, monkeypatch, target):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=f"^{target}: reads results in this folder, but they are kept in s3://bucket"):
        stored_results.check(workflow(), tmp_path / "workflow" / "scripts", {target})


def test_jobs_get_the_scripts_and_the_configuration(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(DAG, "get_sources", lambda self: {"Snakefile"})
    monkeypatch.setattr(
        stored_results, "replace_internal", lambda name, new: setattr(DAG, "get_sources", new(DAG.get_sources))
    )
    stored_results.deploy(lambda: [tmp_path / "workflow" / "scripts" / "a.py", Path("config.yaml")])
    assert DAG.get_sources(None) == {"Snakefile", "workflow/scripts/a.py", "config.yaml"}


def test_image_files_that_were_not_fetched_are_not_missed(tmp_path, monkeypatch):
    """On a shared disk they are."""
    row = {"file": ["train/0/a.png"], "inode": [1], "size": [1], "modified_ns": [1], "sha256": ["0" * 64]}
    write_table(pd.DataFrame(row), tmp_path / "files.parquet", FILES, {})
    with pytest.raises(UserError, match="is missing since the data set was made"):
        check_files(tmp_path / "files.parquet")
    monkeypatch.setenv(VARIABLE, "1")
    check_files(tmp_path / "files.parquet")
    (tmp_path / "images").mkdir()
    with pytest.raises(UserError, match="is missing since the data set was made"):
        check_files(tmp_path / "files.parquet")


def test_a_training_without_a_shared_disk_does_not_promise_to_go_on(tmp_path, monkeypatch):
    partial = PartialRun(tmp_path / ".partial", {})
    partial.epoch = 3
    for variable, said in ((None, "goes on from there"), (VARIABLE, "without a shared disk, the next attempt starts")):
        if variable:
            monkeypatch.setenv(variable, "1")
        with pytest.raises(Stopped, match=f"after epoch 3 of 9; .*{said}"), partial.stopping_after(9):
            raise Stopped
