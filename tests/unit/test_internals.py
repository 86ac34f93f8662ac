"""What is replaced of Snakemake: it is still there, replaced once, and only for what we mark."""

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import snakemake.api  # first, since parts of Snakemake import each other
import snakemake.io
from snakemake.dag import DAG
from snakemake.pathvars import Pathvars

RULES = Path(__file__).parents[2] / "workflow" / "rules"
REPLACED = [
    (snakemake.io, "apply_wildcards"),
    (Pathvars, "apply"),
    (DAG, "update_needrun"),
]


@pytest.fixture
def read(monkeypatch, tmp_path):
    """Reads rule files as Snakemake does, in an empty folder; what they replace is restored afterwards."""
    for owner, name in REPLACED:
        monkeypatch.setattr(owner, name, getattr(owner, name))
    monkeypatch.chdir(tmp_path)

    def read(*names):
        workflow = SimpleNamespace(is_main_process=True)
        names_of_snakemake = {"os": os, "sys": sys, "Path": Path, "workflow": workflow}
        for name in ("internals", *names):
            exec(compile((RULES / f"{name}.smk").read_text(), name, "exec"), names_of_snakemake)
        return SimpleNamespace(**names_of_snakemake)

    return read


def test_this_snakemake_has_what_is_used_of_it(read):
    rules = read()
    for name in rules.INTERNALS:
        rules.internal(name)


@pytest.mark.parametrize("change", ["gone", "other parameters"])
def test_another_snakemake_is_refused_in_one_line(read, monkeypatch, capsys, change):
    rules = read()
    if change == "gone":
        monkeypatch.delattr(Pathvars, "apply")
    else:
        monkeypatch.setattr(Pathvars, "apply", lambda self, path, rule: path)
    with pytest.raises(SystemExit):
        rules.internal("snakemake.pathvars:Pathvars.apply")
    (line,) = capsys.readouterr().err.splitlines()
    assert "has no Pathvars.apply(self, path) of snakemake.pathvars, which the workflow depends on; install" in line


@pytest.mark.parametrize("times", [1, 2])
def test_literal_paths_keep_their_brackets_and_others_theirs(read, times):
    originals = [getattr(owner, name) for owner, name in REPLACED[:2]]
    for _ in range(times):
        rules = read("literal_paths")
    assert [getattr(owner, name).replaced for owner, name in REPLACED[:2]] == originals
    rule = SimpleNamespace(pathvars=Pathvars.with_defaults())
    for path in ("photos/{run}/<results> of {/a>", "a<results>", "{x}", "plain", "<none>/"):
        found = snakemake.io.IOFile(rules.literal(path), rule).apply_wildcards({"run": "seed-0"})
        assert str(found) == path.rstrip("/")
        assert str(snakemake.io.IOFile(str(found), rule)) == path.rstrip("/")
    ours = snakemake.io.IOFile("<results>/{run}.parquet", rule).apply_wildcards({"run": "<logs>"})
    assert str(ours) == "results/logs.parquet"


def test_jobs_below_ancient_inputs_are_not_taken_for_triggered(read):
    """a makes an `ancient` input of b, and another one of c; d depends on b."""
    rules = read("ancient_inputs")
    ancient, other = SimpleNamespace(is_ancient=True), SimpleNamespace(is_ancient=False)
    depending = {"a": {"b": [ancient], "c": [ancient, other]}, "b": {"d": [other]}, "c": {}, "d": {}}
    assert list(rules.triggered(None, depending, "a")) == ["a", "c"]
    assert list(rules.triggered(None, depending, "b")) == ["b", "d"]
    assert list(rules.triggered(None, depending, "a", stop=lambda job: job == "c")) == ["a"]
