"""Order of the examples over runs: SciPy's rank correlation, closed forms of reliability, folds, and the script."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from difficulty.analysis.order_stability import (
    BETWEEN,
    ORDER,
    PAIRED,
    RELIABILITY,
    SELF,
    WITHIN,
    aligned,
    experiment_halves,
    order_rows,
    pairwise_spearman,
    reliability_rows,
    scores_of_runs,
    spearman_brown,
)
from difficulty.scores.collect import RUN_SCORES
from difficulty.tables import Column, read_provenance, read_table, write_table
from tests.support.drawn_figures import drawn_figure
from tests.support.figure_reading import said
from tests.support.scripts import SCRIPTS, run_script, succeed

EXACT = 1e-12
SAMPLED = 0.02  # of 20,000 examples
LEARNED = {"learned": Column(pa.float32(), "epoch", nullable=True, direction=1, null_ranks_as=9)}
AUM = {"aum": Column(pa.float32(), "margin", direction=-1)}
UNDEFINED = {"aum": Column(pa.float32(), "margin", nullable=True, direction=-1)}


def noisy_ranks(runs, examples, seed=0):
    """Signal and noise, rounded, so that there are ties."""
    random = np.random.default_rng(seed)
    return np.round(random.normal(size=examples) + random.normal(size=(runs, examples)), 1)


def test_every_pair_of_runs_is_scipys():
    values = noisy_ranks(5, 200)
    matrix, examples = pairwise_spearman(values)
    np.testing.assert_allclose(matrix, spearmanr(values, axis=1).statistic, atol=EXACT)
    assert (examples == 200).all()


@settings(max_examples=30)
@given(st.integers(0, 1000), st.integers(2, 6), st.integers(1, 3))
def test_pairs_are_compared_on_what_both_have(seed, runs, kinds):
    random = np.random.default_rng(seed)
    values, missing = noisy_ranks(runs, 40, seed), random.random((kinds, 40)) < 0.3
    for row, own in zip(values, random.integers(0, kinds, runs), strict=True):
        row[missing[own]] = np.nan
    matrix, examples = pairwise_spearman(values)
    for a in range(runs):
        for b in range(runs):
            found = spearmanr(values[a], values[b], nan_policy="omit").statistic
            assert matrix[a, b] == pytest.approx(found, abs=EXACT)
            assert examples[a, b] == (~np.isnan(values[[a, b]])).all(axis=0).sum()


def test_constant_runs_and_runs_without_a_common_example_have_no_correlation():
    nan = np.nan
    matrix, examples = pairwise_spearman(np.array([[1.0, 2, nan, nan], [nan, nan, 1, 2], [3, 3, 3, 3]]))
    assert examples.tolist() == [[2, 0, 2], [0, 2, 2], [2, 2, 4]]
    np.testing.assert_array_equal(matrix, [[1, nan, nan], [nan, 1, nan], [nan, nan, nan]])


def test_rows_hold_every_ordered_pair_and_say_what_it_has_in_common():
    runs = [("a", "seed-0"), ("a", "seed-1"), ("b", "seed-0")]
    rows = order_rows(np.array([[1.0, 2, 3], [1, 3, 2], [3, 2, 1]]), runs)
    assert rows["run_a"].tolist() == [name for name in ("a/seed-0", "a/seed-1", "b/seed-0") for _ in range(3)]
    assert rows["run_b"].tolist() == ["a/seed-0", "a/seed-1", "b/seed-0"] * 3
    assert rows["kind"].tolist() == [*(SELF, WITHIN, PAIRED), *(WITHIN, SELF, BETWEEN), *(PAIRED, BETWEEN, SELF)]
    np.testing.assert_allclose(rows["spearman"], [1, 0.5, -1, 0.5, 1, -0.5, -1, -0.5, 1])


def runs_of(seeds, experiments=("one",)):
    """Experiment and seed of every run, experiment by experiment."""
    return [(name, f"seed-{seed}") for name in experiments for seed in range(seeds)]


def spearman_of(pearson):
    """Spearman's correlation of two normal variables."""
    return 6 / np.pi * np.arcsin(pearson / 2)


