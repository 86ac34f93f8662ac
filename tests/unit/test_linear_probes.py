"""Runs of linear probes against scikit-learn's logistic regression, and what label_error makes of them."""

from argparse import Namespace

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

import fit_linear_probe
import score_linear_probes
from difficulty.analysis import tested_scores
from difficulty.analysis.label_errors.trust import Facts, verdict
from difficulty.datasets.example_tables import LABELS
from difficulty.datasets.feature_tables import write_features
from difficulty.figures.scores.gallery import shown_role
from difficulty.scores.collect import EXAMPLE_SCORES, RUN_SCORES, SCORES
from difficulty.scores.features.tables import FEATURE_SCORES
from difficulty.scores.label_error.noise_model import NoisyLabels
from difficulty.scores.label_error.outside import FEATURES, GIVEN, NETWORKS, kinds_of_evidence
from difficulty.scores.label_quality.held_out import HELD_OUT, probability_matrix
from difficulty.tables import Column, read_arrow, read_schema, read_table, write_table
from difficulty.training.probe_folds import probe_folds
from difficulty.training.probe_records import records_of
from difficulty.training.run_tables import HISTORY, RECORDS

TRAIN, TEST, CLASSES = 80, 20, 3
SETTINGS = {"folds": 4, "strength": 0.5}
SOLVER = 1e-3  # of two fits of the same probe


@pytest.fixture(scope="module")
def labels() -> pd.DataFrame:
    """Training examples, of which two are identical, and test examples between them."""
    draws = np.random.default_rng(0)
    ids = np.arange(TRAIN + TEST) * 2 + 1
    label, content = draws.integers(0, CLASSES, len(ids)), ids.copy()
    content[9] = ids[3]
    split = np.where(np.arange(len(ids)) % 5 == 4, "test", "train")
    split[9] = "train"
    shared = {"example_id": ids, "split": split, "clean_label": label, "label": label}
    return pd.DataFrame({**shared, "is_corrupt": False, "content": content})


@pytest.fixture(scope="module")
def vectors(labels) -> np.ndarray:
    draws = np.random.default_rng(1)
    found = (draws.normal(size=(len(labels), 5)) + 2 * np.eye(5)[labels["label"]]).astype(np.float32)
    found[9] = found[3]
    return found


@pytest.fixture(scope="module")
def made(labels, vectors, tmp_path_factory):
    """The folder of an experiment with two runs."""
    folder = tmp_path_factory.mktemp("frozen")
    write_table(labels, folder / "labels.parquet", LABELS)
    write_features(folder / "features.parquet", labels["example_id"].to_numpy(), vectors, {})
    common = {"code": "", "upstream": "", "labels": folder / "labels.parquet"}
    for run in ("seed-0", "seed-7"):
        (folder / run).mkdir()
        outputs = {name: folder / run / f"{name}.parquet" for name in ("records", "history", "probe")}
        given = {"settings": SETTINGS, "features": folder / "features.parquet"}
        fit_linear_probe.main(Namespace(**common, **given, **outputs))
    probes = [folder / run / "probe.parquet" for run in ("seed-0", "seed-7")]
    outputs = {name: folder / f"{name}.parquet" for name in ("output", "estimates", "held_out")}
    score_linear_probes.main(Namespace(**common, settings={}, probes=probes, **outputs))
    return folder


def by_scikit_learn(labels, vectors, seed) -> np.ndarray:
    """Log-probabilities of every example, fold by fold and then of the test examples."""
    train = np.flatnonzero(labels["split"] == "train")
    rows = labels.iloc[train]
    fold = probe_folds(rows["label"].to_numpy(), rows["content"].to_numpy(), SETTINGS["folds"], seed)
    parts = [(train[fold != number], train[fold == number]) for number in range(SETTINGS["folds"])]
    parts.append((train, np.flatnonzero(labels["split"] == "test")))
    found = np.empty((len(labels), CLASSES))
    for fitted, asked in parts:
        scaler = StandardScaler().fit(vectors[fitted])
        probe = LogisticRegression(C=SETTINGS["strength"], max_iter=1000)
        probe.fit(scaler.transform(vectors[fitted]), labels["label"].to_numpy()[fitted])
        found[asked] = probe.predict_log_proba(scaler.transform(vectors[asked]))
    return found


@pytest.mark.parametrize("seed", [0, 7])
def test_records_are_of_scikit_learns_held_out_probes(labels, vectors, made, seed):
    expected, rows = by_scikit_learn(labels, vectors, seed), np.arange(len(labels))
    given = labels["label"].to_numpy()
    records = read_table(made / f"seed-{seed}/records.parquet", RECORDS)
    assert records["example_id"].tolist() == labels["example_id"].tolist() and set(records["epoch"]) == {1}
    assert records["role"].tolist() == labels["split"].replace({"train": "validation"}).tolist()
    np.testing.assert_allclose(records["loss"], -expected[rows, given], atol=SOLVER)
    assert records["correct"].tolist() == (expected.argmax(axis=1) == given).tolist()
    others = expected.copy()
    others[rows, given] = -np.inf
    np.testing.assert_allclose(records["margin"], expected[rows, given] - others.max(axis=1), atol=3 * SOLVER)
    probe = made / f"seed-{seed}/probe.parquet"
    found = probability_matrix(read_arrow(probe, read_schema(probe)))
    np.testing.assert_allclose(found, np.exp(expected), atol=SOLVER)
    history = read_table(made / f"seed-{seed}/history.parquet", HISTORY).set_index("group")
    assert history["examples"].to_dict() == labels["split"].replace({"train": "validation"}).value_counts().to_dict()
    assert history.loc["validation", "top1"] == records["correct"][records["role"] == "validation"].mean()


