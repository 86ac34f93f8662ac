"""Statistics of images against scores: what is compared with what, on which examples, and what is left undefined."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import scipy.stats
from sklearn.linear_model import LinearRegression

from difficulty.analysis.known_numbers import known_numbers
from difficulty.analysis.relations import KINDS, OVERALL, PARTIAL, RELATIONS, WITHIN_CLASS, relations_table
from difficulty.datasets.example_tables import EXAMPLES
from difficulty.scores.collect import EXAMPLE_SCORES, SCORES
from difficulty.tables import Column, read_provenance, read_table, write_table
from tests.support.scripts import run_script, succeed

EXACT = 1e-9
COLUMNS = [column for column in RELATIONS.columns if column != "role"]


@pytest.fixture
def data():
    """Scores, statistics with ties and gaps, and classes, of 200 examples."""
    random = np.random.default_rng(0)
    classes = random.integers(0, 4, 200)
    brightness = random.random(200) + 0.3 * classes
    edges = brightness + random.random(200)
    statistics = pd.DataFrame({"edges": edges, "brightness": brightness, "people": np.round(random.random(200), 1)})
    statistics.loc[::3, "people"] = np.nan
    hardness = pd.DataFrame({"loss": random.normal(size=200) - edges, "depth": random.integers(0, 5, 200) + classes})
    hardness.loc[:20, "depth"] = np.nan
    return hardness, statistics, classes


def cells(table):
    return table.set_index(["statistic", "score", "kind"]).sort_index()


def test_overall_is_scipys_on_the_examples_that_have_both(data):
    hardness, statistics, classes = data
    table = relations_table(hardness, statistics, classes)
    assert list(table.columns) == COLUMNS and len(table) == 3 * 2 * 3
    assert table["statistic"].drop_duplicates().tolist() == ["edges", "brightness", "people"]
    assert table["kind"][:3].tolist() == list(KINDS)
    rows = cells(table)
    for statistic in statistics:
        for score in hardness:
            expected = scipy.stats.spearmanr(statistics[statistic], hardness[score], nan_policy="omit")
            row = rows.loc[(statistic, score, OVERALL)]
            assert row["correlation"] == pytest.approx(expected.statistic, abs=EXACT)
            assert row["p_value"] == pytest.approx(expected.pvalue, rel=1e-6)
            assert row["low"] < row["correlation"] < row["high"]
            assert row["examples"] == (statistics[statistic].notna() & hardness[score].notna()).sum()


def test_partial_is_that_of_scikit_learns_residuals(data):
    hardness, statistics, classes = data
    row = cells(relations_table(hardness, statistics, classes)).loc[("people", "depth", PARTIAL)]
    both = (statistics["people"].notna() & hardness["depth"].notna()).to_numpy()
    x, y, light = (
        scipy.stats.rankdata(column[both])
        for column in (statistics["people"], hardness["depth"], statistics["brightness"])
    )
    design = np.column_stack([classes[both][:, None] == np.arange(4), light])
    residuals = [ranks - LinearRegression().fit(design, ranks).predict(design) for ranks in (x, y)]
    r, freedom = np.corrcoef(residuals)[0, 1], both.sum() - 2 - 3 - 1
    assert row["correlation"] == pytest.approx(r, abs=EXACT)
    p = 2 * scipy.stats.t.sf(abs(r) * np.sqrt(freedom / (1 - r**2)), freedom)
    assert row["p_value"] == pytest.approx(p, rel=1e-6)
    z, half = np.arctanh(r), scipy.stats.norm.ppf(0.975) * np.sqrt((1 + r**2 / 2) / (freedom - 1))
    assert (row["low"], row["high"]) == pytest.approx((np.tanh(z - half), np.tanh(z + half)), abs=EXACT)


def test_in_one_class_within_is_overall(data):
    hardness, statistics, _ = data
    rows = cells(relations_table(hardness, statistics, np.zeros(200)))
    within, overall = (rows.xs(kind, level="kind").drop(columns="p_holm") for kind in (WITHIN_CLASS, OVERALL))
    pd.testing.assert_frame_equal(within, overall, rtol=EXACT)


def test_simpsons_paradox():
    """Within each class x and y fall together, and classes with larger x have larger y."""
    random, classes = np.random.default_rng(0), np.repeat([0, 1, 2], 50)
    x = random.random(150)
    y = pd.DataFrame({"y": -x + 0.1 * random.random(150) + 5 * classes})
    statistics = pd.DataFrame({"x": x + 5 * classes, "brightness": random.random(150)})
    found = cells(relations_table(y, statistics, classes))["correlation"]["x", "y"]
    assert found[OVERALL] > 0.7 and found[WITHIN_CLASS] < -0.9 and found[PARTIAL] < -0.9


def test_a_relation_that_brightness_makes_is_gone_in_the_partial_one():
    random = np.random.default_rng(0)
    brightness = random.random(2000)
    statistics = pd.DataFrame({"edges": brightness + 0.1 * random.random(2000), "brightness": brightness})
    hardness = pd.DataFrame({"loss": brightness + 0.1 * random.random(2000)})
    rows = cells(relations_table(hardness, statistics, random.integers(0, 2, 2000)))
    assert rows.loc[("edges", "loss", OVERALL), "correlation"] > 0.9
    assert abs(rows.loc[("edges", "loss", PARTIAL), "correlation"]) < 3 / np.sqrt(2000)


def test_holm_is_over_statistics_and_scores_of_a_kind(data):
    table = relations_table(*data)
    for _, rows in table.groupby("kind"):
        p = rows["p_value"].dropna().sort_values().to_numpy()
        expected = [min(1, max((len(p) - j) * p[j] for j in range(i + 1))) for i in range(len(p))]
        np.testing.assert_allclose(rows["p_holm"].dropna().sort_values(), expected)
    assert table["p_holm"].isna().equals(table["p_value"].isna())


def test_what_orders_the_images_alike_is_tested_once(data):
    """Edges per pixel are edges over a constant: neither a row of their own nor a further test to correct for."""
    hardness, statistics, classes = data
    before = relations_table(hardness, statistics, classes)
    first = statistics.columns[0]
    repeated = statistics.assign(per_pixel=statistics[first] / 64)
    after = relations_table(hardness.assign(again=2 * hardness.iloc[:, 0]), repeated, classes)
    assert after.loc[after["statistic"] == first, "also"].eq("per_pixel").all()
    assert after.loc[after["statistic"] != first, "also"].isna().all()
    same = after[after["score"] != "again"].reset_index(drop=True)
    pd.testing.assert_frame_equal(same.drop(columns="also"), before.drop(columns="also"))
    copied = after[after["score"] == "again"].set_index(["statistic", "kind"])["p_holm"]
    original = after[after["score"] == hardness.columns[0]].set_index(["statistic", "kind"])["p_holm"]
    pd.testing.assert_series_equal(copied, original)


def test_brightness_has_no_partial_correlation_and_without_it_nothing_has(data):
    hardness, statistics, classes = data
    rows = relations_table(hardness, statistics, classes)
    undefined = rows[rows["correlation"].isna()]
    assert set(zip(undefined["statistic"], undefined["kind"], strict=True)) == {("brightness", PARTIAL)}
    rows = relations_table(hardness, statistics.drop(columns="brightness"), classes)
    assert rows["correlation"].isna().equals(rows["kind"] == PARTIAL)
    assert rows.loc[rows["kind"] == PARTIAL, ["low", "high", "p_value", "p_holm"]].isna().all(axis=None)
    assert (rows.loc[rows["kind"] == PARTIAL, "examples"] == 0).all()


def test_partial_is_over_the_examples_of_known_brightness(data):
    hardness, statistics, classes = data
    dark = statistics.assign(brightness=statistics["brightness"].where(np.arange(200) < 100))
    few = relations_table(hardness[:100], statistics[:100], classes[:100])
    expected = cells(few).loc[("edges", "loss", PARTIAL)].drop("p_holm")
    found = cells(relations_table(hardness, dark, classes)).loc[("edges", "loss", PARTIAL)].drop("p_holm")
    pd.testing.assert_series_equal(found, expected)


def test_constant_columns_have_no_correlation(data):
    hardness, statistics, classes = data
    rows = relations_table(hardness.assign(loss=1.0), statistics.assign(class_like=classes), classes)
    assert rows.loc[rows["score"] == "loss", ["correlation", "low", "high", "p_value", "p_holm"]].isna().all(axis=None)
    found = cells(rows)["correlation"]["class_like", "depth"]
    assert found[OVERALL] > 0.3 and np.isnan(found[WITHIN_CLASS]) and np.isnan(found[PARTIAL])


def test_classes_that_are_too_many_leave_nothing_to_correlate(data):
    hardness, statistics, _ = data
    rows = relations_table(hardness.assign(depth=hardness["loss"]), statistics[["edges"]], np.arange(200).clip(max=197))
    assert rows["correlation"].isna().equals(rows["kind"] != OVERALL)


def test_few_examples_give_no_row(data):
    hardness, statistics, classes = data
    statistics.loc[9:, "people"] = np.nan
    table = relations_table(hardness, statistics, classes)
    assert set(table["statistic"]) == {"edges", "brightness"}
    empty = relations_table(hardness[:9], statistics[:9], classes[:9])
    assert empty.empty and list(empty.columns) == COLUMNS


def test_known_numbers_are_statistics_and_then_truths_that_are_numbers():
    statistics = pd.DataFrame({"example_id": [3, 1], "segments": np.float32([5, 7]), "name": ["x", "y"]})
    examples = pd.DataFrame({name: [0, 0, 0] for name in EXAMPLES.columns}).assign(example_id=[1, 2, 3])
    examples = examples.assign(kind=["a", "b", "c"], hidden=[True, False, None], radius=[1.5, 2, np.nan])
    found = known_numbers(examples.astype({"hidden": "boolean"}), [statistics])
    assert list(found) == ["segments", "hidden", "radius"] and found.index.tolist() == [1, 2, 3]
    np.testing.assert_array_equal(found["segments"], [7, np.nan, 5])
    np.testing.assert_array_equal(found["hidden"], [1, 0, np.nan])
    assert list(known_numbers(examples.drop(columns=["hidden"]))) == ["radius"]


@pytest.fixture
def folder(tmp_path):
    """Tables of an experiment with 60 training and 20 test images: aum falls with the edges."""
    random, edges = np.random.default_rng(0), np.arange(80) % 11 + np.arange(80) / 100
    label = np.arange(80) % 3
    examples = pd.DataFrame({"example_id": np.arange(80), "split": ["train"] * 60 + ["test"] * 20, "label": label})
    for name, column in EXAMPLES.columns.items():
        if name not in examples:
            examples[name] = "x" if pa.types.is_string(column.type) else 0
    truth = {"radius": Column(pa.float64(), "radius", nullable=True)}
    write_table(examples.assign(radius=random.random(80)), tmp_path / "examples.parquet", EXAMPLES.extended(truth))
    statistics = {name: Column(pa.float32(), name, nullable=True) for name in ("edges", "brightness")}
    table = pd.DataFrame({"example_id": np.arange(80), "edges": edges, "brightness": random.random(80)})
    write_table(table, tmp_path / "images.parquet", EXAMPLE_SCORES.extended(statistics))
    scores = examples[["example_id", "split", "class_name", "label"]].assign(clean_label=label, is_corrupt=False)
    is_test = np.arange(80) >= 60
    scores = scores.assign(runs_train=2 * ~is_test, runs_test=2 * is_test, runs_validation=0, edges=edges)
    scores = scores.assign(aum=np.where(is_test, np.nan, -edges), aum_test=np.where(is_test, edges, np.nan))
    columns = {name: Column(pa.float32(), name, True, -1) for name in ("aum", "aum_test")}
    columns["edges"] = Column(pa.float32(), "edges", nullable=True)
    write_table(scores, tmp_path / "scores.parquet", SCORES.extended(columns))
    return tmp_path


def tables_of(folder):
    return {name: folder / f"{name}.parquet" for name in ("scores", "examples")} | {
        "statistics": folder / "images.parquet",
        "output": folder / "out.parquet",
    }


def test_script_turns_scores_and_keeps_roles_apart(folder):
    succeed("compute_relations", **tables_of(folder))
    table = read_table(folder / "out.parquet", RELATIONS)
    assert table["statistic"].drop_duplicates().tolist() == ["edges", "brightness", "radius"]
    assert set(table["score"]) == {"aum"}
    found = table[table["statistic"] == "edges"].set_index(["role", "kind"])
    assert found["correlation"]["train", OVERALL] == pytest.approx(1)
    assert found["correlation"]["test", OVERALL] == pytest.approx(-1)
    assert found["examples"]["train", PARTIAL] == 60 and found["examples"]["test", PARTIAL] == 20
    assert read_provenance(folder / "out.parquet")["stage"] == "compute_relations"


def test_script_takes_the_wanted_scores_and_tells_what_is_missing(folder):
    succeed("compute_relations", settings={"scores": ["aum", "vog_early"]}, **tables_of(folder))
    done = run_script("compute_relations", settings={"scores": ["vog_early"]}, log=folder / "log", **tables_of(folder))
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "analyses.relations.scores: no score vog_early in" in done.stderr


def test_script_with_truth_columns_alone_has_no_partial_correlation(folder):
    succeed("compute_relations", **(tables_of(folder) | {"statistics": []}))
    table = read_table(folder / "out.parquet", RELATIONS)
    assert set(table["statistic"]) == {"radius"}
    assert table["correlation"].isna().equals(table["kind"] == PARTIAL)
