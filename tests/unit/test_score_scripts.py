"""Every script between the records and the figures, from command line to tables, on records made by hand."""

import dataclasses
from argparse import Namespace

import numpy as np
import pandas as pd
import pytest

import compute_detection
from difficulty.analysis.agreement import AGREED_CLASSES, AGREEMENT
from difficulty.analysis.correlation import CORRELATION, SEED_CORRELATION, STABILITY
from difficulty.analysis.detection import DETECTION, DETECTION_CURVES, DETECTION_DIFFERENCES, detection_report
from difficulty.datasets.example_tables import EXAMPLES, LABELS
from difficulty.scores.collect import RUN_SCORES, SCORES
from difficulty.scores.dynamics.scoring import DYNAMICS, score_records
from difficulty.scores.memorization import MEMORIZATION
from difficulty.tables import read_provenance, read_schema, read_table, write_table
from difficulty.training.run_tables import RECORDS
from tests.support.recorded_experiments import (
    EPOCHS,
    FOLD_RUNS,
    PLAIN_RUNS,
    TEST,
    TRAIN,
    make_dataset,
    make_experiment,
)
from tests.support.scripts import run_script, succeed


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A folder in which every script has run: experiment `noisy` with plain runs, `folds` with folds and noise."""
    root = tmp_path_factory.mktemp("results")
    data = root / "datasets" / "toy" / "examples.parquet"
    examples = make_dataset(data.parent)
    for name, runs, noise in (("clean", PLAIN_RUNS, False), ("noisy", PLAIN_RUNS, True), ("folds", FOLD_RUNS, True)):
        folder = root / "experiments" / name
        make_experiment(folder, examples, runs, noise)
        records = [folder / run / "records.parquet" for run in runs]
        families = [folder / "scores" / "dynamics.parquet"]
        scores, tables = folder / "scores.parquet", {"log": folder / "log.txt"}
        succeed("score_dynamics", settings={"el2n_epoch": 2}, records=records, output=families[0], **tables)
        succeed(
            "collect_scores",
            labels=folder / "labels.parquet",
            examples=data,
            families=families,
            output=scores,
            **tables,
        )
        succeed(
            "compute_correlation",
            settings={"scores": ["aum", "loss", "first_learned"], "bootstrap": 20},
            scores=scores,
            families=families,
            output=folder / "correlation.parquet",
            stability=folder / "stability.parquet",
            seeds=folder / "seed-correlation.parquet",
            **tables,
        )
        succeed(
            "rank_suspects",
            settings={"score": "aum", "suggest_above": 0.1},
            scores=scores,
            examples=data,
            records=records,
            output=folder / "suspects.csv",
            **tables,
        )
        agreement = {
            "output": root / f"agreement/{name}.parquet",
            "classes": root / f"agreement/{name}-classes.parquet",
        }
        labels = [folder / "labels.parquet"]
        warns = f"{name}: left out: train examples: those of {name} differ from fold to fold" if name == "folds" else ""
        succeed("compute_agreement", warns, records=records, labels=labels, examples=data, **agreement, **tables)
    truths = {
        "noisy": ("noisy", {"column": "is_corrupt", "role": "train"}),
        "held-out": ("folds", {"column": "is_corrupt", "role": "validation", "scores": ["aum", "first_learned"]}),
        "humans": ("clean", {"column": "human_entropy", "role": "test", "top": 0.2}),
    }
    for name, (experiment, settings) in truths.items():
        folder = root / "experiments" / experiment
        succeed(
            "compute_detection",
            settings={**settings, "bootstrap": 20},
            scores=folder / "scores.parquet",
            families=[folder / "scores" / "dynamics.parquet"],
            examples=data,
            output=root / f"detection/{name}.parquet",
            curves=root / f"detection/{name}-curves.parquet",
            differences=root / f"detection/{name}-differences.parquet",
        )
    detections = [root / f"detection/{name}.parquet" for name in truths]
    succeed("collect_detection", detections=detections, output=root / "detection.parquet")
    return root


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


def test_agreement(results):
    plain = read_table(results / "agreement" / "noisy.parquet", AGREEMENT)
    assert plain.groupby("role", sort=False)["runs"].first().to_dict() == {"train": 3, "test": 3}
    folds = read_table(results / "agreement" / "folds.parquet", AGREEMENT)
    assert folds.groupby("role", sort=False)["runs"].first().to_dict() == {"validation": 2, "test": 2}
    assert folds.groupby("role", sort=False)["examples"].first().to_dict() == {"validation": TRAIN, "test": TEST}
    classes = read_table(results / "agreement" / "folds-classes.parquet", AGREED_CLASSES)
    agreed = classes.groupby(["role", "epoch"])["agreed"].sum()
    assert agreed["test", EPOCHS] <= TEST * folds[folds["role"] == "test"]["mean_accuracy"].iloc[-1]
    assert len(read_provenance(results / "agreement" / "folds.parquet")["members"]) == len(FOLD_RUNS)


def test_agreement_is_empty_where_no_two_runs_have_the_same_examples(results, tmp_path):
    folder, made = results / "experiments" / "folds", tmp_path / "experiments" / "one_seed"
    runs = [run for run in FOLD_RUNS if run.startswith(FOLD_RUNS[0].split("-fold-")[0])]
    for run in runs:
        records = read_table(folder / run / "records.parquet", RECORDS)
        write_table(records[records["role"] != "test"], made / run / "records.parquet", RECORDS)
    succeed(
        "compute_agreement",
        records=[made / run / "records.parquet" for run in runs],
        labels=[folder / "labels.parquet"],
        examples=results / "datasets" / "toy" / "examples.parquet",
        output=tmp_path / "one_seed.parquet",
        classes=tmp_path / "classes.parquet",
    )
    assert read_table(tmp_path / "one_seed.parquet", AGREEMENT).empty
    assert read_table(tmp_path / "classes.parquet", AGREED_CLASSES).empty


def test_a_group_with_other_labels_is_judged_by_the_clean_ones(results, tmp_path):
    names, data = ("clean", "noisy"), results / "datasets" / "toy" / "examples.parquet"
    folders = [results / "experiments" / name for name in names]
    paths = [folder / run / "records.parquet" for folder in folders for run in PLAIN_RUNS]
    succeed(
        "compute_agreement",
        records=paths,
        labels=[folder / "labels.parquet" for folder in folders],
        examples=data,
        output=tmp_path / "noise.parquet",
        classes=tmp_path / "noise-classes.parquet",
    )
    table = read_table(tmp_path / "noise.parquet", AGREEMENT)
    assert table[["runs", "seeds", "judged_by"]].drop_duplicates().to_numpy().tolist() == [[6, 3, "clean"]]
    assert read_provenance(tmp_path / "noise.parquet")["judged_by"] == "clean"
    clean = read_table(data, EXAMPLES).set_index("example_id")["label"]
    for role in ("train", "test"):
        right = []
        for records in (read_table(path, RECORDS) for path in paths):
            last = records[(records["epoch"] == EPOCHS) & (records["role"] == role)].set_index("example_id")
            right.append(last["predicted"] == clean.loc[last.index])
        right = pd.concat(right, axis=1)
        found = table[(table["role"] == role) & (table["epoch"] == EPOCHS)].iloc[0]
        assert found["agreement"] == pytest.approx(right.all(axis=1).sum() / right.any(axis=1).sum())
        assert found["mean_accuracy"] == pytest.approx(right.mean(axis=None))
    classes = read_table(tmp_path / "noise-classes.parquet", AGREED_CLASSES)
    sizes = classes[(classes["role"] == "train") & (classes["epoch"] == 1)].set_index("label")["examples"]
    assert sizes.to_dict() == clean[:TRAIN].value_counts().sort_index().to_dict()


def test_detection(results):
    table = read_table(results / "detection.parquet", DETECTION)
    noisy = table[table["detection"] == "noisy"]
    assert set(noisy["score"]) == set(DYNAMICS) - {"never_learned"}
    assert set(noisy["run"]) == {"all", *PLAIN_RUNS}
    overall = noisy[noisy["run"] == "all"].set_index("score")
    assert overall["positives"].unique().tolist() == [12]
    assert overall.loc[["aum", "confidence", "loss_mean", "correctness"], "auroc"].gt(0.9).all()
    assert overall["auroc_low"].le(overall["auroc"]).all()
    assert overall["auroc_low_seeds"].le(overall["auroc_low"]).all()
    differences = read_table(results / "detection" / "noisy-differences.parquet", DETECTION_DIFFERENCES)
    pairs = differences[differences["metric"] == "auroc"]
    assert len(pairs) == len(overall) * (len(overall) - 1) / 2
    assert (pairs["low"] <= pairs["difference"]).all() and (pairs["difference"] <= pairs["high"]).all()
    one = noisy[noisy["run"] == "seed-1"].set_index("score")
    assert one["auroc_low"].isna().all()
    records = read_table(results / "experiments/noisy/seed-1/records.parquet", RECORDS)
    records = records[records["role"] == "train"]
    labels = read_table(results / "experiments/noisy/labels.parquet", LABELS)[:TRAIN]
    expected = detection_report(score_records(records)[["aum"]], labels["is_corrupt"].to_numpy(), bootstrap=0)
    assert one.loc["aum", "auroc"] == pytest.approx(expected["auroc"].iloc[0], abs=1e-9)
    held_out = table[(table["detection"] == "held-out") & (table["run"] != "all")]
    assert held_out["examples"].unique().tolist() == [TRAIN]  # the folds of a seed together
    assert set(held_out["score"]) == {"aum", "first_learned"}
    humans = table[(table["detection"] == "humans") & (table["run"] == "all")].iloc[0]
    known = sum(i % 7 != 0 for i in range(TRAIN, TRAIN + TEST))
    assert (humans["examples"], humans["positives"]) == (known, known // 5)
    curves = read_table(results / "detection" / "noisy-curves.parquet", DETECTION_CURVES)
    aum = curves[curves["score"] == "aum"]
    assert aum["found"].iloc[[0, -1]].tolist() == [0, 1]
    at_10 = aum.loc[np.isclose(aum["inspected"], 0.1), "found"].item()
    assert at_10 == pytest.approx(overall.loc["aum", "recall_at_10"])


def test_the_same_inputs_give_the_same_bytes(results, tmp_path):
    folder = results / "experiments" / "noisy"
    succeed(
        "score_dynamics",
        settings={"el2n_epoch": 2},
        records=[folder / run / "records.parquet" for run in PLAIN_RUNS],
        output=tmp_path / "again.parquet",
    )
    assert (tmp_path / "again.parquet").read_bytes() == (folder / "scores" / "dynamics.parquet").read_bytes()


def test_detection_leaves_out_what_is_undefined_everywhere(results, tmp_path, caplog):
    """A score of one run, another of all runs, and a run without any example that has all of its scores."""
    folder, first, second = results / "experiments" / "noisy", *PLAIN_RUNS[:2]
    own = read_table(folder / "scores" / "dynamics.parquet", RUN_SCORES)
    own.loc[own["run"] == first, "el2n"] = np.nan
    own.loc[(own["run"] == second) & (own["example_id"] % 2 == 0), "el2n"] = np.nan
    own.loc[(own["run"] == second) & (own["example_id"] % 2 == 1), "aum"] = np.nan
    rewrite(folder / "scores" / "dynamics.parquet", own, RUN_SCORES, tmp_path / "dynamics.parquet")
    mean = read_table(folder / "scores.parquet", SCORES).assign(loss=np.nan)
    rewrite(folder / "scores.parquet", mean, SCORES, tmp_path / "noisy" / "scores.parquet")
    settings = {"column": "is_corrupt", "role": "train", "bootstrap": 10, "scores": ["el2n", "aum", "loss"]}
    tables = {"examples": results / "datasets" / "toy" / "examples.parquet", "output": tmp_path / "noise.parquet"}
    tables |= {name: tmp_path / f"{name}.parquet" for name in ("curves", "differences")}
    inputs = {"scores": tmp_path / "noisy" / "scores.parquet", "families": [tmp_path / "dynamics.parquet"]}
    compute_detection.main(Namespace(settings=settings, code="", upstream="", **inputs, **tables))
    table = read_table(tmp_path / "noise.parquet", DETECTION)
    found = table.groupby("run")["score"].agg(list).to_dict()
    assert found == {"all": ["el2n", "aum"], first: ["aum"], PLAIN_RUNS[2]: ["el2n", "aum"]}
    assert caplog.messages[:3] == [
        "noise: left out, as undefined for every example: loss",
        f"noise: {first}: left out, as undefined for every example: el2n",
        f"noise: {second}: left out, as no example has all scores",
    ]


def rewrite(source, table, schema, path):
    """Writes a changed table with the columns that a finished one has, some of them undefined now."""
    columns = read_schema(source).columns
    columns |= {name: dataclasses.replace(columns[name], nullable=True) for name in table if table[name].isna().any()}
    write_table(table, path, dataclasses.replace(schema, columns=columns), {})


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
        "rank_suspects": {"scores": scores, "examples": data, "records": records},
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
