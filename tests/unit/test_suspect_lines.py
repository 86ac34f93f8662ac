"""What the terminal shows of suspects and of estimated label errors."""

import pandas as pd

from difficulty.label_error_lines import label_error_lines
from difficulty.suspect_lines import first_suspects

ROWS = pd.DataFrame(
    {
        "rank": [1, 2, 3],
        "key": ["a", "b", "c"],
        "file": ["train/ant/a.png", None, "train/bee/c.png"],
        "given_label": ["ant", "bee", "bee"],
        "suggested_label": ["bee", None, "ant"],
        "suggested_share": [0.83, None, 0.4],
    }
)


def test_first_suspects(tmp_path):
    ROWS.to_csv(tmp_path / "suspects.csv", index=False)
    assert first_suspects(tmp_path / "suspects.csv", 2) == [
        "    1  train/ant/a.png  labelled ant, perhaps bee (83% of predictions)",
        "    2  b                labelled bee",
    ]


def test_probability_and_verdict_are_shown_where_there_are_some(tmp_path):
    ROWS.assign(probability_wrong=[0.912, None, None], verdict=["swapped", "fine", None]).to_csv(tmp_path / "s.csv")
    assert first_suspects(tmp_path / "s.csv", 3) == [
        "    1  train/ant/a.png  labelled ant, perhaps bee (83% of predictions); P(wrong) 0.91; swapped",
        "    2  b                labelled bee; fine",
        "    3  train/bee/c.png  labelled bee, perhaps ant (40% of predictions)",
    ]


def test_an_empty_list(tmp_path):
    ROWS[:0].to_csv(tmp_path / "suspects.csv", index=False)
    assert first_suspects(tmp_path / "suspects.csv", 2) == []


def estimate(tmp_path, **changed) -> list[str]:
    row = {
        **{"examples": 1200, "estimated_wrong": 118.4, "low": 90.0, "high": 140.0, "cut": 125.0},
        **{"expected_precision": 0.81, "expected_recall": 0.855, "trustworthy": True, "reason": None},
    }
    pd.DataFrame([{**row, **changed}]).to_parquet(tmp_path / "label-errors.parquet")
    return label_error_lines(tmp_path / "label-errors.parquet")


def test_the_estimate_in_a_sentence(tmp_path):
    assert label_error_lines(tmp_path / "label-errors.parquet") == []
    assert estimate(tmp_path) == [
        "About 118 (90 to 140) of 1,200 labels are wrong; check the first 125 (expected: 81% of these to be wrong, "
        "86% of all wrong labels to be among them)."
    ]
    assert estimate(tmp_path, cut=None, low=None) == ["About 118 of 1,200 labels are wrong."]


def test_no_sign_of_wrong_labels(tmp_path):
    assert estimate(tmp_path, estimated_wrong=0.0, low=0.0, high=40.0, cut=0) == [
        "Nothing shows that any of 1,200 labels is wrong; up to 40 may be wrong all the same. Look at the first few."
    ]
    few = {"estimated_wrong": 3.2, "low": 0.0, "cut": 0, "expected_precision": None}
    assert estimate(tmp_path, **few) == ["About 3 (0 to 140) of 1,200 labels are wrong; of none is that likely."]


def test_why_it_cannot_be_trusted_comes_first(tmp_path):
    reason = "networks did not fit the training images"
    lines = estimate(tmp_path, trustworthy=False, reason=reason)
    assert lines == [f"This list cannot be trusted: {reason} (docs/analyses/label_errors.md)"]
    assert estimate(tmp_path, trustworthy=False, reason=reason, estimated_wrong=None) == lines[:1]
