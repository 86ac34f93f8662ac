"""Scores of examples from the scores of runs, generic over families, against plain pandas."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from difficulty.errors import UserError
from difficulty.scores.collect import (
    EXAMPLE_SCORES,
    RUN_SCORES,
    SCORES,
    aggregate_runs,
    collect_scores,
    ranking_column,
    ranking_columns,
)
from difficulty.scores.run_grid import RunGrid, ranking_values, seed_means
from difficulty.tables import Column, read_schema, read_table, write_table

FAMILY = {
    "aum": Column(pa.float32(), "margin", direction=-1),
    "learned": Column(pa.float32(), "epoch", nullable=True, direction=1, null_ranks_as=9),
    "vog": Column(pa.float32(), "no rank for undefined ones", nullable=True, direction=1),
    "never": Column(pa.bool_(), "flag"),
}


def family_table(seed=0, examples=6, runs=3):
    """Folds of one seed: examples 0-3 train in all runs but held out in one each; 4 and 5 test."""
    random = np.random.default_rng(seed)
    rows = pd.DataFrame({"example_id": np.tile(np.arange(examples), runs), "run": np.repeat(range(runs), examples)})
    held_out = rows["example_id"] == rows["run"]
    rows["role"] = np.where(rows["example_id"] >= 4, "test", np.where(held_out, "validation", "train"))
    rows["run"] = [f"seed-0-fold-{run}" for run in rows["run"]]
    rows["aum"] = random.normal(size=len(rows)).astype(np.float32)
    rows["learned"] = np.where(random.random(len(rows)) < 0.4, np.nan, random.integers(1, 9, len(rows)))
    rows["vog"] = np.where(random.random(len(rows)) < 0.4, np.nan, random.random(len(rows)))
    rows["never"] = rows["learned"].isna()
    return rows


def seeds_of_folds(draw, seeds=3):
    """`family_table` of several seeds, which hold out the same examples."""
    return pd.concat(
        rows.assign(run=rows["run"].str.replace("seed-0", f"seed-{seed}"))
        for seed, rows in enumerate(family_table(10 * draw + seed) for seed in range(seeds))
    )


@pytest.mark.parametrize("draw", range(3))
@pytest.mark.parametrize(("role", "suffix"), [("train", ""), ("validation", "_validation"), ("test", "_test")])
def test_aggregates_are_those_of_pandas_over_seeds(draw, role, suffix):
    rows = seeds_of_folds(draw)
    frame, columns = aggregate_runs(rows.sample(frac=1, random_state=draw), FAMILY)
    runs = rows[rows["role"] == role].assign(ranked=lambda rows: rows["learned"].fillna(9))
    seed = runs["run"].str.split("-fold-").str[0]
    names = ["aum", "learned", "ranked", "vog", "never"]
    seeds = runs.groupby(["example_id", seed])[names].mean().groupby("example_id")
    undefined = runs[["learned", "vog"]].isna().groupby(runs["example_id"]).sum()
    expected = {
        f"aum{suffix}": seeds["aum"].mean(),
        f"aum{suffix}_std": seeds["aum"].std(),
        f"learned{suffix}": seeds["learned"].mean(),
        f"learned{suffix}_std": seeds["learned"].std(),
        f"learned{suffix}_runs_null": undefined["learned"],
        f"learned{suffix}_ranked": seeds["ranked"].mean(),
        f"vog{suffix}": seeds["vog"].mean(),
        f"vog{suffix}_std": seeds["vog"].std(),
        f"vog{suffix}_runs_null": undefined["vog"],
        f"never{suffix}": seeds["never"].mean(),
    }
    own = [name for name in columns if ("validation" in name, "test" in name) == (role == "validation", role == "test")]
    assert own == list(expected)
    for name, values in expected.items():
        found = frame[name].astype(float)
        np.testing.assert_allclose(found, values.reindex(frame.index).astype(float), atol=1e-6, err_msg=name)


def test_folds_of_one_seed_have_no_spread():
    frame, _ = aggregate_runs(family_table(), FAMILY)
    assert frame["aum"].notna().sum() == 4
    assert frame[["aum_std", "aum_validation_std", "aum_test_std"]].isna().all(axis=None)


def test_directions_stay_with_what_ranks():
    _, columns = aggregate_runs(family_table(), FAMILY)
    directed = {name: column.direction for name, column in columns.items() if column.direction is not None}
    expected = {("aum", ""): -1, ("learned", ""): 1, ("learned", "_ranked"): 1, ("vog", ""): 1}
    assert directed == {
        f"{name}{suffix}{ending}": direction
        for suffix in ("", "_validation", "_test")
        for (name, ending), direction in expected.items()
    }
    assert ranking_columns(columns, "validation") == {
        "aum": "aum_validation",
        "learned": "learned_validation_ranked",
        "vog": "vog_validation",
    }
    assert list(ranking_columns(columns, "train").values()) == ["aum", "learned_ranked", "vog"]
    assert ranking_column(columns, "depth", "train") is None


def labels(examples=6):
    return pd.DataFrame(
        {
            "example_id": np.arange(examples),
            "split": ["train"] * 4 + ["test"] * 2,
            "label": [0, 1, 1, 5, 0, 1],
            "clean_label": [0, 1, 0, 0, 0, 1],
            "is_corrupt": [False, False, True, True, False, False],
        }
    )


def test_collected_scores_survive_writing_and_reading(tmp_path):
    write_table(family_table(), tmp_path / "family.parquet", RUN_SCORES.extended(FAMILY))
    brightness = {"brightness": Column(pa.float64(), "mean luma")}
    images = pd.DataFrame({"example_id": [5, 4, 3, 2, 1, 0], "brightness": np.arange(6.0)})
    write_table(images, tmp_path / "images.parquet", EXAMPLE_SCORES.extended(brightness))
    family = read_schema(tmp_path / "family.parquet").columns
    family = {name: column for name, column in family.items() if name not in RUN_SCORES.columns}
    frame, columns = collect_scores(
        labels(),
        {0: "cat", 1: "dog"},
        [(read_table(tmp_path / "family.parquet", RUN_SCORES), family)],
        [(read_table(tmp_path / "images.parquet", EXAMPLE_SCORES), brightness)],
    )
    write_table(frame, tmp_path / "scores.parquet", SCORES.extended(columns))
    stored = read_table(tmp_path / "scores.parquet", SCORES)
    assert stored["class_name"].tolist() == ["cat", "dog", "dog", "5", "cat", "dog"]
    assert stored["runs_train"].tolist() == [2, 2, 2, 3, 0, 0]
    assert stored["runs_validation"].tolist() == [1, 1, 1, 0, 0, 0]
    assert stored["runs_test"].tolist() == [0, 0, 0, 0, 3, 3]
    assert stored["brightness"].tolist() == [5, 4, 3, 2, 1, 0]
    assert stored["aum"].isna().tolist() == [False] * 4 + [True] * 2
    assert stored["aum_validation_std"].isna().all()
    schema = read_schema(tmp_path / "scores.parquet").columns
    assert schema["aum"].type == pa.float32()
    assert schema["learned_runs_null"].type == pa.int16()
    assert (schema["aum"].direction, schema["learned_ranked"].direction, schema["aum_std"].direction) == (-1, 1, None)


def test_families_must_not_share_columns():
    rows = family_table()
    with pytest.raises(UserError, match="two families have a column aum"):
        collect_scores(labels(), {}, [(rows, {"aum": FAMILY["aum"]})] * 2)


def test_scores_of_unknown_examples_are_refused():
    with pytest.raises(UserError, match="example 6 has scores but no label"):
        collect_scores(labels(), {}, [(family_table(examples=7), FAMILY)])


def test_rows_without_a_role_are_refused():
    with pytest.raises(UserError, match="no row with a role among"):
        aggregate_runs(family_table().assign(role="other"), FAMILY)


def test_folds_of_a_seed_are_averaged():
    rows = family_table(runs=2)
    rows = pd.concat([rows, rows.assign(run=rows["run"].str.replace("seed-0", "seed-1"), aum=rows["aum"] + 1)])
    rows = rows[rows["role"] == "train"]
    seeds, means = seed_means(RunGrid.of(rows), rows["aum"].to_numpy())
    assert seeds == ["seed-0", "seed-1"]
    expected = rows[rows["run"].str.startswith("seed-0")].groupby("example_id")["aum"].mean()
    np.testing.assert_allclose(means, [expected, expected + 1], atol=1e-6)


def test_undefined_runs_rank_as_their_column_says():
    values = ranking_values(family_table(), {name: FAMILY[name] for name in ("learned", "vog")})
    rows = family_table()
    assert (values["learned"][rows["learned"].isna()] == 9).all()
    assert values["vog"].isna().equals(rows["vog"].isna())
