"""Other people's out-of-fold probabilities are matched to training examples, unchanged, or refused in one line."""

from argparse import Namespace

import numpy as np
import pandas as pd
import pytest

import collect_probabilities
from difficulty.datasets.example_tables import EXAMPLES
from difficulty.errors import UserError
from difficulty.scores.given_probabilities import GIVEN_PROBABILITIES, probabilities_of, read_given
from difficulty.tables import read_arrow, write_table

NAMED = {"by": "name", "column": "image", "value": "p"}
P = np.array([[0.7, 0.3], [0.2, 0.8], [0.5, 0.5], [1.0, 0.0]])


def images(keys=("x/a.png", "x/b.png", "y/c.png"), index=(2, 0, 1)) -> pd.DataFrame:
    """Training examples, which are sorted otherwise than the publication."""
    return pd.DataFrame({"key": list(keys), "original_index": list(index)})


def by_name(folder, p=P, names=("c.png", "b.jpg", "a", "of the test split"), examples=None, classes=2):
    path = folder / "p.parquet"
    pd.DataFrame({"image": names, "p": list(p)}).to_parquet(path)
    return probabilities_of(images() if examples is None else examples, read_given(path, NAMED), "name", classes)


def by_index(folder, p=P):
    np.save(folder / "p.npy", p)
    return probabilities_of(images(), read_given(folder / "p.npy", {"by": "original_index"}), "original_index", 2)


def test_rows_are_found_by_name_or_by_original_index(tmp_path):
    np.testing.assert_array_equal(by_name(tmp_path), P[[2, 1, 0]].astype(np.float32))
    np.testing.assert_array_equal(by_index(tmp_path), P[[2, 0, 1]].astype(np.float32))
    path, settings = tmp_path / "i.parquet", {"by": "original_index", "column": "i", "value": "p"}
    pd.DataFrame({"i": [1, 0, 2], "p": list(P[:3])}).to_parquet(path)
    found = probabilities_of(images(), read_given(path, settings), "original_index", 2)
    np.testing.assert_array_equal(found, P[[2, 1, 0]].astype(np.float32))


def test_what_rows_of_other_images_hold_does_not_matter(tmp_path):
    p = P.copy()
    p[3] = np.nan
    np.testing.assert_array_equal(by_name(tmp_path, p), by_name(tmp_path))


def with_row(row):
    p = P.copy()
    p[1] = row
    return p


@pytest.mark.parametrize("row", [[0.2, 0.7], [-0.1, 1.1], [np.nan, 1], [np.inf, 0]])
@pytest.mark.parametrize("match", [by_name, by_index])
def test_rows_that_are_no_probabilities_are_refused(tmp_path, row, match):
    with pytest.raises(UserError, match=r"p\.(parquet|npy): 1 rows are no probabilities .*, first row 1 \(from 0\)"):
        match(tmp_path, with_row(row))


def test_sums_may_be_off_by_a_thousandth(tmp_path):
    assert by_name(tmp_path, with_row([0.2, 0.8009])).shape == (3, 2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"classes": 3}, "2 probabilities in a row; the data set has 3 classes"),
        ({"names": ("c", "a", "d", "e")}, "1 of 3 training images have no probabilities, by name: b; its rows are of"),
        ({"names": ("c", "b", "a", "a.png")}, "name 'a' occurs twice in column 'image'"),
        ({"p": [[0.5, 0.5], [1.0], [0, 1.0], [0, 1.0]]}, "column 'p' has 2 numbers in row 0 and 1 in row 1"),
        ({"p": [0.5, 0.5, 0.5, 0.5]}, "column 'p' is double, expected a list of one probability per class"),
        ({"examples": images(keys=["x/a.png", "y/a.png", "z/c.png"])}, "name 'a' is that of several training images"),
    ],
)
def test_tables_that_do_not_fit_are_refused(tmp_path, options, message):
    with pytest.raises(UserError, match=rf"p\.parquet: {message}"):
        by_name(tmp_path, **options)


@pytest.mark.parametrize("array", [P[:, 0], P.astype(int)])
def test_arrays_of_another_kind_are_refused(tmp_path, array):
    with pytest.raises(UserError, match=r"p\.npy: expected an array of probabilities, a row for each image, got"):
        by_index(tmp_path, array)


def test_script_writes_a_row_for_each_training_example(tmp_path):
    examples = pd.DataFrame(
        {
            "example_id": [5, 3, 4, 6],
            "split": ["train", "train", "train", "test"],
            "key": list("abcd"),
            "original_index": [0, 1, 2, 0],
            "label": [0, 1, 0, 1],
            "class_name": ["ant", "bee", "ant", "bee"],
            "file": "",
            "sha256": "",
            "duplicate_of": pd.array([pd.NA] * 4, "Int64"),
        }
    )
    paths = {"examples": tmp_path / "examples.parquet", "given": tmp_path / "p.npy", "output": tmp_path / "out.parquet"}
    write_table(examples, paths["examples"], EXAMPLES)
    np.save(paths["given"], P)
    collect_probabilities.main(Namespace(settings={"by": "original_index"}, code="", upstream="", **paths))
    table = read_arrow(paths["output"], GIVEN_PROBABILITIES)
    assert table["example_id"].to_pylist() == [3, 4, 5]
    assert table["probabilities"].to_pylist() == P[[1, 2, 0]].astype(np.float32).tolist()
