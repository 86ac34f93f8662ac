"""Features from outside through the workflow: of which images, of which experiments, and what runs again for them."""

import numpy as np
import pandas as pd
import pytest

from difficulty.analysis.similar_images import SIMILAR
from difficulty.datasets.feature_tables import read_features
from difficulty.scores.features.catalogue import FEATURE_SCORES
from difficulty.tables import read_provenance, read_table
from tests.support.suites import PARTS
from tests.support.workflows import Workflow, altered, rules

EXPERIMENTS = ("plain", "easy", "hard", "random")
ROUNDING = 1e-5
AFTER_SCORES = (
    *("score_label_error", "collect_scores", "compute_correlation", "compute_truth_correlation", "rank_suspects"),
)


def examples(workflow: Workflow, dataset: str) -> pd.DataFrame:
    return pd.read_parquet(workflow.work / f"results/datasets/{dataset}/examples.parquet").set_index("example_id")


def test_features_are_those_of_the_image_in_the_file(parts_source):
    ids, vectors = read_features(parts_source.work / "results/datasets/few/features.parquet")
    known, found = examples(parts_source, "few"), pd.DataFrame(vectors, index=ids)
    assert list(ids) == list(known.index)
    for split, name in (("train", "vectors"), ("test", "vectors_of_test")):
        rows = known[known["split"] == split]
        given = np.load(parts_source.work / f"{name}.npy")
        np.testing.assert_array_equal(found.loc[rows.index], given[rows["original_index"]])


def test_near_duplicates_and_a_map(parts_source):
    folder = parts_source.work / "results/datasets/few"
    ids, vectors = read_features(folder / "features.parquet")
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    similar = read_table(folder / "similar.parquet", SIMILAR)
    assert len(similar) == (np.triu(units @ units.T, 1) >= 0.9).sum() > 0
    places = pd.read_parquet(folder / "feature-map.parquet")
    assert places["example_id"].tolist() == list(ids) and places["x"].var() >= places["y"].var()
    explained = read_provenance(folder / "feature-map.parquet")["explained_variance"]
    assert explained[0] == pytest.approx(places["x"].var() / vectors.var(axis=0, ddof=1).sum(), rel=1e-3)


@pytest.mark.parametrize("experiment", ["plain", "random"])
def test_scores_compare_an_experiments_own_images(parts_source, experiment):
    labels, scores = (parts_source.table(f"{experiment}/{name}.parquet") for name in ("labels", "scores"))
    ids, vectors = read_features(parts_source.work / "results/datasets/few/features.parquet")
    units = pd.DataFrame(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), index=ids)
    train, expected = labels[labels["split"] == "train"].set_index("example_id")["label"], []
    for row in labels.itertuples():
        others = train.index[(train == row.label) & (train.index != row.example_id)]
        mean = units.loc[others].mean()
        expected.append(1 - units.loc[row.example_id] @ mean / np.linalg.norm(mean))
    np.testing.assert_allclose(scores["prototypicality"], np.array(expected), atol=ROUNDING)
    assert scores[list(FEATURE_SCORES)].notna().all(axis=None)
    probe = parts_source.table(f"{experiment}/probe.parquet")
    assert probe["example_id"].tolist() == labels["example_id"].tolist()
    np.testing.assert_allclose(np.stack(probe["probabilities"]).sum(axis=1), 1, atol=ROUNDING)


def test_settings_run_again_what_they_are_for(plan_parts):
    jobs = plan_parts("scores", analyses__features__neighbors=5)
    again = {(rule, experiment) for rule in ("score_features", *AFTER_SCORES) for experiment in EXPERIMENTS}
    assert jobs == {*again, ("compute_traits", "halves"), ("scores", "")}
    named = {("rank_suspects", experiment) for experiment in EXPERIMENTS}  # suspects name near duplicates
    other = plan_parts("scores", analyses__features__similar_above=0.8)
    assert other == {*named, ("find_similar", "few"), ("scores", "")}


def test_without_features_nothing_but_the_tables_of_scores_is_made_again(plan_parts):
    for changes in ({"analyses__features": None}, {"datasets__few__features": None}):
        assert rules(plan_parts("scores", **changes)) == {*AFTER_SCORES, "compute_traits", "scores"}


def test_a_missing_file_is_named(parts):
    parts.configure(altered(PARTS, datasets__few__features__test_file="gone.npy"))
    failed = parts.snakemake("-n", "scores")
    assert failed.returncode == 1
    place, folder = "config.yaml: datasets.few.features.test_file", parts.work.resolve()
    assert f"{place}: no such file: gone.npy, relative to {folder}; fix the path" in failed.stderr.splitlines()
