"""Joined statistics through the workflow: a column is added to what is there, and nothing is trained for it."""

import numpy as np
import pandas as pd
import pytest

from tests.support.suites import PARTS
from tests.support.workflows import Workflow, altered, rules

JOINS = PARTS["analyses"]["images"]["joins"]
EXPERIMENTS = ("plain", "easy", "hard", "random")
SLOW = {"source": "subset", "of": "few", "select": {**PARTS["datasets"]["edgy"]["select"], "score": "seconds"}}
EXAMPLES = "results/datasets/slow/examples.parquet"


def examples(workflow: Workflow, dataset: str = "few") -> pd.DataFrame:
    return pd.read_parquet(workflow.work / f"results/datasets/{dataset}/examples.parquet").set_index("example_id")


def seconds(workflow: Workflow) -> pd.Series:
    return pd.read_csv(workflow.work / "seconds.csv").set_index("index")["s"]


def test_a_join_plans_what_takes_it_up(plan_parts):
    """Neither training nor statistics, nor the subset that was chosen by a computed one."""
    of_scores = ("compute_correlation", "compute_truth_correlation", "rank_suspects")
    after = ("select_statistics", "collect_scores", *of_scores)
    jobs = plan_parts("scores", analyses__images__joins__minutes={**JOINS["seconds"], "harder": "lower"})
    assert jobs == {
        ("join_statistic", "few minutes"),
        *((rule, experiment) for rule in after for experiment in EXPERIMENTS),
        ("compute_traits", "halves"),
        ("scores", ""),
    }


def test_joined_columns_are_columns_of_the_scores(parts_source):
    for experiment, dataset in (("plain", "few"), ("random", "random")):
        scores = parts_source.table(f"{experiment}/scores.parquet").set_index("example_id")
        train, test = (scores[scores["split"] == split] for split in ("train", "test"))
        index = examples(parts_source, dataset).loc[train.index, "original_index"]
        np.testing.assert_allclose(train["seconds"], seconds(parts_source).reindex(index).astype(np.float32))
        assert train["people"].isna().all() and test["people"].notna().all() and test["seconds"].isna().all()
        family = parts_source.table(f"{experiment}/scores/images.parquet")
        assert list(family) == ["example_id", "edge_strength", "brightness", "people", "seconds"]


def test_columns_are_compared_where_they_are_known(parts_source):
    """The entropy of test images empties no matrix of training images."""
    table = parts_source.table("plain/correlation.parquet")
    compared = {role: (set(part["score_a"]), part["examples"].min()) for role, part in table.groupby("role")}
    assert compared["train"] == ({"aum", "edge_strength", "seconds"}, 110)
    assert compared["test"] == ({"aum", "edge_strength", "people"}, 30)


def test_a_subset_by_a_joined_column(parts):
    measured = seconds(parts)
    draws = np.random.default_rng(1)
    for index in range(10):
        measured[index] = draws.random()
    measured.to_csv(parts.work / "seconds.csv")
    config = altered(PARTS, datasets__slow=SLOW)
    parts.configure(config)
    parts.run(EXAMPLES)
    training = examples(parts).query("split == 'train'")
    expected = training.index[training["original_index"].isin(measured[training["original_index"]].nlargest(24).index)]
    assert set(examples(parts, "slow").query("split == 'train'").index) == set(expected)

    alone = {"seconds": JOINS["seconds"]}
    parts.configure(altered(config, analyses__images__joins=alone, analyses__correlation__scores=["aum", "loss"]))
    assert ("link_subset", "slow") not in parts.planned(EXAMPLES)
    parts.configure(altered(config, analyses__images__joins__seconds__harder="lower"))
    assert rules(parts.planned(EXAMPLES)) == {"order_by_joined", "link_subset"}

    measured.drop(range(3)).to_csv(parts.work / "seconds.csv")
    failed = parts.snakemake("--cores", "1", EXAMPLES)
    assert failed.returncode == 1
    text = "order_by_joined: datasets.slow.select: 3 of the 120 training images of 'few' have no seconds; choose"
    assert text in failed.stdout + failed.stderr


@pytest.mark.full
def test_joins_alone(parts):
    joins = {"seconds": JOINS["seconds"]}
    images, scores = {"statistics": [], "joins": joins}, ["aum", "seconds"]
    config = altered(PARTS, analyses__images=images, analyses__correlation__scores=scores)
    del config["datasets"]["edgy"]
    parts.configure(config)
    parts.run("results/experiments/plain/scores.parquet")
    scores = parts.table("plain/scores.parquet")
    assert "seconds" in scores and "edge_strength" not in scores and "people" not in scores


def test_a_missing_file_is_named(parts):
    (parts.work / "seconds.csv").unlink()
    failed = parts.snakemake("-n", "scores")
    assert failed.returncode == 1
    place = "config.yaml: analyses.images.joins.seconds.file"
    expected = f"{place}: no such file: seconds.csv, relative to {parts.work.resolve()}; fix the path"
    assert expected in failed.stderr.splitlines()
