"""Factors of influence scores that are merged of sums over shards: their values, and what a change sums up again."""

import shutil

import pandas as pd
import pytest

from tests.support.suites import EVERYTHING
from tests.support.workflows import Workflow, altered, unlinked

RUN = "results/experiments/noisy/seed-0"
SCORES = "results/experiments/noisy/scores/influence.parquet"
ALL = ["identity", "diagonal", "kfac", "ekfac"]
SAME = 1e-4  # float32 in another order of summing


def with_shards(shards=3, **settings):
    """A configuration that scores the images of one run."""
    influence = {"experiments": ["noisy"], "strategies": ["identity", "ekfac"], "queries": {}}
    return altered(
        EVERYTHING, experiments__noisy__seeds=[0], analyses__influence={**influence, "shards": shards, **settings}
    )


def jobs(workflow) -> set[tuple[str, str]]:
    """(rule, wildcards) of the jobs on the one run that a dry run names, e.g. ("sum_curvature", "ekfac 3 1")."""
    own = "noisy seed-0 "
    planned = workflow.planned("scores")
    return {(rule, wildcards.removeprefix(own)) for rule, wildcards in planned if wildcards.startswith(own)}


def sums(strategy, shards=3):
    return {("sum_curvature", f"{strategy} 3 {shard}") for shard in range(shards)}


def made(strategy):
    """What follows once the sums are known."""
    return {("merge_factors", f"{strategy} 3"), ("score_self_influence", f"{strategy} 3")}


@pytest.fixture(scope="module")
def cut_source(everything_source, tmp_path_factory) -> Workflow:
    """The suite, whose scores are made of factors of all images, and then with shards."""
    workflow = everything_source.copied(tmp_path_factory.mktemp("cut") / "copy")
    workflow.configure(with_shards())
    workflow.run(SCORES)
    return workflow


@pytest.fixture
def cut(cut_source, tmp_path) -> Workflow:
    return cut_source.copied(tmp_path / "copy")


def assert_same_scores(workflow, whole, *strategies):
    """Of the run that both have."""
    tables = (each.table("noisy/scores/influence.parquet") for each in (workflow, whole))
    found, expected = (each[each["run"] == "seed-0"].reset_index(drop=True) for each in tables)
    columns = [f"self_influence_{strategy}" for strategy in strategies]
    assert len(found) and (found["example_id"] == expected["example_id"]).all()
    pd.testing.assert_frame_equal(found[columns], expected[columns], rtol=SAME, atol=0)


def test_shards_fit_all_but_the_identity_again(everything):
    everything.configure(with_shards())
    expected = {*sums("kfac"), *sums("ekfac"), *made("ekfac"), ("merge_factors", "kfac 3")}
    assert jobs(everything) == expected
    everything.configure(with_shards(shards=1))
    assert jobs(everything) == set()


def test_shards_give_the_same_scores(cut_source, everything_source):
    assert_same_scores(cut_source, everything_source, "identity", "ekfac")
    assert jobs(cut_source) == set()


@pytest.mark.full
def test_further_strategies_sum_no_covariances(cut, everything, everything_source):
    cut.configure(with_shards(strategies=ALL))
    expected = {*sums("diagonal"), *made("diagonal"), ("score_self_influence", "kfac 3")}
    assert jobs(cut) == expected
    cut.run(SCORES)
    everything.configure(with_shards(shards=1, strategies=ALL))
    everything.run(SCORES)
    assert_same_scores(cut, everything, *ALL)


def test_every_job_has_the_time_of_its_phases(cut_source):
    factors = cut_source.work / RUN / "factors"
    for strategy, phase, merging in (
        ("kfac", "covariances", ["merging", "eigendecomposition"]),
        ("ekfac", "second moments", ["merging"]),
    ):
        parts = [
            pd.read_parquet(factors / f"sums/{strategy}-epoch-3-shard-{shard}-timing.parquet") for shard in range(3)
        ]
        assert [part["phase"].tolist() for part in parts] == [[phase]] * 3
        assert [part["examples"].item() for part in parts] == [34, 33, 33]
        whole = pd.read_parquet(factors / f"{strategy}-epoch-3-timing.parquet")
        assert whole["phase"].tolist() == merging and (whole["examples"] == 100).all()


def test_no_sums_are_kept(cut_source):
    assert not [path for path in (cut_source.work / RUN / "factors/sums").iterdir() if path.is_dir()]


def test_another_damping_sums_nothing(cut):
    cut.configure(with_shards(damping={"absolute": 1e-6}))
    assert jobs(cut) == {("score_self_influence", "ekfac 3")}


@pytest.mark.parametrize("settings", [{"fisher": "empirical"}, {"shards": 2}])
def test_other_sums_are_all_made_again(cut, settings):
    cut.configure(with_shards(**settings))
    number = settings.get("shards", 3)
    expected = {*sums("kfac", number), *sums("ekfac", number), *made("ekfac"), ("merge_factors", "kfac 3")}
    assert jobs(cut) == expected


def test_what_was_lost_is_made_again(cut):
    shutil.rmtree(cut.work / RUN / "factors/ekfac-epoch-3")
    assert jobs(cut) == {*sums("ekfac"), *made("ekfac")}
    shutil.rmtree(cut.work / RUN / "factors/kfac-epoch-3")
    assert jobs(cut) >= sums("kfac")


def test_an_interrupted_fit_goes_on_and_damaged_sums_are_reported(cut):
    shutil.rmtree(cut.work / RUN / "factors/ekfac-epoch-3")
    paths = [f"{RUN}/factors/sums/ekfac-epoch-3-shard-{shard}" for shard in range(3)]
    cut.run("--notemp", *paths[:2])
    assert jobs(cut) == {("sum_curvature", "ekfac 3 2"), *made("ekfac")}
    damaged = cut.work / paths[1] / "epoch-3.safetensors"
    content = bytearray(damaged.read_bytes())
    content[-1] ^= 1
    unlinked(damaged).write_bytes(content)
    result = cut.snakemake("--cores", "2", f"{RUN}/factors/ekfac-epoch-3")
    reported = [line for line in result.stderr.splitlines() if line.startswith("merge_factors: ")]
    assert result.returncode and len(reported) == 1
    assert f"{paths[1]}/epoch-3.safetensors: is not the file that was written" in reported[0]
