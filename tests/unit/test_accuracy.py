"""Test accuracy of an experiment, from histories by hand."""

import pandas as pd
import pytest

from difficulty.analysis.accuracy import accuracy_of, digest_of_test


def history(run, *rows):
    columns = ["epoch", "group", "examples", "top1"]
    return pd.DataFrame(rows, columns=columns).assign(run=run)


def test_seeds_are_averaged_over_their_runs():
    table = pd.concat(
        [
            history("seed-0-fold-0", (1, "test", 40, 0.1), (2, "test", 40, 0.6), (2, "train", 90, 1.0)),
            history("seed-0-fold-1", (2, "test", 40, 0.8)),
            history("seed-1-fold-0", (2, "test", 40, 0.5)),
        ]
    )
    found = accuracy_of(table)
    assert found.mean == pytest.approx(0.6) and found.std == pytest.approx(0.2 / 2**0.5)
    assert (found.runs, found.examples) == (3, 40)
    assert (found.low, found.high) == pytest.approx((0.4460, 0.7365), abs=1e-4)  # by the formula of Wilson 1927
    assert accuracy_of(table[table["run"] == "seed-1-fold-0"]).std is None


def test_without_test_images_there_is_none():
    assert accuracy_of(history("seed-0", (1, "train", 40, 0.5), (1, "test", 0, 0.0))) is None


def test_the_same_test_images_with_the_same_labels_are_known():
    examples = pd.DataFrame({"split": ["train", "test", "test"], "key": ["a", "b", "c"], "class_name": ["x", "y", "x"]})
    examples["sha256"] = ["1", "2", "3"]
    corrected = examples.assign(class_name=["y", "y", "x"]).iloc[::-1]
    assert digest_of_test(corrected) == digest_of_test(examples)
    assert digest_of_test(examples.iloc[:2]) != digest_of_test(examples)
    assert digest_of_test(examples.assign(class_name="y")) != digest_of_test(examples)
