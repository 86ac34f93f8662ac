"""Joined statistics of images: entropy of votes, what a table says, and every mistake in one."""

import numpy as np
import pandas as pd
import pytest

from difficulty.datasets.image_keys import image_name
from difficulty.errors import UserError
from difficulty.scores.images.joined_statistics import human_entropy, joined, read_measured
from tests.support.joined_stand_ins import DATA, VALUE, examples, measured

EXACT = 1e-12


# Entropy


def test_entropy_of_people():
    rows = np.array([[3, 0, 0, 0], [1, 1, 0, 0], [5, 5, 5, 5], [0.5, 0.25, 0.25, 0]])
    np.testing.assert_allclose(human_entropy(rows), [0, 1, 2, 1.5], rtol=0, atol=EXACT)
    random = np.random.default_rng(0).random((20, 7))
    plain = [-sum(p / sum(row) * np.log2(p / sum(row)) for p in row) for row in random]
    np.testing.assert_allclose(human_entropy(random), plain, rtol=0, atol=EXACT)


@pytest.mark.parametrize("row", [[0.5, -0.1], [0, 0], [1, np.nan], [np.inf, 1]])
def test_rows_that_are_no_votes(tmp_path, row):
    with pytest.raises(ValueError, match=r"^1 rows of probabilities, the first is row 2"):
        human_entropy(np.array([[1, 0], [0, 1], row]))
    settings = {"by": "original_index", "probabilities": "all"}
    np.save(tmp_path / "a.npy", np.array([[1, 0], row]))
    with pytest.raises(UserError, match=r"a\.npy: .*remove"):
        read_measured(tmp_path / "a.npy", settings)


# Tables


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_what_the_table_does_not_say_is_nan(tmp_path, suffix):
    table, path = pd.DataFrame({"index": [2, 7, 0, 1], "s": [0.5, 1, 3, None]}), tmp_path / f"a{suffix}"
    table.to_csv(path, index=False) if suffix == ".csv" else table.to_parquet(path)
    settings = {"by": "original_index", "column": "index", "value": "s", "split": "train"}
    values, unused = joined(examples(), read_measured(path, settings), settings)
    np.testing.assert_array_equal(values, [3, np.nan, 0.5, np.nan, np.nan])
    assert unused == 1


def test_csv_without_header_and_names_that_look_like_numbers(tmp_path):
    (tmp_path / "a.csv").write_text("x,0012,1.5\ny,12,2.5\nz,dir/2008_000003.JPG,3\n")
    settings = {"by": "name", "column": 1, "value": 2, "header": False}
    images = examples(keys=["a/12.png", "a/0012.jpeg", "2008_000003", "2008_000003.x", "b/c/0.png"])
    values, unused = joined(images, read_measured(tmp_path / "a.csv", settings), settings)
    np.testing.assert_array_equal(values, [2.5, 1.5, 3, np.nan, np.nan])
    assert unused == 0


@pytest.mark.parametrize(
    ("text", "name"), [("a/b.c/2008_000002.JPEG", "2008_000002"), ("v1.5", "v1.5"), ("0012", "0012"), ("x.png", "x")]
)
def test_name_of_an_image(text, name):
    assert image_name(text) == name


@pytest.mark.skipif(not (DATA / "voc2012_vsd_scores.csv").is_file(), reason=f"{DATA} is not here")
def test_search_difficulty(tmp_path):
    """The first and the last line of the published table, 11,540 lines, by the names of files."""
    settings = {"by": "name", "column": 0, "value": 1, "header": False}
    found = read_measured(DATA / "voc2012_vsd_scores.csv", settings)
    lines = (DATA / "voc2012_vsd_scores.csv").read_text().split()
    assert len(found.keys) == len(lines) == 11_540
    ends = [line.split(",") for line in (lines[0], lines[-1])]
    images = examples(train=2, test=0, keys=[f"JPEGImages/{name}.jpg" for name, _ in ends])
    values, unused = joined(images, found, settings)
    assert values.tolist() == [float(seconds) for _, seconds in ends] and unused == 11_538


NAMED = {"by": "name", "column": "index", "value": "s"}