def test_seeds_draw_other_folds_and_identical_images_stay_together(labels):
    rows = labels[labels["split"] == "train"].reset_index(drop=True)
    folds = [probe_folds(rows["label"].to_numpy(), rows["content"].to_numpy(), 4, seed) for seed in (0, 0, 7)]
    assert (folds[0] == folds[1]).all() and (folds[0] != folds[2]).any()
    twins = np.flatnonzero(rows["content"].duplicated(keep=False))
    assert len(twins) == 2 and all(len({*fold[twins]}) == 1 for fold in folds)


def test_a_class_that_a_probe_has_not_seen_is_the_least_likely_and_finite():
    rows = pd.DataFrame({"example_id": [4, 5], "split": "train", "label": [1, 0]})
    records, _ = records_of(np.array([[0.0, -np.inf], [0.0, -np.inf]]), rows)
    smallest = -np.log(np.finfo(np.float32).tiny)
    np.testing.assert_allclose(records["loss"], [smallest, 0], rtol=1e-6, atol=1e-30)
    np.testing.assert_allclose(records["margin"], [-smallest, smallest], rtol=1e-6)


def test_label_quality_is_of_the_same_probabilities(labels, made):
    table, held_out = read_table(made / "output.parquet", RUN_SCORES), read_arrow(made / "held_out.parquet", HELD_OUT)
    train = labels[labels["split"] == "train"]
    assert held_out["seed"].unique().to_pylist() == [0, 7] and set(table["role"]) == {"validation"}
    given = np.tile(train["label"], 2)
    expected = probability_matrix(held_out)[np.arange(len(given)), given]
    np.testing.assert_array_equal(table["self_confidence"], expected)
    records = read_table(made / "seed-7/records.parquet", RECORDS)
    own = records.loc[records["role"] == "validation", "probability"]
    np.testing.assert_allclose(table.loc[table["run"] == "seed-7", "self_confidence"], own, rtol=1e-5)


def test_evidence_of_probes_and_neighbours_is_one_kind_and_counts_once(tmp_path):
    """By normal scores of ranks: +-0.967421566101701 are the quantiles that 1/6 and 5/6 are below."""
    ids, given = np.array([1, 2, 3]), np.array([0, 0, 0])
    scores = pd.DataFrame({"example_id": ids, **{name: [0.0, 0.1, 0.9] for name in FEATURE_SCORES}})
    write_table(scores, tmp_path / "f.parquet", EXAMPLE_SCORES.extended(FEATURE_SCORES))
    untrained, p = np.full(3, np.nan), np.array([[0.1, 0.9], [0.8, 0.2], [0.7, 0.3]])
    arguments = (), ids, NoisyLabels(given), tmp_path / "f.parquet"
    kinds = kinds_of_evidence(untrained, {FEATURES: p, GIVEN: p}, *arguments)
    assert list(kinds) == [FEATURES, GIVEN]
    sixth = 0.967421566101701
    np.testing.assert_allclose(kinds[FEATURES], [0, -sixth / 2, sixth / 2], atol=1e-12)
    own = np.array([9.0, 1.0, 5.0])
    kinds = kinds_of_evidence(own, {FEATURES: p}, *arguments)
    assert list(kinds) == [NETWORKS, FEATURES]
    np.testing.assert_allclose(kinds[NETWORKS], [sixth, -sixth, 0], atol=1e-12)


def test_nobody_is_told_to_train_probes_for_longer():
    reasons = [
        verdict(Facts(10_000, 0.1, np.nan, 0.8, 0.4, are_probes=True))[1],
        verdict(Facts(10_000, 0.1, np.nan, 0.2, 0.9, are_probes=True))[1],
        verdict(Facts(10_000, 0.1, np.nan, 0.8, 0.9, 100, 300, are_probes=True))[1],
    ]
    for reason, remedy in zip(reasons, ("other features", "another network", "held-out probabilities"), strict=True):
        assert remedy in reason and not any(word in reason for word in ("longer", "pretrained", "seeds agree"))


@pytest.mark.parametrize(("runs", "role"), [(0, "validation"), (2, "train")])
def test_where_nothing_is_trained_on_images_they_are_shown_and_tested_as_held_out(tmp_path, runs, role):
    described = Column(SCORES.columns["example_id"].type, "a score", direction=1)
    columns = {"aum_validation": described, "label_error": described}
    table = pd.DataFrame({"example_id": [1, 2], "split": "train", "class_name": "a", **dict.fromkeys(columns, 1)})
    table = table.assign(label=0, clean_label=0, is_corrupt=False, runs_train=runs, runs_validation=2, runs_test=0)
    write_table(table, tmp_path / "s.parquet", SCORES.extended(columns))
    assert shown_role(tmp_path / "s.parquet") == role
    ranking, _ = tested_scores.tested_scores(tmp_path / "s.parquet", "validation", None)
    assert ranking == {"aum": "aum_validation"} | ({} if runs else {"label_error": "label_error"})
