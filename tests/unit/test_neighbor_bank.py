"""A sample of the training examples, of each class in proportion, in which neighbours are found."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from difficulty.config.analyses.prediction_depth import PredictionDepth
from difficulty.scores.depth.bank import sampled_bank
from tests.support.scripts import run_script

LABELS = np.repeat([0, 1, 2], [500, 300, 100])
ROUNDING = 1e-5
TRAINING = np.flatnonzero(np.arange(900) % 9)  # 800 of them


def test_everything_is_the_bank_unless_a_sample_is_asked_for():
    for size in (None, 800, 10_000):
        np.testing.assert_array_equal(sampled_bank(TRAINING, LABELS, size), TRAINING)


@pytest.mark.parametrize("size", [3, 79, 80, 799])
def test_a_sample_has_each_class_in_proportion(size):
    found = sampled_bank(TRAINING, LABELS, size)
    assert len(found) == size and (np.diff(found) > 0).all() and np.isin(found, TRAINING).all()
    counts = np.bincount(LABELS[found], minlength=3)
    expected = size * np.bincount(LABELS[TRAINING]) / 800
    assert (np.abs(counts - expected) < 1).all()
    np.testing.assert_array_equal(found, sampled_bank(TRAINING, LABELS, size))


def test_other_training_examples_change_little_of_a_sample():
    one, two = (sampled_bank(np.flatnonzero(np.arange(900) % 10 != fold), LABELS, 400) for fold in (0, 1))
    assert np.isin(one, two).mean() > 0.7
    assert abs(np.mean(sampled_bank(np.arange(900), np.zeros(900, int), 450)) - 450) < 40  # not the first ones


def test_a_bank_is_larger_than_what_is_kept():
    faults = list(PredictionDepth(bank=50).faults(type("Suite", (), {"experiments": {}})))
    assert (("bank",), "expected more than k_max, 50, got 50") in faults


def test_a_sample_of_everything_gives_the_same_neighbors(finished_run, tmp_path):
    own = {"splits": ["train", "test"], "architecture": "mlp", "k_max": 5, "numbers": 10**6, "shards": 1}
    tables = {}
    for bank in (None, 1437, 200):
        output = tmp_path / f"{bank}" / "epoch-3.parquet"
        settings = own | ({} if bank is None else {"bank": bank})
        done = run_script("probe_neighbors", **finished_run, settings=settings, output=output)
        assert done.returncode == 0, done.stderr
        tables[bank] = pq.read_table(output).to_pandas()
    pd.testing.assert_frame_equal(tables[None], tables[1437])
    few = set(np.concatenate(tables[200]["neighbors"].to_list()))
    assert len(few) == 200 and set(tables[200]["example_id"]) == set(tables[None]["example_id"])
    both = tables[None].merge(tables[200], on=["example_id", "probe"])
    both = both[both["probe"] == 0]
    for one, two in zip(both["distances_x"], both["distances_y"], strict=True):
        assert (one <= np.asarray(two) * (1 + ROUNDING)).all()  # among all of them, neighbours are nearer