def test_reliability_of_signal_and_noise():
    """Signal of variance 1 and noise of variance 2: means of k of them correlate by k / (k + 2)."""
    random = np.random.default_rng(0)
    values = random.normal(size=20_000) + np.sqrt(2) * random.normal(size=(8, 20_000))
    (row,) = reliability_rows(values, runs_of(8)).to_dict("records")
    facts = ["members", "count", "per_half", "seeds_per_half", "splits", "examples"]
    assert [row[name] for name in facts] == ["seeds", 8, 4, 4, 35, 20_000]
    assert row["spearman_mean"] == pytest.approx(spearman_of(4 / 6), abs=SAMPLED)
    assert row["spearman_q025"] <= row["spearman_mean"] <= row["spearman_q975"]
    assert row["reliability"] == pytest.approx(2 * row["spearman_mean"] / (1 + row["spearman_mean"]), abs=EXACT)
    assert row["reliability"] == pytest.approx(8 / 10, abs=SAMPLED)


def test_splits_are_all_where_few_and_else_as_many_as_asked_for_and_always_the_same():
    values = noisy_ranks(9, 50)
    assert reliability_rows(values[:3], runs_of(3))["splits"].tolist() == [3]
    rows = reliability_rows(values, runs_of(9), splits=20)
    assert rows[["count", "per_half", "splits"]].to_numpy().tolist() == [[9, 4, 20]]
    pd.testing.assert_frame_equal(rows, reliability_rows(values, runs_of(9), splits=20))


def test_quantiles_are_those_over_all_splits_and_called_so():
    values = noisy_ranks(4, 60)
    halves = [([0, 1], [2, 3]), ([0, 2], [1, 3]), ([0, 3], [1, 2])]
    found = [spearmanr(values[a].mean(axis=0), values[b].mean(axis=0)).statistic for a, b in halves]
    row = reliability_rows(values, runs_of(4)).iloc[0]
    expected = [np.mean(found), *np.quantile(found, [0.025, 0.975])]
    np.testing.assert_allclose(row[["spearman_mean", "spearman_q025", "spearman_q975"]].astype(float), expected)
    assert not [name for name in RELIABILITY.columns if name.endswith(("_low", "_high"))]


def test_experiments_are_split_by_the_means_of_their_runs():
    """What an experiment adds to the signal, its seeds share: only a split by experiment shows it."""
    random = np.random.default_rng(1)
    signal, own = random.normal(size=20_000), random.normal(size=(4, 20_000))
    values = signal + np.repeat(own, 3, axis=0) + 0.1 * random.normal(size=(12, 20_000))
    rows = reliability_rows(values, runs_of(3, "abcd"), splits=10).set_index("members")
    assert rows["count"].to_dict() == {"seeds": 3, "experiments": 4}
    assert rows["splits"].to_dict() == {"seeds": 3, "experiments": 10}
    assert rows.loc["experiments", "spearman_mean"] == pytest.approx(spearman_of(2 / 3), abs=SAMPLED)
    assert rows.loc["seeds", "spearman_mean"] > 0.95
    two = reliability_rows(values[:6], runs_of(3, "ab")).set_index("members").loc["experiments"]
    disjoint = [spearmanr(values[a], values[3 + b]).statistic for a in range(3) for b in range(3) if a != b]
    assert two["splits"] == 6 and two["spearman_mean"] == pytest.approx(np.mean(disjoint), abs=EXACT)


def test_what_a_seed_adds_in_every_experiment_is_not_taken_for_reliability():
    """Noise of the seed, as strong as the signal, that both experiments share: halves with common seeds hide it."""
    random = np.random.default_rng(2)
    signal, of_seeds = random.normal(size=20_000), random.normal(size=(4, 20_000))
    values = signal + np.tile(of_seeds, (2, 1)) + 0.1 * random.normal(size=(8, 20_000))
    runs = runs_of(4, "ab")
    rows = reliability_rows(values, runs).set_index("members")["spearman_mean"]
    expected = spearman_of(1 / (1 + 1 / 2))
    assert rows.to_dict() == pytest.approx({"seeds": expected, "experiments": expected}, abs=SAMPLED)
    kinds = order_rows(values, runs).groupby("kind")["spearman"].mean()
    assert kinds[[WITHIN, BETWEEN]].to_numpy() == pytest.approx([spearman_of(1 / 2)] * 2, abs=SAMPLED)
    assert kinds[PAIRED] > 0.98