@pytest.mark.parametrize(
    ("table", "settings", "message"),
    [
        ({"i": [0], "s": [1.0]}, VALUE, "no column 'index'; it has i, s"),
        ({"index": [0], "t": [1.0]}, VALUE, "no column 's'; it has index, t"),
        ({"index": [0, 1, 0], "s": [1, 2, 3]}, VALUE, "original_index 0 occurs twice in column 'index'; keep one row"),
        ({"index": ["a.png", "b/a.jpg"], "s": [1, 2]}, NAMED, "name 'a' occurs twice in column 'index'; keep one row"),
        ({"index": [0, None], "s": [1, 2]}, VALUE, "1 rows have nothing in column 'index'; remove them"),
        (
            {"index": ["0"], "s": [1]},
            VALUE,
            "column 'index' is string, expected whole numbers; fix it, or join by name",
        ),
        ({"index": [0.0], "s": [1]}, VALUE, "column 'index' is double, expected whole numbers"),
        ({"index": [0], "s": ["1.5 s"]}, VALUE, "column 's' is string, expected numbers; fix it or name another"),
        ({"index": [0], "s": [True]}, VALUE, "column 's' is bool, expected numbers"),
        ({"index": [0, 1], "s": [1, np.inf]}, VALUE, "column 's' has 1 numbers that are not finite, e.g. inf; fix"),
        ({"index": [0, 1], "s": [1, 1e39]}, VALUE, "column 's' has 1 numbers that are not finite, e.g. 1e\\+39"),
        ({"index": [0], "s": [np.nan]}, VALUE, "not finite, e.g. nan"),
        (
            {"index": [0, 1], "s": [1.0, 2], "t": [1, None]},
            {**VALUE, "value": None, "probabilities": ["s", "t"]},
            "row",
        ),
    ],
)
def test_tables_that_are_not_understood(tmp_path, table, settings, message):
    settings = {key: value for key, value in settings.items() if value is not None}
    with pytest.raises(UserError, match=rf"^\S+table\.parquet: .*{message}") as caught:
        measured(tmp_path, table, settings)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such file"),
        ("a,b\n1\n", "cannot be read as a table"),
        ("0,1\n", "no column 2; it has 2, numbered from 0"),
    ],
)
def test_csv_files_without_header_that_are_not_understood(tmp_path, content, message):
    if content:
        (tmp_path / "a.csv").write_text(content)
    with pytest.raises(UserError, match=rf"a\.csv: {message}"):
        read_measured(tmp_path / "a.csv", {"by": "original_index", "column": 0, "value": 2, "header": False})


@pytest.mark.parametrize(
    ("array", "value", "message"),
    [
        (None, 0, "no such file"),
        (b"no array", 0, "cannot be read as an array"),
        (np.array([{}]), 0, "cannot be read as an array .*allow_pickle"),
        (np.array(["a"]), 0, "expected an array of numbers, a row for each image, got <U1"),
        (np.zeros((2, 2, 2)), 0, r"got float64 \(2, 2, 2\)"),
        (np.zeros((0, 2)), 0, r"got float64 \(0, 2\)"),
        (np.zeros((3, 2)), 2, "no column 2; it has 2, numbered from 0"),
        (np.zeros(3), 1, "no column 1; it has 1, numbered from 0"),
        (np.array([0, np.nan]), 0, "column 0 has 1 numbers that are not finite"),
    ],
)
def test_arrays_that_are_not_understood(tmp_path, array, value, message):
    if isinstance(array, bytes):
        (tmp_path / "a.npy").write_bytes(array)
    elif array is not None:
        np.save(tmp_path / "a.npy", array)
    with pytest.raises(UserError, match=rf"a\.npy: .*{message}") as caught:
        read_measured(tmp_path / "a.npy", {"by": "original_index", "value": value})
    assert "\n" not in str(caught.value)


def test_archives_are_no_arrays(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.zeros(3))
    (tmp_path / "a.npz").rename(tmp_path / "a.npy")
    with pytest.raises(UserError, match="expected an array of numbers, a row for each image, got an archive"):
        read_measured(tmp_path / "a.npy", {"by": "original_index", "value": 0})


@pytest.mark.parametrize(
    ("images", "settings", "message"),
    [
        (examples(), VALUE, "original_index 0 is that of several images of the data set; set split to the one"),
        (examples().assign(original_index=4), {**VALUE, "split": "test"}, "4 is that of several images .*join by name"),
        (examples(keys=["a/1.png", "b/1.png", "2", "3", "4"]), {**NAMED, "split": "train"}, "name '1' is .*original_i"),
        (examples(3, 0).assign(original_index=[7, 8, 9]), VALUE, "none of its 2 rows is of any of the 3 images meant,"),
        (examples(3, 0), {**NAMED, "split": "train"}, "whose name is e.g. '0000', not '0'; see by, column and split"),
        (examples(3, 0), {**VALUE, "split": "test"}, "of the 0 images meant, whose original_index is e.g. none"),
    ],
)
def test_images_that_are_not_found(tmp_path, images, settings, message):
    table = measured(tmp_path, {"index": [0, 1], "s": [1.0, 2.0]}, settings)
    with pytest.raises(UserError, match=rf"table\.parquet: .*{message}") as caught:
        joined(images, table, settings)
    assert "\n" not in str(caught.value)
