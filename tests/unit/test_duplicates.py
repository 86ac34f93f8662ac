"""Identical files are found, counted by kind and named."""

import pandas as pd

from difficulty.datasets.duplicates import content_of, count_contradictions, describe_duplicates, duplicate_of


def examples(digests, splits=None, labels=None):
    count = len(digests)
    return pd.DataFrame(
        {
            "example_id": range(10, 10 + count),
            "split": splits or ["train"] * count,
            "key": [f"{number}.png" for number in range(count)],
            "label": labels or [0] * count,
            "sha256": list(digests),
        },
        index=range(100, 100 + count),
    )


def test_each_duplicate_points_to_the_first_of_its_group():
    found = duplicate_of(examples("abacab"))
    assert found.dtype == "Int64"
    assert found.tolist() == [pd.NA, pd.NA, 10, pd.NA, 10, 11]
    assert found.index.tolist() == list(range(100, 106))


def test_identical_files_have_one_content_and_contradict_each_other_by_their_labels():
    table = examples("abacab", labels=[0, 1, 0, 2, 0, 2])
    content = content_of(table.assign(duplicate_of=duplicate_of(table)))
    assert content.tolist() == [10, 11, 10, 13, 10, 11] and content.dtype == "int64"
    assert count_contradictions(content, table["label"]) == (2, 1)


def test_nothing_is_said_where_all_files_differ():
    assert duplicate_of(examples("abc")).isna().all()
    assert describe_duplicates(examples("abc")) == ([], None)


def test_kinds_are_counted_and_named():
    table = examples("aabbccd", ["train"] * 3 + ["test"] * 4, [0, 0, 1, 1, 0, 1, 0])
    lines, summary = describe_duplicates(table)
    assert lines == [
        "3 groups of identical files: train/0.png = train/1.png; train/2.png = test/3.png; test/4.png = test/5.png",
        "1 group of identical files across train and test: train/2.png = test/3.png",
        "1 group of identical files with different labels: test/4.png = test/5.png",
    ]
    assert summary == "3 groups of identical files (6 examples), 1 across train and test, 1 with different labels"


def test_only_the_first_groups_and_names_are_shown():
    lines, summary = describe_duplicates(examples("aaaaabbccdd"))
    assert lines == [
        "4 groups of identical files: train/0.png = train/1.png = train/2.png = 2 more; "
        "train/5.png = train/6.png; train/7.png = train/8.png; ..."
    ]
    assert summary == "4 groups of identical files (11 examples), 0 across train and test, 0 with different labels"
