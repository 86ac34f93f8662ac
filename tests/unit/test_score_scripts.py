"""Scripts between the records and the figures, from command line to tables, on records made by hand."""

from argparse import Namespace
from dataclasses import replace

import pandas as pd
import pyarrow as pa
import pytest

import collect_scores
from difficulty.analysis.compared_scores import drawn_examples
from difficulty.analysis.correlation import CORRELATION, SEED_CORRELATION, STABILITY
from difficulty.analysis.run_values import of_examples
from difficulty.datasets.example_tables import EXAMPLES, LABELS
from difficulty.errors import UserError
from difficulty.scores.collect import EXAMPLE_SCORES, RUN_SCORES, SCORES
from difficulty.scores.dynamics.scoring import DYNAMICS, score_records
from difficulty.scores.memorization import MEMORIZATION
from difficulty.tables import Column, read_schema, read_table, write_table
from difficulty.training.run_tables import RECORDS
from tests.support.recorded_experiments import EPOCHS, FOLD_RUNS, PLAIN_RUNS, TEST, TRAIN
from tests.support.scripts import run_script, succeed


def test_scores_of_runs_are_the_librarys(results):
    folder = results / "experiments" / "folds"
    table = read_table(folder / "scores" / "dynamics.parquet", RUN_SCORES)
    assert len(table) == len(FOLD_RUNS) * (TRAIN + TEST)
    run = "seed-1-fold-2"
    records = read_table(folder / run / "records.parquet", RECORDS)
    for role, size in (("train", 80), ("validation", 40), ("test", 40)):
        rows = table[(table["run"] == run) & (table["role"] == role)].set_index("example_id")
        expected = score_records(records[records["role"] == role], 2, output_scale=0.2, output_bias=False)
        assert len(rows) == size
        pd.testing.assert_frame_equal(rows[list(DYNAMICS)], expected, check_dtype=False)


def test_scores_of_examples(results):
    table = read_table(results / "experiments" / "folds" / "scores.parquet", SCORES).set_index("example_id")
    assert table.loc[0, ["runs_train", "runs_validation", "runs_test"]].tolist() == [4, 2, 0]
    runs = read_table(results / "experiments" / "folds" / "scores" / "dynamics.parquet", RUN_SCORES)
    held_out = runs[(runs["example_id"] == 0) & (runs["role"] == "validation")]
    assert table.loc[0, "aum_validation"] == pytest.approx(held_out["aum"].mean(), rel=1e-6)
    assert table.loc[0, "first_learned_validation_ranked"] == pytest.approx(
        held_out["first_learned"].fillna(EPOCHS + 1).mean()
    )
    assert not table.loc[: TRAIN - 1, "aum"].isna().any()
    assert table.loc[TRAIN:, "aum"].isna().all()
    assert table["class_name"].equals("class " + table["label"].astype(str))


def test_correlation_and_stability(results):
    folder = results / "experiments" / "folds"
    table = read_table(folder / "correlation.parquet", CORRELATION)
    assert len(table) == 3 * 9
    pair = table[(table["score_a"] == "aum") & (table["score_b"] == "loss")]
    assert pair["role"].tolist() == ["train", "validation", "test"]
    assert pair["examples"].tolist() == [TRAIN, TRAIN, TEST]
    assert (pair["direction_a"] == -1).all()
    assert (pair["direction_b"] == 1).all()
    assert (pair["spearman"] < 0).all()
    assert pair["low"].le(pair["spearman"]).all()
    stability = read_table(folder / "stability.parquet", STABILITY)
    assert stability["seeds_per_half"].tolist() == [1] * 9
    pairs = read_table(folder / "seed-correlation.parquet", SEED_CORRELATION).set_index(
        ["role", "score", "seed_a", "seed_b"]
    )
    means = stability.set_index(["role", "score"])["spearman_mean"]
    assert pairs.loc[("train", "aum", "seed-0", "seed-1"), "spearman"] == pytest.approx(means["train", "aum"])


