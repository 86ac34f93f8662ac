"""Scores of an experiment seed by seed: folds of a seed joined or averaged, undefined values as they rank."""

import numpy as np
import pandas as pd
import pyarrow as pa

from difficulty.analysis import run_values
from difficulty.analysis.run_values import by_seed, rows_of_examples
from difficulty.memory_budget import VARIABLE
from difficulty.scores.collect import RUN_SCORES
from difficulty.table_parts import RowGroups
from difficulty.tables import Column, read_table, write_table

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
    return dict(by_seed([path], list(SCORES), role, np.array(example_id)))


def test_folds_of_a_seed_are_joined_where_each_holds_out_other_examples(tmp_path):
    found = scores_of(tmp_path, "validation", [2, 1])
    assert found["loss"].index.tolist() == ["seed-0", "seed-1"] and found["loss"].columns.tolist() == [2, 1]
    np.testing.assert_array_equal(found["loss"], [[3, 1], [np.nan, 6]])
    np.testing.assert_array_equal(found["first_learned"], [[16, 2], [np.nan, 4]])


def test_folds_of_a_seed_are_averaged_where_they_share_examples(tmp_path):
    found = scores_of(tmp_path, "train", [1, 3, 4])
    np.testing.assert_array_equal(found["loss"], [[9, 3, np.nan], [np.nan, 8, np.nan]])
    np.testing.assert_array_equal(found["first_learned"], [[9, 5, np.nan], [np.nan, 16, np.nan]])


def test_a_family_without_the_role_gives_nothing(tmp_path):
    assert scores_of(tmp_path, "test", [2, 1]) == {}


def test_scores_are_the_same_whatever_is_read_at_a_time(tmp_path, monkeypatch):
    expected = scores_of(tmp_path, "train", [3, 1])
    monkeypatch.setenv(VARIABLE, "1")  # MiB: a row and a score at a time
    monkeypatch.setattr(run_values, "_ROWS", 1024)
    monkeypatch.setattr(run_values, "_VALUES", 1024)
    found = scores_of(tmp_path, "train", [3, 1])
    assert list(found) == list(expected) == list(SCORES)
    for score in SCORES:
        pd.testing.assert_frame_equal(found[score], expected[score])


def test_rows_of_examples_are_read_a_row_group_at_a_time(tmp_path, monkeypatch):
    path, schema = tmp_path / "family.parquet", RUN_SCORES.extended(SCORES)
    write_table(pd.DataFrame(FOLDS, columns=list(schema.columns)), path, schema, {}, rows_per_group=3)
    columns, read = ["example_id", "run", "first_learned"], []
    whole = read_table(path, schema, columns)
    one_by_one = RowGroups.read_arrow

    def watched(groups, numbers, names):
        read.append(list(numbers))
        return one_by_one(groups, numbers, names)

    monkeypatch.setattr(RowGroups, "read_arrow", watched)
    for asked in ([3, 1], [2, 7], []):
        found = rows_of_examples(path, schema, columns, np.array(asked, np.int64))
        pd.testing.assert_frame_equal(found, whole[whole["example_id"].isin(asked)].reset_index(drop=True))
        assert max(map(len, read)) == 1
    pd.testing.assert_frame_equal(rows_of_examples(path, schema, columns, None), whole)
