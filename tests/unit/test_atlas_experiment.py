"""An experiment's part of the page: columns one by one, in the order of the data set, and the list of suspects."""

import base64
import json
import zlib

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from difficulty.analysis.suspects import SUSPECTS
from difficulty.atlas.arrays import MISSING, Arrays
from difficulty.atlas.experiment import _columns, _Scores, _suspects
from difficulty.scores.collect import SCORES
from difficulty.tables import Column, TableError, write_table

IDS = np.array([12, 10, 11, 13])  # in the order of the table of scores


@pytest.fixture
def scores(tmp_path):
    columns = {"aum": -1, "aum_ranked": -1, "aum_std": None, "nothing": 1, "name": None, "size": None}
    described = {name: Column(pa.float32(), name, True, direction) for name, direction in columns.items()}
    described |= {"name": Column(pa.string(), "name", True), "size": Column(pa.int16(), "size", True)}
    table = pd.DataFrame({"example_id": IDS, "split": "train", "class_name": "a", "label": [2, 0, 1, 3]})
    table = table.assign(clean_label=0, is_corrupt=False, runs_train=1, runs_validation=0, runs_test=0, name="x")
    table = table.assign(aum=[2.0, np.nan, 1, 3], aum_ranked=[2.0, 0, 1, 3], aum_std=0.5, nothing=np.nan)
    table["size"] = pd.array([5, 6, None, 8], "Int16")
    write_table(table, tmp_path / "scores.parquet", SCORES.extended(described))
    return tmp_path / "scores.parquet"


def unpacked(arrays, described, kind):
    return np.frombuffer(zlib.decompress(base64.b64decode(arrays.packed[described["array"]])), kind)


def test_scores_come_in_the_order_of_the_examples(scores):
    read = _Scores(scores, pd.Index([10, 11, 12]))
    assert read.column("label").tolist() == [0, 1, 2] and read.column("aum").tolist()[1:] == [1, 2]


def test_what_ranks_stands_for_a_score_and_what_is_empty_or_no_number_is_left_out(scores):
    arrays = Arrays()
    found = {column["name"]: column for column in _columns(_Scores(scores, pd.Index([10, 11, 12, 13])), arrays)}
    assert list(found) == ["aum", "size"] and found["aum"]["role"] == "train" and found["size"]["role"] is None
    assert unpacked(arrays, found["aum"]["values"], "<u2").tolist() == [0, 21845, 43689, 65534]
    assert unpacked(arrays, found["size"]["values"], "<u2").tolist() == [21845, MISSING, 0, 65534]


def test_an_example_without_scores_is_named(scores):
    with pytest.raises(TableError, match=r"scores\.parquet: example 14 is missing"):
        _Scores(scores, pd.Index([10, 14]))


def test_labels_of_suspects_are_numbers_of_classes_and_then_of_sets(tmp_path):
    suspects = pd.DataFrame({"rank": [1, 2, 3], "example_id": [13, 10, 12], "key": "k", "file": "f", "decision": None})
    suspects = suspects.assign(given_label=["b", "a+b", "a"], suggested_label=["a+b", None, "b+c"])
    suspects = suspects.assign(suggested_share=0.5, probability_wrong=[0.9, 0.5, np.nan], within_cut=True)
    suspects = suspects.assign(verdict=["typical", "easy", "typical"], evidence=["first", "second", "third"])
    suspects["decision"] = suspects["decision"].astype("string")
    write_table(suspects, tmp_path / "suspects.parquet", SUSPECTS)
    arrays = Arrays()
    found = _suspects(tmp_path / "suspects.parquet", pd.Index(IDS), ["a", "b", "c"], arrays)
    assert found["sets"] == ["a+b", "b+c"] and found["verdicts"] == ["typical", "easy"]
    assert unpacked(arrays, found["positions"], "<i4").tolist() == [3, 1, 0]
    assert unpacked(arrays, found["given"], "<u2").tolist() == [1, 3, 0]
    assert unpacked(arrays, found["suggested"], "<u2").tolist() == [3, MISSING, 4]
    assert unpacked(arrays, found["verdict"], "u1").tolist() == [0, 1, 0]
    (block,) = found["evidence"]
    assert json.loads(unpacked(arrays, block, "u1").tobytes()) == ["first", "second", "third"]
