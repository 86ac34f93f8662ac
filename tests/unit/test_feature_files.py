"""Vectors of features that somebody else computed: what a file says of which image, and every mistake in one."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from difficulty.datasets.feature_files import read_vectors, vectors_of_examples
from difficulty.datasets.feature_tables import features_schema, fixed_lists, read_features, vectors_of, write_features
from difficulty.errors import UserError
from difficulty.scores.collect import EXAMPLE_SCORES
from difficulty.tables import TableError, write_table
from tests.support.joined_stand_ins import examples

INDEX, NAME = {"by": "original_index"}, {"by": "name", "column": "image", "value": "v"}
VECTORS = np.arange(1, 16, dtype=np.float64).reshape(5, 3)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def array(values, name="a.npy") -> Path:
    np.save(name, values)
    return Path(name)


def table(columns, name="a.parquet") -> Path:
    pq.write_table(pa.table(columns), name)
    return Path(name)


def found(paths, settings, images=None):
    """positions, vectors and unused rows."""
    images = examples() if images is None else images
    return vectors_of_examples(images, [read_vectors(path, settings) for path in paths], settings)


def test_an_array_of_each_split():
    positions, vectors, unused = found([array(VECTORS[:4].astype(np.int8)), array(VECTORS[3:], "b.npy")], INDEX)
    assert positions.tolist() == [0, 1, 2, 3, 4] and vectors.dtype == np.float32 and unused == 1
    np.testing.assert_array_equal(vectors, VECTORS[[0, 1, 2, 3, 4]])


def test_rows_are_found_by_index_and_not_by_position():
    images = examples().iloc[[4, 2, 0]]
    positions, vectors, _ = found([array(VECTORS)], {**INDEX, "split": "train"}, images)
    assert positions.tolist() == [1, 2]
    np.testing.assert_array_equal(vectors, VECTORS[[2, 0]])


@pytest.mark.parametrize("kind", [pa.list_(pa.float32()), pa.large_list(pa.int8()), pa.list_(pa.float32(), 3)])
def test_a_table_of_lists_by_name(kind):
    images = examples(keys=[f"cat/{name}.jpg" for name in "abcde"])
    path = table({"image": ["e.jpg", "x", "a", "b", "c", "d"], "v": pa.array([*VECTORS, VECTORS[0]], kind)})
    positions, vectors, unused = found([path], NAME, images)
    assert positions.tolist() == [0, 1, 2, 3, 4] and unused == 1
    np.testing.assert_array_equal(vectors, [VECTORS[2], VECTORS[3], VECTORS[4], VECTORS[0], VECTORS[0]])


def changed(row, value):
    values = VECTORS.copy()
    values[row] = value
    return values


WITH_NAMES = {"image": list("abcde")}


@pytest.mark.parametrize(
    ("make", "settings", "text"),
    [
        (lambda: [Path("no.npy")], INDEX, "no.npy: no such file; see the path in the configuration"),
        (lambda: [array(VECTORS.astype(str))], INDEX, "expected an array of numbers (images, features)"),
        (lambda: [array(VECTORS[0])], INDEX, "got float64 (3,)"),
        (lambda: [array(VECTORS)], INDEX, "original_index 0 is that of several images of the data set; set split to"),
        (
            lambda: [array(VECTORS[:2])],
            {"by": "original_index", "split": "train"},
            "1 of the 3 images have no vector",
        ),
        (lambda: [array(VECTORS[:3]), array(VECTORS[:1], "b.npy")], INDEX, "b.npy: 1 of the 2 images have no vector"),
        (
            lambda: [array(VECTORS), array(VECTORS[:, :2], "b.npy")],
            INDEX,
            "b.npy: vectors of 2 numbers, those of a",
        ),
        (
            lambda: [array(changed(1, np.nan)), array(VECTORS, "b.npy")],
            INDEX,
            "row 1 (from 0) has numbers that are",
        ),
        (lambda: [array(changed(2, 1e39)), array(VECTORS, "b.npy")], INDEX, "row 2 (from 0) has numbers that are not"),
        (lambda: [array(changed(2, 0)), array(VECTORS, "b.npy")], INDEX, "row 2 (from 0) is all zeros"),
        (
            lambda: [table({**WITH_NAMES, "v": list(range(5))})],
            NAME,
            "column 'v' is int64, expected a list",
        ),
        (lambda: [table({**WITH_NAMES, "w": list(range(5))})], NAME, "no column 'v'; it has image, w"),
        (
            lambda: [table({**WITH_NAMES, "v": [[1.0, 2.0], [1.0, 3.0], [1.0], None, [1.0, 2.0]]})],
            NAME,
            "column 'v' has 1 numbers in row 2 (from 0), 2 in row 0; vectors of one data set are of one width",
        ),
        (lambda: [table({**WITH_NAMES, "v": [None, *[[1.0, 2.0]] * 4]})], NAME, "column 'v' has nothing in row 0"),
        (
            lambda: [table({"image": list("abcda"), "v": list(VECTORS)})],
            NAME,
            "name 'a' occurs twice in column",
        ),
    ],
)
def test_each_mistake_is_one_line_that_names_the_file(make, settings, text):
    with pytest.raises(UserError) as error:
        found(make(), settings)
    assert text in str(error.value) and len(str(error.value).splitlines()) == 1


def test_missing_test_images_may_be_meant():
    path = table({"image": ["0000", "0001", "0002"], "v": list(VECTORS[:3])})
    images = examples(keys=[f"{number:04d}.png" for number in range(5)])
    with pytest.raises(UserError, match=r"2 of the 5 images have no vector: test/0003\.png, .*; add them, or set"):
        found([path], NAME, images)
    assert found([path], {**NAME, "split": "train"}, images)[0].tolist() == [0, 1, 2]


@pytest.mark.parametrize("kind", [pa.list_(pa.float32()), pa.large_list(pa.float64()), pa.list_(pa.int16(), 3)])
def test_vectors_of_several_row_groups_are_joined(kind):
    values = pa.array(VECTORS.astype(int).tolist(), kind)
    rows = pa.table({"image": [str(number) for number in range(5)], "v": values})
    with pq.ParquetWriter("f.parquet", rows.schema) as file:
        for start, stop in ((0, 2), (2, 2), (2, 5)):
            file.write_table(rows.slice(start, stop - start))
    read = read_vectors(Path("f.parquet"), NAME)
    np.testing.assert_array_equal(read.rows, VECTORS)


def test_a_table_of_features_is_what_was_written():
    ids, vectors = np.array([3, 5, 9]), VECTORS[:3].astype(np.float32)
    write_features("f.parquet", ids, vectors, {})
    known, read = read_features("f.parquet")
    assert known.tolist() == ids.tolist()
    np.testing.assert_array_equal(read, vectors)
    positions, chosen = vectors_of("f.parquet", pd.Series([9, 4, 3]))
    assert positions.tolist() == [0, 2]
    np.testing.assert_array_equal(chosen, vectors[[2, 0]])


def test_a_table_with_an_image_twice_is_refused():
    table = pa.table({"example_id": [1, 1], "vector": fixed_lists(np.ones((2, 3)))})
    schema = features_schema(3)
    write_table(table, "f.parquet", replace(schema, key=()))
    with pytest.raises(TableError, match="the key example_id occurs twice"):
        read_features("f.parquet")


def test_another_table_is_refused():
    write_table(pd.DataFrame({"example_id": [1]}), "f.parquet", EXAMPLE_SCORES)
    with pytest.raises(TableError, match="has no column of vectors"):
        read_features("f.parquet")
