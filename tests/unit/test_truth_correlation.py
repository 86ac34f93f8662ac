"""Correlations with truth columns are SciPy's, over what is known, over all and within each class."""

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from difficulty.analysis.truth_correlation import ALL_CLASSES, TRUTH_CORRELATION, numeric_columns, truth_correlation
from difficulty.figures.scores.truth_correlation import truth_correlation_figure


@pytest.fixture
def data():
    draws = np.random.default_rng(0)
    class_names = pd.Series(np.repeat(["round", "square"], 60))
    size = draws.random(120)
    ratio = np.where(class_names == "round", np.nan, draws.random(120))
    hardness = pd.DataFrame({"loss": -size + 0.3 * draws.random(120), "aum": np.round(draws.random(120), 1)})
    hardness.loc[5, "aum"] = np.nan
    return hardness, pd.DataFrame({"size": size, "ratio": ratio}), class_names


def test_equal_to_scipys_spearman(data):
    hardness, truth, class_names = data
    table = truth_correlation(hardness, truth, class_names, replicates=50)
    complete = hardness.notna().all(axis=1)
    groups = {ALL_CLASSES: complete, "round": complete & (class_names == "round")}
    groups["square"] = complete & (class_names == "square")
    for name, members in groups.items():
        rows = table[(table["truth"] == "size") & (table["class_name"] == name)].set_index("score")
        for score in hardness:
            expected = scipy.stats.spearmanr(hardness.loc[members, score], truth.loc[members, "size"]).statistic
            assert rows.loc[score, "spearman"] == pytest.approx(expected)
            assert rows.loc[score, "low"] <= expected <= rows.loc[score, "high"]
            assert rows.loc[score, "examples"] == members.sum()
    assert set(table.loc[table["truth"] == "ratio", "class_name"]) == {ALL_CLASSES, "square"}


def test_numbers_and_truth_values_count_and_text_does_not():
    examples = pd.DataFrame({"a": [1, 2], "b": [True, False], "c": ["x", "y"], "d": pd.array([1, None], "Int64")})
    found = numeric_columns(examples, list("abcd"))
    assert list(found) == ["a", "b", "d"]
    np.testing.assert_array_equal(found["d"], [1, np.nan])
    np.testing.assert_array_equal(found["b"], [1, 0])


def test_few_examples_give_no_row(data):
    hardness, truth, class_names = data
    table = truth_correlation(hardness[:8], truth[:8], class_names[:8], replicates=10)
    assert table.empty and set(table) == set(TRUTH_CORRELATION.columns) - {"role"}


def test_figure_of_any_table(data):
    table = truth_correlation(*data, replicates=10).assign(role="train")
    assert truth_correlation_figure(table, "title").axes
    assert truth_correlation_figure(table[:0], "title").axes
