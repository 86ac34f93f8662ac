"""Memorization and consistency, against all subsets of a set small enough to train on each of them."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

from difficulty.analysis.correlation import stability_table
from difficulty.analysis.reliability import spearman_brown
from difficulty.scores.collect import EXAMPLE_SCORES, RUN_SCORES
from difficulty.scores.memorization import MEMORIZATION, memorization
from difficulty.tables import read_schema, read_table, write_table
from difficulty.training.run_tables import RECORDS
from tests.support.scripts import run_script, succeed


def test_every_subset_of_a_small_set_with_a_classifier_that_memorises():
    """One nearest neighbour is right about what it has seen; of the others a loop counts."""
    generator = np.random.default_rng(0)
    images, labels = generator.normal(size=(8, 2)), np.array([0, 0, 0, 0, 1, 1, 1, 0])
    correct, trained_on = [], []
    for subset in combinations(range(8), 5):
        inside = np.isin(np.arange(8), subset)
        fitted = KNeighborsClassifier(1).fit(images[inside], labels[inside])
        correct.append(fitted.predict(images) == labels)
        trained_on.append(inside)
    found = memorization(np.array(correct, float), np.array(trained_on))
    for example in range(8):
        held_out = [right[example] for right, inside in zip(correct, trained_on, strict=True) if not inside[example]]
        assert len(held_out) == 21  # 7 choose 5 subsets lack one of the 8
        assert found["consistency"][example] == pytest.approx(sum(held_out) / 21)
        assert found["memorization"][example] == pytest.approx(1 - sum(held_out) / 21)
    assert found["consistency"].nunique() > 3


def test_probabilities_missing_values_and_sides_without_a_run():
    correct = [[0.9, 0.5, np.nan, 0.25], [0.3, 0.1, 0.5, np.nan], [0.1, 0.8, 0.7, 0.5]]
    trained_on = np.array([[1, 1, 0, 1], [0, 1, 0, 0], [0, 1, 0, 1]], bool)
    found = memorization(correct, trained_on)
    np.testing.assert_allclose(found["memorization"], [0.9 - 0.2, np.nan, np.nan, np.nan])
    np.testing.assert_allclose(found["consistency"], [0.2, np.nan, 0.6, np.nan])


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match="trained_on bool"):
        memorization(np.ones((2, 3)), np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"\(2, 3\)"):
        memorization(np.ones((2, 3)), np.ones((3, 2), bool))


@pytest.fixture(scope="module")
def experiment(tmp_path_factory):
    """Logistic regressions on 24 digits and 6 test digits, 3 seeds x 4 folds, written as records of two epochs."""
    folder = tmp_path_factory.mktemp("experiments") / "folds"
    digits = load_digits()
    images, labels = digits.data[:30] / 16, digits.target[:30] % 3
    ends = {}
    for seed in range(3):
        parts = np.random.default_rng(seed).permutation(24) % 4
        for fold in range(4):
            inside = np.append(parts != fold, np.zeros(6, bool))
            role = np.where(np.arange(30) >= 24, "test", np.where(inside, "train", "validation"))
            epochs = []
            for epoch, strength in ((1, 0.01), (2, 0.3)):
                model = LogisticRegression(C=strength, max_iter=500).fit(images[inside], labels[inside])
                given = model.predict_proba(images)[np.arange(30), labels]
                columns = {"probability": given, "loss": -np.log(given), "correct": model.predict(images) == labels}
                rest = dict.fromkeys(("predicted", "margin", "el2n", "entropy", "feature_norm"), 0)
                epochs.append(
                    pd.DataFrame({"example_id": np.arange(30) + 100, "epoch": epoch, "role": role, **rest, **columns})
                )
            ends[f"seed-{seed}-fold-{fold}"] = epochs[-1].set_index("example_id")
            write_table(pd.concat(epochs), folder / f"seed-{seed}-fold-{fold}" / "records.parquet", RECORDS)
    records = [folder / run / "records.parquet" for run in ends]
    outputs = {"output": folder / "scores" / "memorization.parquet", "seeds": folder / "memorization.parquet"}
    succeed("score_memorization", settings={"epochs": 2}, records=records, **outputs)
    return read_table(outputs["output"], EXAMPLE_SCORES), read_table(outputs["seeds"], RUN_SCORES), ends, outputs


def test_script_counts_runs_as_a_loop_does(experiment):
    pooled, _, ends, outputs = experiment
    assert pooled["example_id"].tolist() == list(range(100, 124))
    for row in pooled.itertuples():
        of_example = [rows.loc[row.example_id] for rows in ends.values()]
        inside = [each for each in of_example if each["role"] == "train"]
        outside = [each for each in of_example if each["role"] == "validation"]
        assert (len(inside), len(outside)) == (9, 3)
        for score, column in (
            ("memorization", "correct"),
            ("memorization_soft", "probability"),
            ("reducible_loss", "loss"),
        ):
            expected = sum(each[column] for each in inside) / 9 - sum(each[column] for each in outside) / 3
            assert getattr(row, score) == pytest.approx(expected, abs=1e-6)
        assert row.consistency == pytest.approx(sum(each["correct"] for each in outside) / 3)
    assert pooled["memorization"].nunique() > 4 and pooled["consistency"].nunique() == 4
    directions = {name: column.direction for name, column in read_schema(outputs["output"]).columns.items()}
    assert directions == {
        "example_id": None,
        "memorization": 1,
        "memorization_soft": 1,
        "consistency": -1,
        "reducible_loss": -1,
    }


def test_scores_of_seeds_have_the_pooled_ones_as_their_mean(experiment):
    pooled, seeds, *_ = experiment
    assert seeds.groupby("run").size().to_dict() == {"seed-0": 24, "seed-1": 24, "seed-2": 24}
    assert set(seeds["role"]) == {"train"} and set(seeds["consistency"]) == {0, 1}
    means = seeds.groupby("example_id")[list(MEMORIZATION)].mean()
    np.testing.assert_allclose(means, pooled.set_index("example_id")[list(MEMORIZATION)], atol=1e-6)


def test_consistency_is_found_again_with_other_seeds():
    """Trees on 300 digits, 3 seeds x 4 folds against 3 others: as reliable as single seeds let expect."""
    images, labels = load_digits(return_X_y=True)
    images, labels = images[:300], labels[:300]
    of_seeds = []
    for seed in range(6):
        parts, right = np.random.default_rng(seed).permutation(300) % 4, np.empty((4, 300))
        for fold in range(4):
            tree = DecisionTreeClassifier(random_state=seed, max_features=8)
            right[fold] = tree.fit(images[parts != fold], labels[parts != fold]).predict(images) == labels
        of_seeds.append(memorization(right, np.arange(4)[:, None] != parts)["consistency"])
    table = stability_table(np.array(of_seeds)).set_index("seeds_per_half")
    single, threes = table.loc[1, "spearman_mean"], table.loc[3, "spearman_mean"]
    assert 0.1 < single < 0.5 < table.loc[3, "reliability"] < 1
    assert threes == pytest.approx(spearman_brown(single, 3), abs=0.05)
    assert table.loc[3, "seeds_for_90"] == pytest.approx(table.loc[1, "seeds_for_90"], abs=5)


def test_runs_of_other_examples_and_of_fewer_epochs_are_refused(experiment, tmp_path):
    outputs = {"output": tmp_path / "a.parquet", "seeds": tmp_path / "b.parquet"}
    records = [experiment[3]["seeds"].parent / f"seed-0-fold-{fold}" / "records.parquet" for fold in (0, 1)]
    done = run_script("score_memorization", settings={"epochs": 3}, records=records, **outputs)
    assert done.returncode == 1 and "has no epoch 3" in done.stderr and len(done.stderr.splitlines()) == 1
    fewer = tmp_path / "seed-0-fold-2" / "records.parquet"
    write_table(read_table(records[1], RECORDS, filters=[("example_id", ">", 105)]), fewer, RECORDS)
    done = run_script("score_memorization", settings={"epochs": 2}, records=[records[0], fewer], **outputs)
    assert done.returncode == 1 and "does not hold the training examples of" in done.stderr
