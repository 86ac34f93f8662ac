"""Label quality against cleanlab 2.9.0, closed forms and planted noise; its script on a tiny experiment with folds."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from difficulty.datasets.example_tables import LABELS
from difficulty.scores.collect import RUN_SCORES
from difficulty.scores.label_quality.held_out import HELD_OUT, probability_matrix
from difficulty.scores.label_quality.scoring import (
    NOISE_ESTIMATES,
    confident_joint,
    estimated_noise_rate,
    label_issues,
    normalized_margin,
    self_confidence,
)
from difficulty.tables import read_arrow, read_schema, read_table
from difficulty.training.run_tables import RECORDS
from tests.support.script_server import interpreter

SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"
ROUNDING = 5e-7  # of the values that cleanlab gave


def predictions(seed, examples, classes, noise, signal):
    """Softmax probabilities that favour the true class, and labels of which some are the next class."""
    generator = np.random.default_rng(seed)
    true = generator.integers(0, classes, examples)
    labels = np.where(generator.random(examples) < noise, (true + 1) % classes, true)
    logits = generator.normal(size=(examples, classes))
    logits[np.arange(examples), true] += signal
    probabilities = np.exp(logits)
    return probabilities / probabilities.sum(axis=1, keepdims=True), labels, labels != true


def test_against_cleanlab():
    """Some examples reach several thresholds, some none; the calibrated joint is of whole numbers."""
    probabilities, labels, _ = predictions(2283, 24, 3, noise=0.25, signal=2)
    # cleanlab.rank.get_self_confidence_for_each_label, get_normalized_margin_for_each_label
    confidence = [0.909715, 0.710288, 0.144569, 0.568088, 0.499365, 0.552147, 0.165094, 0.500772]
    confidence += [0.616237, 0.873837, 0.661169, 0.758268, 0.827303, 0.961865, 0.666467, 0.59156]
    confidence += [0.582258, 0.014996, 0.029163, 0.235398, 0.862567, 0.02907, 0.627851, 0.250278]
    margin = [0.922846, 0.72539, 0.160236, 0.579143, 0.618317, 0.616388, 0.275688, 0.567968]
    margin += [0.691953, 0.894719, 0.663235, 0.808215, 0.861333, 0.969449, 0.717008, 0.615336]
    margin += [0.668795, 0.145108, 0.181076, 0.241495, 0.884412, 0.034373, 0.693655, 0.263512]
    # cleanlab.count.compute_confident_joint(calibrate=False, return_indices_of_off_diagonals=True), estimate_joint
    joint = [[2, 0, 3], [0, 3, 0], [0, 4, 7]]
    np.testing.assert_allclose(self_confidence(probabilities, labels), confidence, atol=ROUNDING)
    np.testing.assert_allclose((normalized_margin(probabilities, labels) + 1) / 2, margin, atol=ROUNDING)
    np.testing.assert_array_equal(confident_joint(probabilities, labels), joint)
    assert np.flatnonzero(label_issues(probabilities, labels)).tolist() == [2, 6, 17, 18, 19, 21, 23]
    assert estimated_noise_rate(np.array(joint), labels) == pytest.approx(0.2916666666666667, abs=1e-12)


def test_calibration_by_hand():
    """Row 0 stands for 8 labels, a quarter of them of class 1; row 1 for 2, none of them wrong."""
    labels = np.repeat([0, 1], [8, 2])
    assert estimated_noise_rate(np.array([[3, 1], [0, 1]]), labels) == pytest.approx(0.2, abs=1e-12)


def test_only_classes_that_reach_their_threshold_count():
    """Thresholds are 0.75, the mean of 0.9, 0.8 and 0.55, and 0.35, that of 0.5, 0.3 and 0.25."""
    probability_of_0 = np.array([0.9, 0.8, 0.55, 0.5, 0.7, 0.75])
    probabilities, labels = np.stack([probability_of_0, 1 - probability_of_0], axis=1), np.array([0, 0, 0, 1, 1, 1])
    assert confident_joint(probabilities, labels).tolist() == [[2, 1], [1, 1]]
    assert label_issues(probabilities, labels).tolist() == [False, False, True, False, False, True]


def test_probable_and_confident_may_be_different_classes():
    """The last example reaches the thresholds of 1 and 2 (0.3) but not that of 0 (0.9), its most probable class."""
    probabilities = np.array([[0.9, 0.05, 0.05], [0.7, 0.3, 0.0], [0.7, 0.0, 0.3], [0.37, 0.33, 0.3]])
    labels = np.array([0, 1, 2, 2])
    assert confident_joint(probabilities, labels)[2].tolist() == [0, 1, 1]
    assert label_issues(probabilities, labels).tolist() == [False, False, False, True]


def test_nothing_is_wrong_where_nothing_can_be_told():
    """Equal probabilities, of which rounding must not make a mean that none of them reaches; absent classes."""
    labels = np.repeat([0, 2], [7, 3])
    probabilities = np.full((10, 4), 0.1)
    probabilities[np.arange(10), labels] = 0.7
    joint = confident_joint(probabilities, labels)
    assert joint.tolist() == [[7, 0, 0, 0], [0, 0, 0, 0], [0, 0, 3, 0], [0, 0, 0, 0]]
    assert estimated_noise_rate(joint, labels) == 0
    assert not label_issues(probabilities, labels).any()
    assert estimated_noise_rate(np.zeros((4, 4), int), labels) == 0


@pytest.mark.parametrize("noise", [0.05, 0.1, 0.3])
def test_planted_noise_is_found_and_its_rate_estimated(noise):
    probabilities, labels, wrong = predictions(0, 5000, 10, noise, signal=8)
    found = label_issues(probabilities, labels)
    assert found[wrong].mean() > 0.95
    assert wrong[found].mean() > 0.95
    assert estimated_noise_rate(confident_joint(probabilities, labels), labels) == pytest.approx(wrong.mean(), abs=0.01)
    assert self_confidence(probabilities, labels)[wrong].max() < np.median(self_confidence(probabilities, labels))


TRAINING = {
    "architecture": "mlp",
    "width": 16,
    "optimizer": {"name": "adam", "lr": 0.01},
    "schedule": {"name": "constant"},
    "epochs": 2,
    "batch_size": 32,
    "drop_last": False,
    "augmentation": {},
    "records": "clean",
    "checkpoints": "all",
    "device": "cpu",
    "folds": 2,
}


def succeed(name, **options):
    """Runs a script as a rule does; a list gives several values."""
    command = [interpreter(), str(SCRIPTS / f"{name}.py"), "--code", "c0de", "--upstream", "11"]
    for option, value in options.items():
        values = [json.dumps(value)] if isinstance(value, dict) else value if isinstance(value, list) else [value]
        command += [f"--{option.replace('_', '-')}", *map(str, values)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def experiment(tmp_path_factory):
    """An experiment of one seed with two folds, trained and scored."""
    root = tmp_path_factory.mktemp("results")
    data, folder = root / "datasets" / "few", root / "experiments" / "held_out"
    tables = {name: data / f"{name}.parquet" for name in ("examples", "pixels", "files")}
    digits = {"source": "digits", "limit": {"train": 120, "test": 20}}
    succeed("prepare_dataset", settings=digits, images=data / "images", **tables)
    labels, noise = folder / "labels.parquet", {"kind": "symmetric", "fraction": 0.2, "seed": 0}
    succeed("corrupt_labels", settings={"label_noise": noise}, examples=tables["examples"], output=labels)
    runs = [folder / f"seed-3-fold-{fold}" for fold in (0, 1)]
    for run in runs:
        made = {name: run / f"{name}.parquet" for name in ("records", "online_records", "history", "steps", "timing")}
        inputs = {"labels": labels, "pixels": tables["pixels"], "files": tables["files"]}
        succeed("train_model", settings=TRAINING, checkpoints=run / "checkpoints", **inputs, **made)
    succeed(
        "score_label_quality",
        settings={"device": "cpu", "folds": 2},
        log=folder / "log.txt",
        checkpoints=[run / "checkpoints" for run in runs],
        labels=labels,
        pixels=tables["pixels"],
        files=tables["files"],
        output=folder / "scores" / "label_quality.parquet",
        estimates=folder / "label_quality.parquet",
        held_out=folder / "held-out.parquet",
    )
    return folder


def test_script_scores_each_example_in_the_run_that_held_it_out(experiment):
    path = experiment / "scores" / "label_quality.parquet"
    table = read_table(path, RUN_SCORES)
    labels = read_table(experiment / "labels.parquet", LABELS)
    assert sorted(table["example_id"]) == labels["example_id"][labels["split"] == "train"].tolist()
    assert set(table["role"]) == {"validation"}
    directions = {name: read_schema(path).columns[name].direction for name in ("self_confidence", "normalized_margin")}
    assert directions == {"self_confidence": -1, "normalized_margin": -1}
    for run, rows in table.groupby("run"):
        records = read_table(experiment / run / "records.parquet", RECORDS)
        last = records[(records["epoch"] == TRAINING["epochs"]) & (records["role"] == "validation")]
        last = last.set_index("example_id").loc[rows["example_id"]]
        np.testing.assert_allclose(rows["self_confidence"], last["probability"], rtol=1e-5)
        assert ((rows["normalized_margin"] > 0).to_numpy() == last["correct"].to_numpy()).all()


def test_script_estimates_the_noise_of_each_seed(experiment):
    table = read_table(experiment / "scores" / "label_quality.parquet", RUN_SCORES)
    estimates = read_table(experiment / "label_quality.parquet", NOISE_ESTIMATES)
    assert estimates[["seed", "examples", "label_issues"]].to_numpy().tolist() == [
        [3, len(table), table["label_issue"].sum()]
    ]
    assert 0 < estimates["estimated_noise_rate"].item() < 1
    log = (experiment / "log.txt").read_text()
    assert f"estimated noise rate {100 * estimates['estimated_noise_rate'].item():.2f} %" in log


def test_script_keeps_the_probabilities_of_held_out_examples(experiment):
    table = read_table(experiment / "scores" / "label_quality.parquet", RUN_SCORES).set_index("example_id")
    labels = read_table(experiment / "labels.parquet", LABELS).set_index("example_id")["label"]
    held_out = read_arrow(experiment / "held-out.parquet", HELD_OUT)
    example_id, probabilities = held_out["example_id"].to_numpy(), probability_matrix(held_out)
    assert set(held_out["seed"].to_pylist()) == {3}
    assert example_id.tolist() == sorted(table.index)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    own = probabilities[np.arange(len(held_out)), labels.loc[example_id]]
    np.testing.assert_array_equal(own, table.loc[example_id, "self_confidence"])
