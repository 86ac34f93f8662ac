"""Average precision against scikit-learn, and the 11-point one against a plain loop and an example by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from difficulty.analysis.average_precision import (
    AVERAGE_PRECISION,
    AVERAGE_PRECISION_SUMMARY,
    average_precision,
    average_precision_11,
    class_precisions,
    precision_recall,
    precision_summary,
)
from difficulty.tables import write_table

EXACT = 1e-12


def by_loop(scores, present):
    """VOC 2007's: for each of 11 recalls the largest precision of a threshold with at least that recall."""
    found = []
    for tenth in range(11):
        best = 0.0
        for threshold in set(scores):
            kept = [is_there for score, is_there in zip(scores, present, strict=True) if score >= threshold]
            if 10 * sum(kept) >= tenth * sum(present):
                best = max(best, sum(kept) / len(kept))
        found.append(best)
    return sum(found) / 11


ranked = st.lists(st.tuples(st.integers(-4, 4), st.booleans()), min_size=1, max_size=30)


@given(ranked.filter(lambda pairs: any(present for _, present in pairs)))
def test_against_scikit_learn_and_a_loop(pairs):
    scores, present = np.array([score for score, _ in pairs], float), np.array([each for _, each in pairs])
    curve = precision_recall(scores, present)
    assert average_precision(*curve) == pytest.approx(average_precision_score(present, scores), abs=EXACT)
    assert average_precision_11(*curve) == pytest.approx(by_loop(scores.tolist(), present.tolist()), abs=EXACT)


def test_by_hand():
    """Right, wrong, right, wrong, wrong, right: precision 1, 2/3, 1/2 at the recalls 1/3, 2/3, 1."""
    scores, present = np.arange(6)[::-1].astype(float), np.array([1, 0, 1, 0, 0, 1], bool)
    curve = precision_recall(scores, present)
    assert average_precision(*curve) == pytest.approx((1 + 2 / 3 + 1 / 2) / 3)
    assert average_precision_11(*curve) == pytest.approx((4 * 1 + 3 * 2 / 3 + 4 * 1 / 2) / 11)


def test_classes_means_and_what_does_not_count(tmp_path):
    random = np.random.default_rng(0)
    logits = random.normal(size=(50, 4))
    targets = random.integers(0, 2, (50, 4)).astype(float)
    targets[:20, 1] = np.nan
    targets[:, 2] = 0
    table = class_precisions(logits, targets, ["a", "b", "c", "d"]).set_index("class_name")
    expected = {
        "a": average_precision_score(targets[:, 0], logits[:, 0]),
        "b": average_precision_score(targets[20:, 1], logits[20:, 1]),
        "d": average_precision_score(targets[:, 3], logits[:, 3]),
    }
    found = table["average_precision"]
    assert found[list(expected)].to_dict() == pytest.approx(expected, abs=EXACT)
    assert np.isnan(found["c"]) and found[""] == pytest.approx(np.mean(list(expected.values())))
    assert table["examples"].to_dict() == {"": 50, "a": 50, "b": 30, "c": 50, "d": 50}
    assert table["positives"].to_dict() == {
        "": np.nansum(targets),
        **dict(zip("abcd", np.nansum(targets, 0), strict=True)),
    }
    rows = table.reset_index().assign(role="test", epoch=3)
    write_table(rows, tmp_path / "run.parquet", AVERAGE_PRECISION)
    other = rows.assign(average_precision=rows["average_precision"] + 0.2)
    summary = precision_summary([rows, other])
    write_table(summary, tmp_path / "summary.parquet", AVERAGE_PRECISION_SUMMARY)
    assert summary["class_name"].tolist() == ["", "a", "b", "c", "d"] and (summary["runs"] == 2).all()
    np.testing.assert_allclose(summary["average_precision"], rows["average_precision"] + 0.1)
    np.testing.assert_allclose(summary["average_precision_std"].dropna(), 0.1 * np.sqrt(2))
    assert summary["average_precision"].isna().tolist() == [False, False, False, True, False]
    assert precision_summary([rows])["average_precision_std"].isna().all()


def test_no_class_is_present():
    table = class_precisions(np.zeros((3, 2)), np.zeros((3, 2)), ["a", "b"])
    assert table["average_precision"].isna().all() and isinstance(table, pd.DataFrame)
