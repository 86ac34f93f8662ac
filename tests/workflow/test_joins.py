"""Joined statistics through the workflow: a column is added to what is there, and nothing is trained for it."""

import copy

import numpy as np
import pandas as pd
import pytest

from tests.workflow.conftest import TINY, Workflow

SELECT = {"by": "score", "experiment": "plain", "seeds": [0], "keep": "hardest", "fraction": 0.2}
EDGY = {"source": "subset", "of": "few", "select": {**SELECT, "score": "edge_strength"}}
SLOW = {"source": "subset", "of": "few", "select": {**SELECT, "score": "seconds"}}
JOINS = {
    "seconds": {"dataset": "few", "file": "seconds.csv", "by": "original_index", "column": "index", "value": "s"},
    "people": {"dataset": "few", "split": "test", "file": "votes.npy", "by": "original_index", "probabilities": "all"},
}


def configured(joins=None, compared=("aum", "edge_strength"), **datasets) -> dict:
    config = copy.deepcopy({**TINY, "experiments": {"plain": {}, "edgy": {"dataset": "edgy"}}})
    config["datasets"] |= {"edgy": EDGY, **datasets}
    config["defaults"]["seeds"] = [0]
    config["experiments"] |= {name: {"dataset": name} for name in datasets}
    config["analyses"]["images"] = {"statistics": ["edge_strength"], "joins": joins or {}}
    config["analyses"]["correlation"] = {"bootstrap": 20, "scores": list(compared)}
    return config


def examples(workflow, dataset="few") -> pd.DataFrame:
    return pd.read_parquet(workflow.work / f"results/datasets/{dataset}/examples.parquet").set_index("example_id")


def measure(workflow, left_out=()) -> pd.Series:
    """Writes both tables for the digits; returns the seconds by original index, of which the table lacks some."""
    random = np.random.default_rng(0)
    np.save(workflow.work / "votes.npy", random.integers(0, 9, (1797, 10)) + np.eye(10)[random.integers(0, 10, 1797)])
    seconds = pd.Series(random.random(1797), name="s").rename_axis("index").drop(left_out)
    seconds.sample(frac=1, random_state=0).to_csv(workflow.work / "seconds.csv")
    return seconds


@pytest.fixture(scope="module")
def joined_source(tmp_path_factory) -> tuple[Workflow, set, pd.Series]:
    """A run to which two columns were joined when it was finished, what that planned, and the first of them."""
    workflow = Workflow(tmp_path_factory.mktemp("joins"), configured())
    workflow.run("scores")
    tested = examples(workflow).query("split == 'test'")["original_index"]
    seconds = measure(workflow, left_out=tested.iloc[:10].tolist())
    workflow.configure(configured(JOINS, ("aum", "edge_strength", "seconds", "people")))
    planned = workflow.planned("scores")
    workflow.run("scores")
    return workflow, planned, seconds


@pytest.fixture
def joined(joined_source, tmp_path) -> Workflow:
    return joined_source[0].copied(tmp_path / "copy")


def test_a_join_plans_what_takes_it_up(joined_source):
    """Neither training nor statistics, nor the subset that was chosen by a computed one."""
    workflow, planned, _ = joined_source
    after = ("select_statistics", "collect_scores", "compute_correlation", "rank_suspects")
    assert planned == {
        *(("join_statistic", f"few {name}") for name in JOINS),
        *((rule, experiment) for rule in after for experiment in ("plain", "edgy")),
        ("scores", ""),
    }
    assert workflow.planned("scores") == set()


def test_joined_columns_are_columns_of_the_scores(joined_source):
    workflow, _, seconds = joined_source
    for experiment, dataset in (("plain", "few"), ("edgy", "edgy")):
        scores = workflow.table(f"{experiment}/scores.parquet").set_index("example_id")
        index = examples(workflow, dataset).loc[scores.index, "original_index"]
        np.testing.assert_allclose(scores["seconds"], seconds.reindex(index).astype(np.float32))
        assert scores["seconds"].isna().sum() == 10
        assert (scores["people"].isna() == (scores["split"] == "train")).all()
        family = workflow.table(f"{experiment}/scores/images.parquet")
        assert list(family) == ["example_id", "edge_strength", "people", "seconds"]


def test_columns_are_compared_where_they_are_known(joined_source):
    """The entropy of test images empties no matrix of training images."""
    table = joined_source[0].table("plain/correlation.parquet")
    compared = {role: (set(part["score_a"]), set(part["examples"])) for role, part in table.groupby("role")}
    assert compared["train"] == ({"aum", "edge_strength", "seconds"}, {100})
    assert compared["test"] == ({"aum", "edge_strength", "seconds", "people"}, {20})


@pytest.mark.full
def test_subset_by_a_joined_column(joined):
    joined.configure(configured(JOINS, slow=SLOW))
    joined.run("results/datasets/slow/examples.parquet")
    training = examples(joined).query("split == 'train'")
    seconds = pd.read_csv(joined.work / "seconds.csv").set_index("index")["s"]
    expected = training.index[training["original_index"].isin(seconds[training["original_index"]].nlargest(20).index)]
    assert set(examples(joined, "slow").query("split == 'train'").index) == set(expected)

    config = configured({"seconds": JOINS["seconds"]}, slow=SLOW)
    joined.configure(config)
    assert ("link_subset", "slow") not in joined.planned("results/datasets/slow/examples.parquet")
    config["analyses"]["images"]["joins"]["seconds"]["harder"] = "lower"
    joined.configure(config)
    rules = {rule for rule, _ in joined.planned("results/datasets/slow/examples.parquet")}
    assert rules == {"order_by_joined", "link_subset"}

    measure(joined, left_out=training["original_index"].iloc[:3].tolist())
    failed = joined.snakemake("--cores", "1", "results/datasets/slow/examples.parquet")
    assert failed.returncode == 1
    text = "order_by_joined: datasets.slow.select: 3 of the 100 training images of 'few' have no seconds; choose"
    assert text in failed.stdout + failed.stderr


@pytest.mark.full
def test_joins_alone_and_files_that_are_missing(joined):
    config = configured({"seconds": JOINS["seconds"]}, ("aum", "seconds"))
    del config["datasets"]["edgy"], config["experiments"]["edgy"]
    config["analyses"]["images"]["statistics"] = []
    joined.configure(config)
    joined.run("results/experiments/plain/scores.parquet")
    scores = joined.table("plain/scores.parquet")
    assert "seconds" in scores and "edge_strength" not in scores and "people" not in scores
    (joined.work / "seconds.csv").unlink()
    failed = joined.snakemake("-n", "scores")
    assert failed.returncode == 1
    expected = "analyses.images.joins.seconds.file: no such file: seconds.csv; fix the path"
    assert expected in failed.stderr.splitlines()
