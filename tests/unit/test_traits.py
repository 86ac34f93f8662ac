"""Which scores the parts of a data set have: distributions, and effect sizes against scikit-learn's ROC."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from difficulty.analysis.traits import (
    STATISTIC,
    TRAITS,
    TRUTH,
    Trait,
    plain_traits,
    score_traits,
    superiority,
    traits_table,
)
from difficulty.tables import Column, read_table, write_table

NAN = np.nan
TRAINED_ON = {"e": "easy", "h": "hard", "r": "random"}
MEMBERS = {"easy": [10, 11, 12], "hard": [13, 14, 15], "random": [11, 14, 99]}  # 99 was not scored
CHOSEN_BY = {"easy": ["aum"], "hard": ["aum", "self_confidence"], "random": []}
IDS = np.arange(10, 16)
SCORES = pd.DataFrame(
    {
        "aum": [5.0, 4, 3, 2, 1, NAN],
        "first_learned": [1.0, 1, 2, 3, NAN, NAN],
        "first_learned_ranked": [1.0, 1, 2, 3, 9, 9],
        "aum_std": np.ones(6),
        "self_confidence_validation": [0.9, 0.9, 0.8, 0.7, 0.2, 0.1],
        "aum_test": np.full(6, NAN),
    },
    index=pd.Index(IDS, name="example_id"),
)
COLUMNS = {
    "aum": Column(pa.float32(), "", True, -1),
    "first_learned": Column(pa.float32(), "", True, 1),
    "first_learned_ranked": Column(pa.float32(), "", True, 1),
    "aum_std": Column(pa.float32(), "", True),
    "self_confidence_validation": Column(pa.float32(), "", True, -1),
    "aum_test": Column(pa.float32(), "", True, -1),
}


@pytest.fixture(scope="module")
def table():
    truth = pd.DataFrame({"radius": [1.0, 2, 3, 4, 5, 6]}, index=SCORES.index)
    contrast = pd.DataFrame({"contrast": [6.0, 5, 4, 3, 2, NAN]}, index=SCORES.index)
    traits = [
        *score_traits(SCORES, COLUMNS),
        *plain_traits(TRUTH, truth),
        *plain_traits(STATISTIC, contrast),
    ]
    return traits_table(traits, IDS, TRAINED_ON, MEMBERS, CHOSEN_BY)


def row(table, dataset, trait):
    return table.set_index(["dataset", "trait"]).loc[(dataset, trait)]


def auroc(part, everything):
    """The probability that one of `part` is larger than one of `everything`, which holds `part` once more."""
    return roc_auc_score(np.r_[np.ones(len(part)), np.zeros(len(everything))], np.r_[part, everything])


def test_scores_of_training_examples_and_numeric_truths_are_traits(table):
    assert list(table["trait"].unique()) == ["aum", "first_learned", "self_confidence_validation", "radius", "contrast"]
    assert list(table["dataset"][:3]) == ["easy", "hard", "random"]
    assert list(table["experiment"][:3]) == ["e", "h", "r"]
    kinds = table.drop_duplicates("trait").set_index("trait")
    assert kinds["kind"].to_dict()["contrast"] == "statistic"
    assert kinds["kind"].to_dict()["radius"] == "truth" and pd.isna(kinds["direction"]["radius"])
    assert kinds["direction"]["aum"] == -1


def test_distribution_is_that_of_defined_values_of_examples_that_were_scored(table):
    found = row(table, "hard", "aum")
    assert (found["examples"], found["count"]) == (3, 2)
    assert (found["mean"], found["median"], found["q25"], found["q75"]) == (1.5, 1.5, 1.25, 1.75)
    assert found["std"] == pytest.approx(np.sqrt(0.5))
    assert row(table, "random", "aum")["examples"] == 2


def test_effect_turns_scores_so_that_higher_is_harder(table):
    aum = -SCORES["aum"].dropna().to_numpy()
    assert row(table, "easy", "aum")["effect"] == pytest.approx(auroc(aum[:3], aum)) == pytest.approx(0.3)
    assert row(table, "hard", "aum")["effect"] == pytest.approx(auroc(aum[3:], aum))
    assert row(table, "easy", "contrast")["effect"] == pytest.approx(auroc([6, 5, 4], [6, 5, 4, 3, 2]))
    assert row(table, "easy", "radius")["effect"] == pytest.approx(auroc([1, 2, 3], [1, 2, 3, 4, 5, 6]))


def test_undefined_scores_rank_where_they_do_elsewhere(table):
    ranked = SCORES["first_learned_ranked"].to_numpy()
    found = row(table, "hard", "first_learned")
    assert found["effect"] == pytest.approx(auroc(ranked[3:], ranked))
    assert (found["count"], found["mean"]) == (1, 3) and np.isnan(found["std"])


def test_scores_that_chose_are_marked(table):
    marked = table.loc[table["chosen_by"], ["dataset", "trait"]].itertuples(index=False, name=None)
    assert set(marked) == {("easy", "aum"), ("hard", "aum"), ("hard", "self_confidence_validation")}


def test_a_truth_is_not_marked_because_a_score_of_its_name_chose():
    trait = Trait("truth", "aum", np.arange(6.0), np.arange(6.0))
    assert not traits_table([trait], IDS, TRAINED_ON, MEMBERS, CHOSEN_BY)["chosen_by"].any()


def test_a_part_without_values_has_none(tmp_path):
    trait = Trait("score", "vog", np.full(6, NAN), np.full(6, NAN), 1)
    table = traits_table([trait], IDS, TRAINED_ON, MEMBERS, CHOSEN_BY)
    assert table["count"].eq(0).all() and table[["mean", "std", "median", "effect"]].isna().all(axis=None)
    write_table(table, tmp_path / "a.parquet", TRAITS)


def test_table_fits_its_schema(table, tmp_path):
    write_table(table, tmp_path / "a.parquet", TRAITS)
    assert len(read_table(tmp_path / "a.parquet", TRAITS)) == 15
    assert all(column.description for column in TRAITS.columns.values())


FEW = st.lists(st.integers(0, 5).map(float), min_size=1, max_size=30)


@given(FEW, FEW)
def test_effect_is_the_area_under_the_curve(sample, reference):
    assert superiority(np.array(sample), np.sort(reference)) == pytest.approx(auroc(sample, reference), abs=1e-12)


@given(FEW)
def test_what_is_like_all_has_no_effect(values):
    assert superiority(np.array(values), np.sort(values)) == pytest.approx(0.5, abs=1e-12)


def test_the_easiest_half_reaches_a_quarter():
    everything = np.arange(1000.0)
    assert superiority(everything[:500], everything) == pytest.approx(0.25, abs=1e-3)
    assert np.isnan(superiority(np.empty(0), everything)) and np.isnan(superiority(everything, np.empty(0)))
