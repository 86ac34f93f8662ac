"""VoG against other scores and against planted noise: SciPy's Spearman, scikit-learn's AUROC."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from difficulty.analysis.vog_correlation import OVERALL, VOG_CORRELATION, WITHIN_CLASS, ranks_within, vog_correlation
from difficulty.analysis.vog_label_noise import label_noise_tests


@pytest.fixture
def hardness():
    draws = np.random.default_rng(0)
    loss = np.round(draws.random(90), 1)
    table = pd.DataFrame({"vog_early": loss + draws.random(90), "vog_late": draws.random(90), "loss": loss})
    table.loc[7, "loss"] = np.nan
    return table


def test_correlations_are_scipys(hardness):
    table = vog_correlation(hardness, ["vog_early", "vog_late"], np.arange(90) % 3, replicates=200)
    known = hardness.dropna()
    rows = table[table["compared"] == OVERALL].set_index(["vog", "score"])
    assert set(rows.index) == {(v, s) for v in ("vog_early", "vog_late") for s in hardness if s != v}
    for (vog, score), row in rows.iterrows():
        assert row["spearman"] == pytest.approx(spearmanr(known[vog], known[score]).statistic)
        assert row["low"] < row["spearman"] < row["high"]
        assert row["examples"] == 89


def test_what_differs_between_classes_only_does_not_count_within_them():
    draws = np.random.default_rng(1)
    labels = np.repeat([0, 1, 2, 3], 50)
    table = pd.DataFrame({"vog_a": labels + draws.random(200), "loss": labels + draws.random(200)})
    found = vog_correlation(table, ["vog_a"], labels, 100).set_index("compared")
    assert found.loc[OVERALL, "spearman"] > 0.85
    assert found.loc[WITHIN_CLASS, "low"] < 0 < found.loc[WITHIN_CLASS, "high"]


def test_ranks_within_a_label_by_hand():
    values = np.array([[3.0], [10.0], [1.0], [2.0], [2.0]])
    np.testing.assert_allclose(ranks_within(values, np.array([0, 1, 0, 0, 0])).ravel(), [0.8, 0.5, 0.2, 0.5, 0.5])


def test_few_examples_or_no_vog_give_no_row(hardness):
    for table in (
        vog_correlation(hardness[:9], ["vog_late"], np.zeros(9), 10),
        vog_correlation(hardness, [], None, 10),
    ):
        assert table.empty
        assert set(table) == set(VOG_CORRELATION.columns) - {"role"}


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=60))
def test_auroc_is_scikit_learns(examples):
    values, corrupt = np.array([value for value, _ in examples], float), np.array([truth for _, truth in examples])
    table = label_noise_tests({"vog_late": values}, corrupt)
    if corrupt.all() or not corrupt.any():
        assert table.empty
        return
    assert table["auroc"].item() == pytest.approx(roc_auc_score(corrupt, values))
    assert 0 <= table["p_value"].item() <= 1 or len(np.unique(values)) == 1


def test_undefined_scores_are_left_out():
    values = np.array([1.0, np.nan, 3.0, 4.0, 0.0])
    corrupt = np.array([True, True, True, False, False])
    row = label_noise_tests({"vog_late": values, "vog_early": np.full(5, np.nan)}, corrupt).iloc[0]
    assert row[["score", "corrupt", "pristine", "u"]].tolist() == ["vog_late", 2, 2, 2]
    assert row[["median_corrupt", "median_pristine", "auroc"]].tolist() == [2, 2, 0.5]