def test_halves_of_experiments_have_no_seed_in_common_and_all_their_experiments():
    runs = [*runs_of(5, "a"), *runs_of(3, "bc"), ("d", "seed-7"), ("d", "seed-8")]
    halves = experiment_halves(runs, 50, np.random.default_rng(0))
    assert len(halves) == 50
    for one, other in halves:
        names, seeds = (
            [{runs[row][place] for rows in half for row in rows} for half in (one, other)] for place in (0, 1)
        )
        assert names[0].isdisjoint(names[1]) and seeds[0].isdisjoint(seeds[1])
        assert [len(names[0]), len(names[1])] == [2, 2]
    assert reliability_rows(np.eye(2, 9), [("a", "seed-0"), ("b", "seed-0")]).empty
    apart = reliability_rows(noisy_ranks(2, 50), [("a", "seed-0"), ("b", "seed-1")])
    assert apart["members"].tolist() == ["seeds", "experiments"]
    assert apart["spearman_mean"].iloc[0] == apart["spearman_mean"].iloc[1]


@pytest.mark.parametrize(("correlation", "times", "expected"), [(0.5, 2, 2 / 3), (0.5, 3, 0.75), (1, 5, 1), (0, 2, 0)])
def test_spearman_brown(correlation, times, expected):
    assert spearman_brown(correlation, times) == pytest.approx(expected)


def test_spearman_brown_says_nothing_of_opposite_orders():
    assert np.isnan(spearman_brown(-0.1)) and np.isnan(spearman_brown(np.nan))


def run_rows(runs, role="train", **scores):
    """One row per run and example; a score is (runs, examples)."""
    examples = np.shape(next(iter(scores.values())))[1]
    columns = {"example_id": np.tile(np.arange(examples), len(runs)), "run": np.repeat(runs, examples), "role": role}
    return pd.DataFrame({**columns, **{name: np.ravel(values).astype(np.float32) for name, values in scores.items()}})


def test_undefined_scores_rank_as_their_column_says_and_others_are_left_out(tmp_path):
    rows = run_rows(["seed-0", "seed-1"], learned=[[1, np.nan], [3, 2]], aum=[[np.nan, np.nan]] * 2)
    found = scores_of_runs(write_scores(tmp_path, "a", rows, LEARNED | UNDEFINED), ["learned", "aum"])
    assert list(found) == [("train", "learned")]
    seeds, example_id, values = found["train", "learned"]
    assert seeds == ["seed-0", "seed-1"] and example_id.tolist() == [0, 1]
    np.testing.assert_array_equal(values, [[1, 9], [3, 2]])


def test_folds_of_a_seed_are_one_run(tmp_path):
    runs = ["seed-0-fold-0", "seed-0-fold-1", "seed-1-fold-0", "seed-1-fold-1"]
    rows = run_rows(runs, aum=[[1, 2, 3], [3, 4, 5], [7, 7, 7], [9, 9, 9]])
    rows.loc[rows["run"].str.endswith("fold-1") & (rows["example_id"] == 2), "role"] = "validation"
    rows.loc[rows["run"].str.endswith("fold-0") & (rows["example_id"] == 0), "role"] = "validation"
    found = scores_of_runs(write_scores(tmp_path, "a", rows, AUM), ["aum", "loss"])
    assert found["train", "aum"][0] == ["seed-0", "seed-1"]
    np.testing.assert_array_equal(found["train", "aum"][2], [[3, 3, 3], [9, 8, 7]])
    np.testing.assert_array_equal(found["validation", "aum"][2], [[1, 5], [7, 9]])
    assert found["validation", "aum"][1].tolist() == [0, 2]


def test_experiments_are_aligned_by_example():
    values = aligned([(np.array([1, 4]), np.array([[1.0, 4], [10, 40]])), (np.array([2, 4]), np.array([[2.0, 5]]))])
    nan = np.nan
    np.testing.assert_array_equal(values, [[1, nan, 4], [10, nan, 40], [nan, 2, 5]])


def write_scores(folder, experiment, frame, columns):
    path = folder / "experiments" / experiment / "scores" / "dynamics.parquet"
    path.parent.mkdir(parents=True)
    write_table(frame, path, RUN_SCORES.extended(columns))
    return path


