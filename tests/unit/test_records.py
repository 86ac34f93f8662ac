"""A user's own records are read in any order, checked, and give the same outcomes as training's."""

import numpy as np
import pandas as pd
import pytest
import scipy.special

from difficulty.datasets.records import read_own_records
from difficulty.errors import UserError

EPOCHS, EXAMPLES, CLASSES = 3, 5, 4
SETTINGS = {"example_id": "id", "epoch": "epoch", "label": "y", "logits": "z"}


@pytest.fixture
def table():
    """One row per example and epoch; ids are not positions."""
    draws = np.random.default_rng(0)
    ids = np.tile(np.array([7, 3, 11, 5, 2]), EPOCHS)
    logits = draws.normal(size=(EPOCHS * EXAMPLES, CLASSES))
    return pd.DataFrame(
        {
            "id": ids,
            "epoch": np.repeat(np.arange(1, EPOCHS + 1), EXAMPLES),
            "y": ids % CLASSES,
            "z": list(logits),
            "p": list(scipy.special.softmax(logits, axis=1)),
            "part": np.where(ids < 6, "train", "val"),
            "hard": np.where(ids == 7, np.nan, ids / 10),
        }
    )


def read(table, path, **settings):
    table.to_parquet(path)
    return read_own_records(path, {**SETTINGS, **settings})


def test_rows_may_come_in_any_order_and_epochs_may_count_from_zero(table, tmp_path):
    expected = read(table, tmp_path / "a.parquet")
    assert expected.examples["example_id"].tolist() == [2, 3, 5, 7, 11]
    assert expected.logits.shape == (EPOCHS, EXAMPLES, CLASSES)
    row = table[(table["id"] == 5) & (table["epoch"] == 2)].iloc[0]
    np.testing.assert_allclose(expected.logits[1, 2], row["z"], rtol=1e-6)
    shuffled = table.assign(epoch=table["epoch"] - 1).sample(frac=1, random_state=1)
    found = read(shuffled, tmp_path / "b.parquet")
    np.testing.assert_array_equal(found.logits, expected.logits)
    pd.testing.assert_frame_equal(found.examples, expected.examples)


def test_probabilities_have_the_softmax_and_the_margins_of_their_logits(table, tmp_path):
    logits = read(table, tmp_path / "a.parquet").logits
    settings = {"probabilities": "p", **{key: SETTINGS[key] for key in ("example_id", "epoch", "label")}}
    found = read_own_records(tmp_path / "a.parquet", settings).logits
    np.testing.assert_allclose(scipy.special.softmax(found, -1), scipy.special.softmax(logits, -1), rtol=1e-5)
    np.testing.assert_allclose(np.diff(found, axis=-1), np.diff(logits, axis=-1), rtol=1e-4, atol=1e-5)


def test_facts_of_examples(table, tmp_path):
    examples = read(table, tmp_path / "a.parquet", split="part", truth=["hard"], key="id").examples
    assert examples["split"].tolist() == ["train", "train", "train", "test", "test"]
    assert examples["key"].tolist() == ["2", "3", "5", "7", "11"]
    np.testing.assert_array_equal(examples["hard"], [0.2, 0.3, 0.5, np.nan, 1.1])
    assert examples["class_name"].tolist() == ["2", "3", "1", "3", "3"]


def edited(table, row, **values):
    """The table with other values in one row."""
    replaced = {
        name: [value if place == row else old for place, old in enumerate(table[name])]
        for name, value in values.items()
    }
    return table.assign(**replaced)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda t: t.drop(index=4), r"missing, or there twice: \(example 2, epoch 1\)"),
        (lambda t: pd.concat([t, t.iloc[[4]]]), r"missing, or there twice: \(example 2, epoch 1\)"),
        (lambda t: t.assign(epoch=t["epoch"] + 4), "the first epoch is 5; epochs count from 1, or from 0"),
        (lambda t: t.assign(epoch=t["epoch"] * 10**9 - 10**9), "missing, or there twice"),
        (lambda t: t.iloc[:0], "column 'z' is null|no rows"),
        (lambda t: edited(t, 5, y=1), r"column 'y' changes between epochs \(the 4\. example\)"),
        (lambda t: t.assign(y=t["y"] + 1), "column 'y' is not everywhere a class from 0 to 3|not a class|is not"),
        (lambda t: t.assign(y=t["y"].astype(str)), "'y'"),
        (lambda t: t.assign(id=t["id"] + 0.5), "column 'id' is not a whole number"),
        (lambda t: edited(t, 2, z=np.zeros(3)), "does not have the same number of classes"),
        (lambda t: edited(t, 2, z=np.array([0, np.inf, 0, 0])), "has 1 numbers that are not finite"),
        (lambda t: t.assign(z=1.0), "column 'z' is double, expected a list"),
        (lambda t: t.assign(z=[["a", "b"]] * len(t)), "expected a list of one number per class"),
        (lambda t: t.drop(columns="z"), "no column 'z'; it has id, epoch"),
    ],
)
def test_what_cannot_be_records_is_named(table, tmp_path, edit, message):
    with pytest.raises(UserError, match=rf"own\.parquet: .*({message})"):
        read(edit(table), tmp_path / "own.parquet")


def test_logits_are_not_taken_for_probabilities(table, tmp_path):
    settings = {"probabilities": "z", **{key: SETTINGS[key] for key in ("example_id", "epoch", "label")}}
    table.to_parquet(tmp_path / "own.parquet")
    with pytest.raises(UserError, match="are they logits"):
        read_own_records(tmp_path / "own.parquet", settings)
