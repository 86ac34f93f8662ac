"""Planted label noise: how many labels change, to what, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from difficulty.datasets.intake import Intake
from difficulty.datasets.label_noise import corrupt_labels
from difficulty.datasets.preparation import _limited
from difficulty.errors import UserError

NAMES = [f"class {number}" for number in range(10)]
LABELS = np.arange(20_000) % 10


def noisy(kind, fraction=0.1, labels=LABELS, names=NAMES, **more):
    return corrupt_labels(labels, names, {"kind": kind, "fraction": fraction, **more}, {})


@given(st.integers(2, 12), st.integers(1, 200), st.floats(0, 1), st.integers(0, 5))
def test_symmetric_changes_exactly_the_asked_number(classes, count, fraction, seed):
    labels = np.arange(count) % classes
    result = noisy("symmetric", fraction, labels, NAMES[:1] * classes, seed=seed)
    assert (result != labels).sum() == round(fraction * count)
    assert result.min() >= 0 and result.max() < classes


def test_symmetric_is_uniform_over_the_other_classes():
    result = noisy("symmetric", 1.0)
    shift = (result - LABELS) % 10
    assert stats.chisquare(np.bincount(shift, minlength=10)[1:]).pvalue > 1e-3


def test_symmetric_any_leaves_one_in_c_untouched():
    changed = (noisy("symmetric_any", 0.5) != LABELS).sum()
    assert changed == pytest.approx(9_000, abs=4 * np.sqrt(10_000 * 0.1 * 0.9))


def test_first_block_changes_the_first_examples_only_and_all_of_them():
    result = noisy("first_block", 0.10001)
    assert (result[:2001] != LABELS[:2001]).all()
    assert (result[2001:] == LABELS[2001:]).all()


def test_asymmetric_maps_a_fraction_of_each_source_class():
    result = noisy("asymmetric", 0.3, map={"class 1": "class 7"})
    assert (result != LABELS).sum() == 600
    assert set(LABELS[result != LABELS]) == {1} and set(result[result != LABELS]) == {7}


def test_noise_is_a_function_of_its_seed():
    assert (noisy("symmetric", seed=1) == noisy("symmetric", seed=1)).all()
    assert (noisy("symmetric", seed=1) != noisy("symmetric", seed=2)).any()


def test_file_names_examples_by_key_or_id(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("key,label\nb,class 3\n")
    keys = {"example_id": np.arange(3), "key": np.array(["a", "b", "c"])}
    assert corrupt_labels(np.zeros(3, int), NAMES, {"kind": "file", "path": path}, keys).tolist() == [0, 3, 0]
    path.write_text("example_id,label\n2,5\n")
    assert corrupt_labels(np.zeros(3, int), NAMES, {"kind": "file", "path": path}, keys).tolist() == [0, 0, 5]


def test_keys_that_look_like_numbers_are_text(tmp_path):
    path = tmp_path / "labels.tsv"
    path.write_text("key\tlabel\n007\t01\n")
    settings, keys = {"kind": "file", "path": path}, {"key": np.array(["7", "007"])}
    assert corrupt_labels(np.zeros(2, int), ["1", "01"], settings, keys).tolist() == [0, 1]


def test_file_of_numeric_class_names_means_names_not_indices(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("example_id,label\n0,1\n1,2\n")
    settings = {"kind": "file", "path": path}
    result = corrupt_labels(np.array([2, 2, 2]), ["1", "2", "3"], settings, {"example_id": np.arange(3)})
    assert result.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("key,label\nz,class 3\n", "key 'z' is no training example"),
        ("key,label\na,class 33\n", r"label that is none of the 10 classes in 1 of 1 rows \(row 0: class 33\)"),
        ("key,label\na,12\nb,-1\n", "label beyond the 10 named classes in 1 of 2 rows .*negative label in 1 of 2"),
        ("key,label\na,3\nb,\n", r"no label in 1 of 2 rows \(row 1: ''\); correct these labels or remove the rows"),
        ("key,label\na,1\na,2\n", "key 'a' occurs twice"),
        ("name,label\na,1\n", "needs a column 'label' and one of example_id, key"),
    ],
)
def test_bad_files_are_named(tmp_path, content, message):
    path = tmp_path / "labels.csv"
    path.write_text(content)
    keys = {"example_id": np.arange(3), "key": np.array(["a", "b", "c"])}
    with pytest.raises(UserError, match=message) as error:
        corrupt_labels(np.zeros(3, int), NAMES, {"kind": "file", "path": path}, keys)
    assert "labels.csv" in str(error.value)


def test_refusals():
    with pytest.raises(UserError, match="no class 'kat'"):
        noisy("asymmetric", map={"kat": "class 1"})
    with pytest.raises(UserError, match="one class only"):
        noisy("symmetric", labels=np.zeros(5, int), names=["a"])


def test_noise_and_a_limit_of_the_same_seed_draw_different_examples():
    examples = pd.DataFrame({"split": ["train"] * len(LABELS)})
    kept = _limited(examples, {"limit": {"train": 2_000}, "limit_seed": 0}, "digits", Intake())
    changed = np.flatnonzero(noisy("symmetric", 0.1) != LABELS)
    assert len(np.intersect1d(kept, changed)) == pytest.approx(200, abs=60)