def test_all_scores_are_compared_if_none_are_listed(results, tmp_path):
    """Those of all families, like ones next to each other, also of a family that knows no single run."""
    folder = results / "experiments" / "folds"
    records = [folder / run / "records.parquet" for run in FOLD_RUNS]
    families = [folder / "scores" / "dynamics.parquet", tmp_path / "pooled.parquet"]
    seeds, scores = tmp_path / "memorization.parquet", tmp_path / "scores.parquet"
    settings = {"epochs": EPOCHS}
    succeed("score_memorization", settings=settings, records=records, output=families[1], seeds=seeds)
    data = results / "datasets" / "toy" / "examples.parquet"
    succeed("collect_scores", labels=folder / "labels.parquet", examples=data, families=families, output=scores)
    outputs = {"output": tmp_path / "correlation.parquet", "stability": tmp_path / "stability.parquet"}
    given = {"scores": scores, "families": [*families, seeds], "seeds": tmp_path / "pairs.parquet"}
    succeed("compute_correlation", settings={"bootstrap": 10}, **given, **outputs)
    table, stability = read_table(outputs["output"], CORRELATION), read_table(outputs["stability"], STABILITY)
    directed = {name for name, column in DYNAMICS.items() if column.direction}
    compared = {role: set(rows["score_a"]) for role, rows in table.groupby("role")}
    assert compared == {
        "train": directed | set(MEMORIZATION),
        "validation": directed | set(MEMORIZATION),
        "test": directed,
    }
    cells = table.set_index(["role", "score_a", "score_b"])
    reliability = stability.set_index(["role", "score"])["reliability"]
    for score in ("aum", "consistency", "memorization"):
        known = cells.loc[("train", score, "loss"), "reliability_a"]
        assert known == pytest.approx(reliability["train", score], nan_ok=True)
    assert cells.loc[("train", "aum", "loss"), "corrected"] == pytest.approx(-1, abs=0.1)
    assert pd.isna(cells.loc[("validation", "consistency", "loss"), "corrected"])
    orders = [list(dict.fromkeys(rows["score_a"])) for _, rows in table.groupby("role")]
    assert [score for score in orders[1] if score in orders[0]] == orders[0]


