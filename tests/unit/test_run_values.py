"""Scores of an experiment seed by seed: folds of a seed joined or averaged, undefined values as they rank."""

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.analysis.run_values import by_seed, of_each_seed, run_values
from difficulty.scores.collect import RUN_SCORES
from difficulty.tables import Column, write_table

SCORES = {
    "loss": Column(pa.float32(), "a score", direction=+1),
    "first_learned": Column(pa.float32(), "one that may be undefined", True, +1, null_ranks_as=16),
}
# example_id, run, role, loss, first_learned
FOLDS = [
    (1, "seed-0-fold-0", "validation", 1.0, 2.0),
    (2, "seed-0-fold-0", "train", 5.0, 1.0),
    (3, "seed-0-fold-0", "train", 2.0, 3.0),
    (1, "seed-0-fold-1", "train", 9.0, 9.0),
    (2, "seed-0-fold-1", "validation", 3.0, None),
    (3, "seed-0-fold-1", "train", 4.0, 7.0),
    (1, "seed-1-fold-0", "validation", 6.0, 4.0),
    (3, "seed-1-fold-1", "train", 8.0, None),
]


def scores_of(tmp_path, role, example_id, rows=FOLDS):
    table = pd.DataFrame(rows, columns=["example_id", "run", "role", *SCORES])
    path = tmp_path / "family.parquet"
    write_table(table, path, RUN_SCORES.extended(SCORES), {})
    return by_seed(run_values([path], list(SCORES), role), np.array(example_id))


def test_folds_of_a_seed_are_joined_where_each_holds_out_other_examples(tmp_path):
    found = scores_of(tmp_path, "validation", [2, 1])
    assert found["loss"].index.tolist() == ["seed-0", "seed-1"] and found["loss"].columns.tolist() == [2, 1]
    np.testing.assert_array_equal(found["loss"], [[3, 1], [np.nan, 6]])
    np.testing.assert_array_equal(found["first_learned"], [[16, 2], [np.nan, 4]])


def test_folds_of_a_seed_are_averaged_where_they_share_examples(tmp_path):
    found = scores_of(tmp_path, "train", [1, 3, 4])
    np.testing.assert_array_equal(found["loss"], [[9, 3, np.nan], [np.nan, 8, np.nan]])
    np.testing.assert_array_equal(found["first_learned"], [[9, 5, np.nan], [np.nan, 16, np.nan]])


def test_each_seed_has_the_examples_and_the_scores_that_it_knows(tmp_path):
    found = scores_of(tmp_path, "validation", [2, 1])
    seeds = of_each_seed({**found, "only_one": found["loss"].loc[["seed-1"]]})
    assert {seed: rows.columns.tolist() for seed, rows in seeds.items()} == {
        "seed-0": ["loss", "first_learned"],
        "seed-1": ["loss", "first_learned", "only_one"],
    }
    assert seeds["seed-0"]["loss"].to_dict() == {2: 3, 1: 1} and seeds["seed-1"]["loss"].to_dict() == {1: 6}
