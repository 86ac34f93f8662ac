"""No label is no class: what names one, in every type, and what is counted and named because it does not."""

import decimal

import numpy as np
import pyarrow as pa
import pytest

from difficulty.datasets.intake import Intake
from difficulty.datasets.label_matching import labelled, matched, named_by
from difficulty.datasets.labels import class_numbers, read_labels
from difficulty.errors import UserError

NAN = float("nan")


def classes(column, **options):
    """The class of each row by name, None for no class."""
    labels = read_labels(column, "a.csv: column 'label'", **options)
    return [labels.names[code] if code >= 0 else None for code in labels.codes]


@pytest.mark.parametrize(
    "column",
    [
        pa.array([2, 0, 10, None]),
        pa.array([2, 0, 10, None], pa.uint8()),
        pa.array([2.0, 0.0, 10.0, NAN]),
        pa.array([2.0, 0.0, 10.0, None], pa.float32()),
        pa.array([*map(decimal.Decimal, ("2", "0", "10")), None]),
        pa.array(["2", "0", "10", ""]),
        pa.array([b"2", b"0", b"10", b""]),
        pa.array(["2", "0", "10", None]).dictionary_encode(),
        pa.array([[2], [0], [10], []]),
        pa.array([[2], [0], [10], None], pa.list_(pa.int64(), 1)),
        pa.chunked_array([[2, 0], [10, None]]),
        np.array([2, 0, 10, NAN]),
        np.array([2, 0, 10, NAN], ">f4"),
        np.array([2, 0, 10, NAN], np.longdouble),
        np.array(["2", "0", "10", "nan"]),
    ],
    ids=lambda column: str(getattr(column, "type", getattr(column, "dtype", ""))),
)
def test_whole_numbers_of_every_type_are_the_same_classes_in_their_order(column):
    assert classes(column) == ["2", "0", "10", None]
    assert read_labels(column, "").names == ("0", "2", "10")
    assert read_labels(column, "").codes.tolist() == [1, 0, 2, -1]


def test_text_stays_text():
    column = pa.array(["01", "1", "true", "002", " ant ", "none"])
    expected = ["01", "1", "true", "002", "ant", "none"]
    assert classes(column) == classes(column, is_untyped=True) == expected
    assert classes(pa.array([True, False])) == ["true", "false"]
    assert classes(pa.array(["3.0", "1"])) == ["3.0", "1"]
    assert classes(pa.array(["3.0", "1", "nan"]), is_untyped=True) == ["3", "1", None]  # as pandas writes 3, 1, missing


def test_alike_spellings_are_one_class_and_mixtures_are_noted():
    labels = read_labels(pa.array(["caf\u00e9", "cafe\u0301", "tea"]), "a.csv")
    assert labels.names == ("caf\u00e9", "tea") and labels.codes.tolist() == [0, 0, 1]
    assert "differ in spaces or Unicode forms only, and are one class" in labels.notes[0]
    labels = read_labels(pa.array(["0", "1", "unknown"]), "a.csv", is_untyped=True)
    assert labels.notes == ("a.csv: holds numbers and words; the words (unknown) are classes like the others",)


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        (pa.array([0, 1, -1]), "negative label"),
        (pa.array(["0", "1", "-1"]), "negative label"),
        (pa.array([0.0, 1.0, 0.5]), "label that is no whole number"),
        (pa.array([0.0, 1.0, float("inf")]), "label that is no whole number"),
        (pa.array([0.0, 1.0, NAN]), "no label"),
        (pa.array([0, 1, None]), "no label"),
        (pa.array(["0", "1", " "]), "no label"),
        (pa.array(["0", "1", "NaN"]), "no label"),
    ],
)
def test_what_is_no_class_is_an_error_or_left_out_and_shifts_nothing(column, reason):
    parts = [read_labels(column, "a.parquet: column 'label'")]
    names, parts = matched(parts, ["train"])
    assert names == ["0", "1"] and parts[0].codes.tolist() == [0, 1, -1]
    with pytest.raises(UserError, match=rf"a\.parquet: column 'label': {reason} in 1 of 3 rows \(a/2: .*skip"):
        labelled(parts, "a/{1}".format, "error", Intake())
    intake = Intake()
    (kept,) = labelled(parts, "a/{1}".format, "skip", intake)
    assert kept.tolist() == [True, True, False]
    assert intake.facts(2)["left_out"] == {reason: {"count": 1, "names": ("a/2",)}}