def test_correlations_of_many_examples_are_those_of_a_sample(results, tmp_path):
    """As if only these examples had any scores."""
    folder = results / "experiments" / "noisy"
    data = results / "datasets" / "toy" / "examples.parquet"
    labels, family = read_table(folder / "labels.parquet", LABELS), folder / "scores" / "dynamics.parquet"
    drawn = drawn_examples(labels, 100)
    assert labels.set_index("example_id").loc[drawn, "split"].value_counts().to_dict() == {"train": 100, "test": TEST}
    assert drawn_examples(labels, TRAIN) is None and drawn_examples(labels, None) is None

    few = tmp_path / "labels.parquet", tmp_path / "dynamics.parquet"
    write_table(labels[labels["example_id"].isin(drawn)], few[0], LABELS)
    rows = read_table(family, RUN_SCORES, filters=of_examples(drawn))
    write_table(rows, few[1], replace(RUN_SCORES, columns=read_schema(family).columns))
    found = []
    for name, examples, (own, scores) in (("sample", 100, (folder / "labels.parquet", family)), ("few", None, few)):
        collected, folder_of = tmp_path / f"{name}.parquet", tmp_path / name
        succeed("collect_scores", labels=own, examples=data, families=[scores], output=collected)
        outputs = {kind: folder_of / f"{kind}.parquet" for kind in ("output", "stability", "seeds")}
        settings = {"bootstrap": 10, "examples": examples}
        succeed("compute_correlation", settings=settings, scores=collected, families=[scores], **outputs)
        kinds = {"output": CORRELATION, "stability": STABILITY, "seeds": SEED_CORRELATION}
        found.append([read_table(outputs[kind], schema) for kind, schema in kinds.items()])
    for one, other in zip(*found, strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_scores_are_collected_some_examples_at_a_time(results, tmp_path, monkeypatch):
    """Also where the first of them have not all roles, one family knows no runs, and one has scores of few of them."""
    folder, data = results / "experiments" / "folds", results / "datasets" / "toy" / "examples.parquet"
    images = read_table(data, EXAMPLES)[["example_id", "human_entropy"]]
    columns = {"human_entropy": Column(pa.float64(), "entropy", True, +1)}
    write_table(images, tmp_path / "images.parquet", EXAMPLE_SCORES.extended(columns))
    families = [tmp_path / "images.parquet", folder / "scores" / "dynamics.parquet", tmp_path / "vog.parquet"]
    tested = read_table(families[1], RUN_SCORES, [*RUN_SCORES.columns, "aum"], [("role", "==", "test")])
    vog = RUN_SCORES.extended({"vog": Column(pa.float32(), "of test images", True, +1)})
    write_table(tested.rename(columns={"aum": "vog"}), families[2], vog)
    given = {"settings": {}, "code": "", "upstream": "", "labels": folder / "labels.parquet", "examples": data}
    for name, at_a_time in (("whole", TRAIN + TEST), ("parts", 33)):
        monkeypatch.setattr(collect_scores, "ROWS_READ_TOGETHER", at_a_time)
        collect_scores.main(Namespace(**given, families=families, output=tmp_path / f"{name}.parquet"))
    whole, parts = (read_table(tmp_path / f"{name}.parquet", SCORES) for name in ("whole", "parts"))
    pd.testing.assert_frame_equal(parts, whole)
    assert {"aum_std", "aum_validation", "aum_test", "human_entropy", "vog_test"} <= {*whole}
    write_table(images.assign(example_id=images["example_id"] + 1), families[0], EXAMPLE_SCORES.extended(columns))
    with pytest.raises(UserError, match=r"images\.parquet: has scores of examples without labels"):
        collect_scores.main(Namespace(**given, families=families, output=tmp_path / "other.parquet"))
    write_table(tested.rename(columns={"aum": "vog"})[:0], families[2], vog)
    with pytest.raises(UserError, match="no row with a role"):
        collect_scores.main(Namespace(**given, families=families, output=tmp_path / "other.parquet"))


def test_suspects_list_the_corrupt_labels_first(results):
    for experiment in ("noisy", "folds"):
        folder = results / "experiments" / experiment
        table = pd.read_csv(folder / "suspects.csv")
        labels = read_table(folder / "labels.parquet", LABELS).set_index("example_id").loc[table["example_id"]]
        assert table["rank"].tolist() == list(range(1, TRAIN + 1))
        assert table["aum"].is_monotonic_decreasing
        assert labels["is_corrupt"].to_numpy()[:12].mean() > 0.8
        corrupt = table[labels["is_corrupt"].to_numpy()]
        clean = labels.loc[corrupt["example_id"], "clean_label"]
        assert (corrupt["suggested_label"] == [f"class {label}" for label in clean]).mean() > 0.8
        assert table["suggested_share"].notna().equals(table["suggested_label"].notna())
        assert table["suggested_share"].dropna().between(0.1, 1).all()
        assert ("aum_validation" in table) == (experiment == "folds")


def test_the_same_inputs_give_the_same_bytes(results, tmp_path):
    folder = results / "experiments" / "noisy"
    succeed(
        "score_dynamics",
        settings={"el2n_epoch": 2},
        records=[folder / run / "records.parquet" for run in PLAIN_RUNS],
        output=tmp_path / "again.parquet",
    )
    assert (tmp_path / "again.parquet").read_bytes() == (folder / "scores" / "dynamics.parquet").read_bytes()


@pytest.mark.parametrize(
    ("script", "settings", "message"),
    [
        ("compute_correlation", {"scores": ["vog"], "bootstrap": 10}, "no score vog in"),
        (
            "rank_suspects",
            {"score": "vog", "suggest_above": 0.1},
            "analyses.suspects.score: expected one of first_learned,",
        ),
        ("compute_detection", {"column": "depth", "role": "train", "bootstrap": 10}, "no truth column depth"),
        ("compute_detection", {"column": "is_corrupt", "role": "validation", "bootstrap": 0}, "no example"),
        ("score_dynamics", {"el2n_epoch": 99}, "el2n_epoch: expected 1..6"),
    ],
)
def test_mistakes_are_told_in_one_line(results, tmp_path, script, settings, message):
    folder, data = results / "experiments" / "noisy", results / "datasets" / "toy" / "examples.parquet"
    records = [folder / run / "records.parquet" for run in PLAIN_RUNS]
    families, scores = [folder / "scores" / "dynamics.parquet"], folder / "scores.parquet"
    own = {
        "compute_correlation": {"scores": scores, "families": families, "stability": "x", "seeds": "x"},
        "rank_suspects": {
            "scores": scores,
            "errors": folder / "label-errors.parquet",
            "examples": data,
            "records": records,
            "table": "x",
            "evidence": "x",
        },
        "compute_detection": {
            "scores": scores,
            "families": families,
            "examples": data,
            "curves": "x",
            "differences": "x",
        },
        "score_dynamics": {"records": records},
    }[script]
    log = tmp_path / "log.txt"
    failed = run_script(script, settings=settings, output=tmp_path / "out", log=log, **own)
    assert failed.returncode == 1
    assert len(failed.stderr.splitlines()) == 1
    assert message in failed.stderr
    assert "Traceback" not in log.read_text()