def test_script_compares_all_runs_of_all_experiments_by_role(tmp_path):
    random, columns = np.random.default_rng(0), LEARNED | AUM
    scores = {name: {s: random.normal(size=(2, 30)) for s in columns} for name in ("b", "a")}
    tests = {name: {s: random.normal(size=(2, 10)) for s in columns} for name in ("b", "a")}
    paths = []
    for name, own in scores.items():
        frames = [run_rows(["seed-0", "seed-1"], **own), run_rows(["seed-0", "seed-1"], "test", **tests[name])]
        frames[1]["example_id"] += 30
        paths.append(write_scores(tmp_path, name, pd.concat(frames), columns))
    outputs = {"output": tmp_path / "g-order.parquet", "reliability": tmp_path / "g-reliability.parquet"}
    succeed("compute_order_stability", settings={"scores": ["aum", "learned"]}, families=paths, **outputs)
    order, reliability = read_table(outputs["output"], ORDER), read_table(outputs["reliability"], RELIABILITY)
    assert list(dict.fromkeys(order["run_a"])) == ["b/seed-0", "b/seed-1", "a/seed-0", "a/seed-1"]
    assert list(dict.fromkeys(zip(order["role"], order["score"], strict=True))) == [
        *(("train", "aum"), ("train", "learned"), ("test", "aum"), ("test", "learned"))
    ]
    rows = order.set_index(["role", "score", "run_a", "run_b"])
    found = rows.loc[("test", "learned", "b/seed-1", "a/seed-0")]
    expected = spearmanr(tests["b"]["learned"][1], tests["a"]["learned"][0]).statistic
    assert found["spearman"] == pytest.approx(expected, abs=EXACT) and found["examples"] == 10
    assert len(reliability) == 2 * 2 * 2 and set(reliability["members"]) == {"seeds", "experiments"}
    assert read_provenance(outputs["output"])["experiments"] == ["b", "a"]
    drawn = drawn_figure("agreement.order_stability", order=outputs["output"])
    assert "g: do networks find the same images hard?" in said(drawn)


def test_script_of_a_single_run_says_that_there_is_nothing_to_compare(tmp_path):
    path = write_scores(tmp_path, "a", run_rows(["seed-0-fold-0", "seed-0-fold-1"], aum=np.eye(2)), AUM)
    outputs = {"output": tmp_path / "a-order.parquet", "reliability": tmp_path / "a-reliability.parquet"}
    done = run_script("compute_order_stability", settings={"scores": ["aum"]}, families=[path], **outputs)
    assert done.returncode == 0, done.stderr
    assert "a-order: left out, as only one network has them: train aum; add a seed" in done.stderr
    assert read_table(outputs["output"], ORDER).empty and read_table(outputs["reliability"], RELIABILITY).empty
    assert drawn_figure("agreement.order_stability", order=outputs["output"]).axes


def test_script_of_one_seed_has_paired_runs_and_no_halves(tmp_path):
    paths = [write_scores(tmp_path, name, run_rows(["seed-0"], aum=np.eye(1, 5)), AUM) for name in "ab"]
    outputs = {"output": tmp_path / "g-order.parquet", "reliability": tmp_path / "g-reliability.parquet"}
    done = run_script("compute_order_stability", settings={"scores": ["aum"]}, families=paths, **outputs)
    assert done.returncode == 0 and "all networks have the same seed" in done.stderr
    assert read_table(outputs["output"], ORDER)["kind"].tolist() == [SELF, PAIRED, PAIRED, SELF]
    assert read_table(outputs["reliability"], RELIABILITY).empty


def test_script_leaves_out_scores_that_an_experiment_does_not_have(tmp_path):
    """Records that were made elsewhere may lack what a score needs."""
    paths = [
        write_scores(
            tmp_path, "a", run_rows(["seed-0", "seed-1"], aum=np.eye(2, 5), learned=np.eye(2, 5)), LEARNED | AUM
        ),
        write_scores(tmp_path, "b", run_rows(["seed-0", "seed-1"], aum=np.eye(2, 5)), AUM),
        write_scores(tmp_path, "c", run_rows(["seed-0"], other=np.eye(1, 5)), {"other": Column(pa.float32(), "other")}),
    ]
    outputs = {"output": tmp_path / "g-order.parquet", "reliability": tmp_path / "g-reliability.parquet"}
    succeed("compute_order_stability", settings={"scores": ["aum", "learned"]}, families=paths, **outputs)
    order = read_table(outputs["output"], ORDER)
    assert order.groupby("score").size().to_dict() == {"aum": 16, "learned": 4}


def test_script_does_without_torch():
    program = f"import sys; sys.path.insert(0, {str(SCRIPTS)!r}); import compute_order_stability; "
    program += "sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