def test_the_message_counts_and_shows_three():
    with pytest.raises(UserError) as caught:
        class_numbers(pa.array([0, 3, 9, 4, 5, -1, None]), "a.csv: column 'label'", ["cat", "dog", "fox"])
    assert str(caught.value) == (
        "a.csv: column 'label': label beyond the 3 named classes in 4 of 7 rows (row 1: 3, row 2: 9, row 3: 4, ...), "
        "negative label in 1 of 7 rows (row 5: -1), no label in 1 of 7 rows (row 6: null); "
        "correct these labels or remove the rows"
    )


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (pa.array([[0.1, 0.9], [1.0, 0.0]]), "lists of up to 2 values in 2 of 2 rows; .* not soft, one-hot or"),
        (pa.array([{"a": 1}]), "is struct<a: int64>, expected one class for each row"),
        (pa.array([0], pa.date32()), "is date32"),
        (pa.array([b"\xff"]), "no text in UTF-8"),
    ],
)
def test_columns_that_hold_no_classes(column, message):
    with pytest.raises(UserError, match=message):
        read_labels(column, "a.parquet: column 'label'")


def test_declared_classes_are_meant_by_number_or_name():
    names = ["cat", "dog", "caf\u00e9"]
    assert class_numbers(pa.array([2, 0, 1]), "", names).tolist() == [2, 0, 1]
    assert class_numbers(pa.array(["dog", "cafe\u0301", "0"]), "", names).tolist() == [1, 2, 0]
    assert class_numbers(pa.array(["3", "1"]), "", ["1", "2", "3"]).tolist() == [2, 0]
    assert class_numbers(pa.array(["2", "ant"]), "", ["ant", "1", "bee"]).tolist() == [2, 0]  # class 1 has no name
    with pytest.raises(UserError, match=r"label that is none of the 3 classes in 1 of 2 rows \(row 0: owl\)"):
        class_numbers(pa.array(["owl", "dog"]), "", names)


def test_files_are_matched_by_the_names_of_their_classes():
    train = read_labels(pa.array([0, 1, 0]), "train", ["cat", "dog", "fox"])
    test = read_labels(pa.array([0, 1, 2]), "test", ["dog", "cat", "owl"])
    names, (train, test) = matched([train, test], ["train", "test"])
    assert names == ["cat", "dog", "fox"]
    assert train.codes.tolist() == [0, 1, 0] and test.codes.tolist() == [1, 0, -1]
    with pytest.raises(UserError, match=r"test: class that no training example has in 1 of 3 rows \(1/2: 2\)"):
        labelled([train, test], "{}/{}".format, "error", Intake())
    names, parts = matched([read_labels(pa.array([4, 2]), ""), read_labels(pa.array(["10", "2"]), "")], ["train"] * 2)
    assert names == ["2", "4", "10"] and [part.codes.tolist() for part in parts] == [[1, 0], [2, 0]]


def test_names_in_a_column_of_their_own():
    numbers, names = (read_labels(pa.array(values), "") for values in ([7, 3, 7, -1], ["z", "a", "z", "x"]))
    both = named_by(numbers, names)
    assert both.names == ("a", "z") and both.codes.tolist() == [1, 0, 1, -1] and list(both.faults) == ["negative label"]
    with pytest.raises(UserError, match="not one to one"):
        named_by(numbers, read_labels(pa.array(["z", "z", "z", "x"]), ""))
    other = named_by(*(read_labels(pa.array(values), "") for values in ([0, 1], ["z", "a"])))
    assert matched([both, other], ["train", "test"])[1][1].codes.tolist() == [1, 0]


def test_two_billion_is_one_class():
    assert read_labels(pa.array([0, 2_000_000_000]), "").names == ("0", "2000000000")
    assert read_labels(pa.array([2**63], pa.uint64()), "").names == (str(2**63),)


def test_maps_and_nameless_classes_are_refused():
    with pytest.raises(UserError, match=r"^a: is map<string, int64>, expected one class for each row"):
        read_labels(pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())), "a")
    for nameless in ("", " ", None):
        with pytest.raises(UserError, match=r"^a: class 1 has an empty name; give it one$"):
            read_labels(pa.array([0, 1]), "a", ["ant", nameless])
