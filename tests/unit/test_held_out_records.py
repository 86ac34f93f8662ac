"""Out-of-fold predictions as records: no network has seen the training examples, and the given numbers are kept."""

from argparse import Namespace

import numpy as np
import pandas as pd
import pytest
import scipy.special
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict

import import_examples
import import_records
import score_held_out_records
from difficulty.datasets.example_tables import EXAMPLES, LABELS
from difficulty.datasets.records import read_own_records
from difficulty.errors import UserError
from difficulty.scores.collect import RUN_SCORES
from difficulty.scores.label_quality.held_out import HELD_OUT, probability_matrix
from difficulty.scores.label_quality.scoring import NOISE_ESTIMATES
from difficulty.tables import read_arrow, read_table, write_table
from difficulty.training.run_tables import HISTORY, RECORDS

SETTINGS = {"example_id": "example_id", "epoch": "epoch", "label": "label", "probabilities": "p", "held_out": True}
COUNT = 300


@pytest.fixture(scope="module")
def predictions():
    """scikit-learn's out-of-fold probabilities of digits, some with wrong labels; without a column of epochs."""
    images, label = load_digits(return_X_y=True)
    images, label = images[:COUNT] / 16, label[:COUNT].copy()
    label[::20] = (label[::20] + 1) % 10
    p = cross_val_predict(LogisticRegression(), images, label, cv=3, method="predict_proba")
    return pd.DataFrame({"example_id": np.arange(COUNT) + 7, "label": label, "p": list(p)})


def read(table, path, **settings):
    table.to_parquet(path)
    return read_own_records(path, {**SETTINGS, **settings})


def test_a_table_without_epochs_has_one_epoch(predictions, tmp_path):
    own = read(predictions.sample(frac=1, random_state=0), tmp_path / "a.parquet")
    assert own.counts() == {"epochs": 1, "classes": 10}
    assert own.examples["example_id"].tolist() == predictions["example_id"].tolist()
    with pytest.raises(UserError, match=r"a\.parquet: no column 'epoch'; name yours by `epoch`, or set held_out"):
        read(predictions, tmp_path / "a.parquet", held_out=None)
    with pytest.raises(UserError, match="labels count the predictions' classes, from 0 to 9; their names"):
        read(predictions.assign(label=predictions["label"] + 1), tmp_path / "b.parquet")
    with pytest.raises(UserError, match="from 0 to 9; their names go into class_name"):
        read(predictions.assign(label="digit"), tmp_path / "b.parquet")
    with pytest.raises(UserError, match=r"some are there twice, first \(example 7, epoch 1\)"):
        read(pd.concat([predictions, predictions]), tmp_path / "b.parquet")


def test_a_column_of_epochs_is_read_and_the_last_counts(predictions, tmp_path):
    first = predictions.assign(p=list(np.full((COUNT, 10), 0.1)), epoch=1)
    own = read(pd.concat([predictions.assign(epoch=2), first]), tmp_path / "a.parquet")
    assert own.counts()["epochs"] == 2
    np.testing.assert_array_equal(own.last_probabilities(), np.stack(predictions["p"]).astype(np.float32))


def test_the_probabilities_of_logits_are_their_softmax(predictions, tmp_path):
    logits = np.random.default_rng(0).normal(size=(COUNT, 10)).astype(np.float32)
    settings = {key: value for key, value in SETTINGS.items() if key != "probabilities"}
    predictions.assign(z=list(logits)).to_parquet(tmp_path / "a.parquet")
    found = read_own_records(tmp_path / "a.parquet", {**settings, "logits": "z"}).last_probabilities()
    np.testing.assert_allclose(found, scipy.special.softmax(logits, axis=1), rtol=1e-5)


@pytest.fixture(scope="module")
def made(predictions, tmp_path_factory):
    """Paths of the tables that the stages make of two runs with test examples, of which the second is less sure."""
    folder = tmp_path_factory.mktemp("held_out")
    paths = {name: folder / f"{name}.parquet" for name in ("examples", "labels", "records", "history")}
    part = np.where(predictions["example_id"] % 10 == 0, "test", "train")
    flat = [0.5 * p + 0.05 for p in predictions["p"]]
    own = [folder / "first.parquet", folder / "second.parquet"]
    for path, p in zip(own, (predictions["p"], flat), strict=True):
        predictions.assign(p=p, part=part).to_parquet(path)
    common = {"settings": {**SETTINGS, "split": "part"}, "code": "", "upstream": ""}
    import_examples.main(Namespace(**common, records=own[0], examples=paths["examples"]))
    labels = read_table(paths["examples"], EXAMPLES)[["example_id", "split", "label"]]
    labels = labels.assign(clean_label=labels["label"], is_corrupt=False, content=labels["example_id"])
    write_table(labels, paths["labels"], LABELS)
    import_records.main(Namespace(**common, own=own[1], first=own[0], **paths))
    scored = {name: folder / f"{name}.parquet" for name in ("output", "estimates", "held_out")}
    score_held_out_records.main(
        Namespace(**common, own=own, labels=paths["labels"], examples=paths["examples"], **scored)
    )
    return paths | scored


def test_no_example_has_the_role_train(made):
    records, history = read_table(made["records"], RECORDS), read_table(made["history"], HISTORY)
    assert records["role"].value_counts().to_dict() == {"validation": COUNT * 9 // 10, "test": COUNT // 10}
    assert history.set_index("group")["examples"].to_dict() == {"validation": COUNT * 9 // 10, "test": COUNT // 10}


def test_self_confidence_is_the_given_probability_exactly(predictions, made):
    table = read_table(made["output"], RUN_SCORES)
    given = predictions.set_index("example_id")
    for run, share in (("seed-0", 1.0), ("seed-1", 0.5)):
        rows = table[table["run"] == run]
        p = np.stack(given.loc[rows["example_id"], "p"]) * share + (1 - share) / 10
        label = given.loc[rows["example_id"], "label"].to_numpy()
        expected = p[np.arange(len(rows)), label].astype(np.float32)
        assert len(rows) == COUNT * 9 // 10 and set(rows["role"]) == {"validation"}
        np.testing.assert_array_equal(rows["self_confidence"], expected)
    estimates = read_table(made["estimates"], NOISE_ESTIMATES)
    assert estimates["seed"].tolist() == [0, 1] and (estimates["estimated_noise_rate"] > 0).all()


def test_the_probabilities_are_kept_as_they_were_given(predictions, made):
    table = read_arrow(made["held_out"], HELD_OUT, filters=[("seed", "==", 0)])
    given = predictions.set_index("example_id").loc[table["example_id"].to_numpy(), "p"]
    np.testing.assert_array_equal(probability_matrix(table), np.stack(given).astype(np.float32))
