"""How far variants of influence agree: SciPy's Spearman and least squares, ties, blocks, and the script."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import linregress, rankdata, spearmanr

from difficulty.analysis import influence_agreement as module
from difficulty.analysis.influence_agreement import (
    INFLUENCE_AGREEMENT,
    INFLUENCE_SAMPLE,
    compare_blocks,
    drawn_pairs,
    influence_agreement,
    row_midranks,
)
from difficulty.scores.influence.pairwise_blocks import common_queries, summed_blocks
from difficulty.scores.influence.pairwise_tables import PAIRWISE_EXAMPLES, pairwise_schema
from difficulty.scores.influence.tables import SELF_INFLUENCE
from difficulty.tables import read_provenance, read_table, write_table
from tests.support.scripts import run_script, succeed

VARIANTS = ["identity", "kfac", "ekfac"]
EXACT = 1e-12
SINGLE = 1e-5  # sums over checkpoints are of float32


def made_values(ties=False, queries=4, examples=40):
    values = np.random.default_rng(0).standard_t(3, (len(VARIANTS), queries, examples)).astype(np.float32)
    values[2] += 1e4 + 3 * values[1]
    return np.round(values) if ties else values


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("cells", [1, 1 << 21])
def test_numbers_are_scipys(monkeypatch, ties, cells):
    monkeypatch.setattr(module, "_CELLS", cells)
    values = made_values(ties)
    table = influence_agreement(values, VARIANTS, [7, 3, 5, 11])
    pairs = list(zip(table["reference"], table["other"], strict=True))
    assert pairs == [("identity", "kfac"), ("identity", "ekfac"), ("kfac", "ekfac")] * 4
    assert table["query_id"].tolist() == [7] * 3 + [3] * 3 + [5] * 3 + [11] * 3
    assert set(table["examples"]) == {40}
    for row in table.itertuples():
        query = [7, 3, 5, 11].index(row.query_id)
        reference, other = (values[VARIANTS.index(name), query].astype(float) for name in (row.reference, row.other))
        line = linregress(reference, other)
        assert row.spearman == pytest.approx(spearmanr(reference, other).statistic, rel=EXACT)
        assert row.slope == pytest.approx(line.slope, rel=1e-9)
        assert row.intercept == pytest.approx(line.intercept, rel=1e-9)


@given(
    st.lists(st.lists(st.sampled_from([-1.5, -0.0, 0.0, 2.0, 1e30]), min_size=5, max_size=5), min_size=1, max_size=4)
)
def test_ranks_are_scipys(rows):
    np.testing.assert_array_equal(row_midranks(np.array(rows)), rankdata(rows, axis=1))


@given(st.lists(st.integers(-50, 50), min_size=3, max_size=30, unique=True), st.integers(0, 100))
@settings(max_examples=50)
def test_a_monotone_transformation_keeps_spearman(reference, seed):
    other = np.random.default_rng(seed).normal(size=len(reference))
    values = np.array([[reference], [other], [np.exp(np.array(reference) / 20)]])
    table = influence_agreement(values, VARIANTS, [None]).set_index(["reference", "other"])["spearman"]
    assert table["identity", "ekfac"] == pytest.approx(1, abs=EXACT)
    assert table["kfac", "ekfac"] == pytest.approx(table["identity", "kfac"], abs=EXACT)


@given(
    st.lists(st.integers(-50, 50), min_size=2, max_size=30, unique=True),
    st.floats(-100, 100).filter(lambda a: abs(a) > 1e-3),
    st.floats(-100, 100),
)
@settings(max_examples=50)
def test_the_line_of_a_linear_function_is_that_function(reference, a, b):
    reference = np.array(reference, float)
    row = influence_agreement(np.array([[reference], [a * reference + b]]), ["kfac", "ekfac"], [None]).iloc[0]
    assert row["slope"] == pytest.approx(a, rel=1e-9)
    assert row["intercept"] == pytest.approx(b, abs=1e-8)
    assert row["spearman"] == pytest.approx(np.sign(a), abs=EXACT)


@pytest.mark.parametrize("undefined", [0, 3e-5, np.nan, np.inf])
def test_constant_or_infinite_influence_gives_nothing(undefined):
    values = made_values()
    values[1, 2] = undefined
    table = influence_agreement(values, VARIANTS, range(4))
    empty = table[["spearman", "slope", "intercept"]].isna().all(axis=1)
    concerned = (table["query_id"] == 2) & ((table["reference"] == "kfac") | (table["other"] == "kfac"))
    pd.testing.assert_series_equal(empty, concerned.astype(bool), check_names=False)
    assert not table.loc[~empty].isna().any(axis=None)


def test_one_variant_or_no_example_to_compare():
    assert influence_agreement(made_values()[:1], ["ekfac"], range(4)).empty
    assert influence_agreement(made_values()[:, :, :0], VARIANTS, range(4))["spearman"].isna().all()


def test_pairs_are_drawn_once_and_for_all():
    query, example = drawn_pairs("hardest", 60, 500)
    assert len(set(zip(query, example, strict=True))) == len(query) == 2000
    assert (query.max(), example.max()) == (59, 499)
    np.testing.assert_array_equal(query, drawn_pairs("hardest", 60, 500)[0])
    assert not np.array_equal(example, drawn_pairs("random", 60, 500)[1])
    few = drawn_pairs("hardest", 2, 3)
    assert list(zip(*few, strict=True)) == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]


def test_blocks_do_not_matter():
    values, ids = made_values(queries=7, examples=500), np.arange(500) * 2

    def compared(size):
        starts = range(0, 7, size)
        blocks = [(np.arange(start, min(start + size, 7)), values[:, start : start + size]) for start in starts]
        parts = zip(*compare_blocks("hardest", VARIANTS, 7, ids, blocks), strict=True)
        return [pd.concat(part, ignore_index=True) for part in parts]

    (whole, sample), (parted, parted_sample) = compared(7), compared(3)
    pd.testing.assert_frame_equal(whole, parted)
    order = ["variant", "query_id", "example_id"]
    pd.testing.assert_frame_equal(
        sample.sort_values(order, ignore_index=True), parted_sample.sort_values(order, ignore_index=True)
    )
    assert sample.groupby("variant").size().tolist() == [2000] * 3
    for row in sample.sample(50, random_state=0).itertuples():
        assert row.influence == values[VARIANTS.index(row.variant), row.query_id, row.example_id // 2]


# Script


def write_pairwise(path, values, query_ids, example_ids, **options):
    queries, examples = values.shape
    lists = pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), examples)
    columns = {"query_id": query_ids, "lost": np.zeros(queries, np.float32), "influence": lists}
    write_table(pa.table(columns), path, pairwise_schema(examples), **options)
    listed = pd.DataFrame({"example_id": example_ids})
    write_table(listed, path.with_name(f"{path.stem}-examples.parquet"), PAIRWISE_EXAMPLES)


@pytest.fixture
def run(tmp_path):
    """A run with two checkpoints, three variants and one set of four queries; the values of both checkpoints."""
    folder, draws = tmp_path / "noisy" / "seed-1", np.random.default_rng(1)
    own, pairs = (draws.normal(size=(3, 2, *shape)).astype(np.float32) for shape in ((50,), (4, 40)))
    for number, variant in enumerate(VARIANTS):
        for place, epoch in enumerate((2, 10)):
            name = f"{variant}-epoch-{epoch}.parquet"
            table = pd.DataFrame({"example_id": np.arange(50) + 3, "self_influence": np.abs(own[number, place])})
            write_table(table, folder / "influence" / name, SELF_INFLUENCE)
            path = folder / "pairwise" / "hardest" / name
            write_pairwise(path, pairs[number, place], [9, 8, 7, 6], np.arange(40) * 2, rows_per_group=3)
    return folder, np.abs(own).sum(axis=1), pairs.sum(axis=1)


def inputs(folder):
    names = [f"{variant}-epoch-{epoch}" for epoch in (10, 2) for variant in reversed(VARIANTS)]
    pairwise = folder / "pairwise" / "hardest"
    return {
        "self": [folder / "influence" / f"{name}.parquet" for name in names],
        "pairwise": [pairwise / f"{name}.parquet" for name in names],
        "settings": {"strategies": VARIANTS},
        "output": folder / "agreement.parquet",
        "sample": folder / "sample.parquet",
        "log": folder / "log",
    }


def test_script_sums_over_checkpoints_and_compares_in_the_order_of_the_settings(run):
    folder, own, pairs = run
    succeed("compute_influence_agreement", **inputs(folder))
    table = read_table(folder / "agreement.parquet", INFLUENCE_AGREEMENT)
    assert read_provenance(folder / "agreement.parquet")["run"] == "seed-1"
    expected = pd.concat(
        [
            influence_agreement(own[:, None], VARIANTS, [None]).assign(compared="self"),
            influence_agreement(pairs, VARIANTS, [9, 8, 7, 6]).assign(compared="hardest"),
        ],
        ignore_index=True,
    )
    numbers = ["spearman", "slope", "intercept"]
    facts = ["compared", "reference", "other", "examples"]
    pd.testing.assert_frame_equal(table[facts], expected[facts])
    np.testing.assert_allclose(table[numbers], expected[numbers], rtol=SINGLE, atol=SINGLE)
    assert table["query_id"].isna().sum() == 3
    sample = read_table(folder / "sample.parquet", INFLUENCE_SAMPLE).set_index("compared")
    self_influence = sample.loc["self"].query("variant == 'kfac'")
    assert self_influence["example_id"].tolist() == list(range(3, 53))
    np.testing.assert_allclose(self_influence["influence"], own[1], rtol=SINGLE)
    on_queries = sample.loc["hardest"].query("variant == 'ekfac'").sort_values(["query_id", "example_id"])
    assert on_queries["example_id"].tolist() == [*range(0, 80, 2)] * 4
    np.testing.assert_allclose(on_queries["influence"], pairs[2][::-1].ravel(), rtol=SINGLE, atol=SINGLE)


def test_script_without_queries_and_with_one_variant(run):
    folder, *_ = run
    given = inputs(folder) | {"self": [folder / "influence" / "ekfac-epoch-2.parquet"]}
    succeed("compute_influence_agreement", **{**given, "pairwise": []})
    assert read_table(folder / "agreement.parquet", INFLUENCE_AGREEMENT).empty
    assert set(read_table(folder / "sample.parquet", INFLUENCE_SAMPLE)["variant"]) == {"ekfac"}


@pytest.mark.parametrize("rows", [1, 3, 100])
def test_blocks_are_read_whatever_the_row_groups(run, rows):
    folder, _, pairs = run
    for variant, expected in zip(VARIANTS, pairs, strict=True):
        paths = sorted((folder / "pairwise" / "hardest").glob(f"{variant}-epoch-*[0-9].parquet"))
        assert common_queries(paths).tolist() == [9, 8, 7, 6]
        blocks = list(summed_blocks(paths, rows))
        assert len(blocks) == -(-4 // rows)
        np.testing.assert_allclose(np.concatenate(blocks), expected, rtol=SINGLE, atol=SINGLE)


@pytest.mark.parametrize("other", ["queries", "examples", "own"])
def test_tables_of_other_rows_are_refused(run, other):
    folder, *_ = run
    if other == "own":
        path = folder / "influence" / "ekfac-epoch-2.parquet"
        write_table(read_table(path, SELF_INFLUENCE)[::-1], path, SELF_INFLUENCE)
    else:
        path = folder / "pairwise" / "hardest" / "ekfac-epoch-2.parquet"
        queries = [8, 9, 7, 6] if other == "queries" else [9, 8, 7, 6]
        write_pairwise(path, np.ones((4, 40), np.float32), queries, np.arange(40) * (2 if other == "queries" else 1))
    done = run_script("compute_influence_agreement", **inputs(folder))
    assert done.returncode == 1
    assert "ekfac-epoch-2" in done.stderr and "in another order" in done.stderr
    assert "Traceback" not in done.stderr
