"""What is replaced of Snakemake: it is still there, replaced once, and only for what we mark."""

import asyncio
from pathlib import Path
from types import SimpleNamespace

import pytest
import snakemake.api  # first, since parts of Snakemake import each other
import snakemake.io
from snakemake.dag import DAG
from snakemake.io import flag
from snakemake.jobs import Job
from snakemake.pathvars import Pathvars

from difficulty.driver import failed_updates, incomplete_results, literal_paths
from difficulty.driver.ancient_inputs import triggered
from difficulty.driver.internals import INTERNALS, internal
from difficulty.errors import UserError

REPLACED = [
    (snakemake.io, "apply_wildcards"),
    (Pathvars, "apply"),
    (DAG, "update_needrun"),
    (DAG, "check_incomplete"),
    (Job, "postprocess"),
]


@pytest.fixture(autouse=True)
def restored(monkeypatch, tmp_path):
    """Works in an empty folder; what is replaced of Snakemake is restored afterwards."""
    for owner, name in REPLACED:
        monkeypatch.setattr(owner, name, getattr(owner, name))
    monkeypatch.chdir(tmp_path)


def test_this_snakemake_has_what_is_used_of_it():
    for name in INTERNALS:
        internal(name)


@pytest.mark.parametrize("change", ["gone", "other parameters"])
def test_another_snakemake_is_refused_in_one_line(monkeypatch, change):
    if change == "gone":
        monkeypatch.delattr(Pathvars, "apply")
    else:
        monkeypatch.setattr(Pathvars, "apply", lambda self, path, rule: path)
    with pytest.raises(UserError) as error:
        internal("snakemake.pathvars:Pathvars.apply")
    (line,) = str(error.value).splitlines()
    assert "has no Pathvars.apply(self, path) of snakemake.pathvars, which the workflow depends on; install" in line


@pytest.mark.parametrize("times", [1, 2])
def test_literal_paths_keep_their_brackets_and_others_theirs(times):
    originals = [getattr(owner, name) for owner, name in REPLACED[:2]]
    for _ in range(times):
        literal_paths.install()
    assert [getattr(owner, name).replaced for owner, name in REPLACED[:2]] == originals
    rule = SimpleNamespace(pathvars=Pathvars.with_defaults())
    for path in ("photos/{run}/<results> of {/a>", "a<results>", "{x}", "plain", "<none>/"):
        found = snakemake.io.IOFile(literal_paths.literal(path), rule).apply_wildcards({"run": "seed-0"})
        assert str(found) == path.rstrip("/")
        assert str(snakemake.io.IOFile(str(found), rule)) == path.rstrip("/")
    ours = snakemake.io.IOFile("<results>/{run}.parquet", rule).apply_wildcards({"run": "<logs>"})
    assert str(ours) == "results/logs.parquet"


def test_jobs_below_ancient_inputs_are_not_taken_for_triggered():
    """a makes an `ancient` input of b, and another one of c; d depends on b."""
    ancient, other = SimpleNamespace(is_ancient=True), SimpleNamespace(is_ancient=False)
    depending = {"a": {"b": [ancient], "c": [ancient, other]}, "b": {"d": [other]}, "c": {}, "d": {}}
    assert list(triggered(None, depending, "a")) == ["a", "c"]
    assert list(triggered(None, depending, "b")) == ["b", "d"]
    assert list(triggered(None, depending, "a", stop=lambda job: job == "c")) == ["a"]


@pytest.mark.parametrize("times", [1, 2])
def test_incomplete_results_are_made_again_whatever_the_options_say(monkeypatch, times):
    """After what is to be done before has been done, once."""
    called = []

    async def check_incomplete(self):
        called.append(self.workflow.dag_settings.force_incomplete)

    monkeypatch.setattr(DAG, "check_incomplete", check_incomplete)
    for _ in range(times):
        incomplete_results.install(before=lambda dag: called.append("before"))
    dag = SimpleNamespace(workflow=SimpleNamespace(dag_settings=SimpleNamespace(force_incomplete=False)))
    asyncio.run(DAG.check_incomplete(dag))
    assert called == ["before", True]


@pytest.mark.parametrize("error", [True, False])
def test_a_failed_update_is_made_again_and_nothing_else(monkeypatch, error):
    """Of a job that was to update one file, which exists, and to make another."""
    marked = []
    persistence = SimpleNamespace(_mark_incomplete=lambda path, job: marked.append(path))

    async def postprocess(
        self,
        store_in_storage=True,
        handle_log=True,
        handle_touch=True,
        error=False,
        ignore_missing_output=False,
        check_output_mtime=True,
    ):
        return None

    monkeypatch.setattr(Job, "postprocess", postprocess)
    failed_updates.install()
    Path("checked.parquet").touch()
    Path("made.parquet").touch()
    updated, made = (snakemake.io.IOFile(name) for name in (flag("checked.parquet", "update"), "made.parquet"))
    job = SimpleNamespace(
        dag=SimpleNamespace(workflow=SimpleNamespace(persistence=persistence)), output=[updated, made]
    )
    monkeypatch.setattr(type(updated), "exists", exists)
    asyncio.run(Job.postprocess(job, error=error))
    assert marked == ["checked.parquet"] * error


async def exists(file) -> bool:
    return Path(file).exists()
