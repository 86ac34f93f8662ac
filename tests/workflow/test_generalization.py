"""Studies of generalization through the workflow: what they imply, what they depend on, what they leave alone."""

import copy

import pandas as pd
import pytest

from tests.workflow.conftest import TINY, Workflow

BY_SCORE = {"by": "score", "score": "aum", "experiment": "plain", "seeds": [0], "fraction": 0.5}
SIZES = {"train": 30, "test": 15, "per_class": True}
STUDY = {"halves": {"experiments": ["easy", "hard", "random"], "control": "random"}}
CONFIG = {
    **TINY,
    "datasets": {
        "few": {"source": "shapes", "train": 120, "test": 30},
        "easy": {"source": "subset", "of": "few", "select": {**BY_SCORE, "keep": "easiest"}, **SIZES},
        "hard": {"source": "subset", "of": "few", "select": {**BY_SCORE, "keep": "hardest"}, **SIZES},
        "random": {"source": "subset", "of": "few", "select": {"by": "random", "fraction": 0.5}},
    },
    "experiments": {
        "plain": {"seeds": [0]},
        **{name: {"dataset": name} for name in ("easy", "hard", "random")},
    },
    "analyses": {**TINY["analyses"], "generalization": STUDY},
}
TABLES = [f"results/generalization/halves{table}.parquet" for table in ("", "-summary", "-traits")]
FIGURES = [f"results/figures/generalization/halves/{figure}.png" for figure in ("accuracy", "traits")]
TARGETS = [*TABLES, *FIGURES]
OWN = {"collect_generalization", "compute_traits", "plot_generalization", "plot_traits"}


def changed(**places):
    """The configuration with other values, by their places: changed(experiments__easy__epochs=4)."""
    config = copy.deepcopy(CONFIG)
    for place, value in places.items():
        *way, key = place.split("__")
        section = config
        for name in way:
            section = section[name]
        section[key] = value
    return config


def rules(jobs):
    return {rule for rule, _ in jobs}


@pytest.fixture(scope="module")
def workflow(tmp_path_factory):
    """First without any study, then with one."""
    workflow = Workflow(tmp_path_factory.mktemp("generalization"), changed(analyses=TINY["analyses"]))
    workflow.run("runs", "results/experiments/plain/scores.parquet")
    workflow.configure(CONFIG)
    workflow.before = workflow.planned(*TARGETS)
    workflow.run(*TARGETS)
    return workflow


def table(workflow, path):
    return pd.read_parquet(workflow.work / path)


def test_a_study_is_evaluated_and_trains_nothing(workflow):
    assert rules(workflow.before) == {"check_experiment", "evaluate_run", *OWN}
    assert {wildcards.split()[0] for rule, wildcards in workflow.before if rule == "evaluate_run"} == {
        "easy",
        "hard",
        "random",
    }
    assert workflow.planned(*TARGETS) == set()


def test_every_run_is_tested_on_every_part_and_on_the_original(workflow):
    found = table(workflow, TABLES[0])
    assert len(found) == 3 * 2 * 3
    relations = found.drop_duplicates(["experiment", "tested_on"])[["experiment", "tested_on", "relation"]]
    expected = [
        ("easy", "own", "other", "original"),
        ("hard", "other", "own", "original"),
        ("random", "other", "other", "original"),
    ]
    expected = {
        (name, test, is_) for name, *row in expected for test, is_ in zip(("easy", "hard", "few"), row, strict=True)
    }
    assert set(relations.itertuples(index=False, name=None)) == expected
    assert found.loc[found["tested_on"] == "few", "test_examples"].eq(30).all()
    row = found.set_index(["experiment", "run", "tested_on"]).loc[("easy", "seed-1", "hard")]
    evaluation = workflow.table("easy/seed-1/evaluation.parquet").set_index(["dataset", "split"])
    assert row["top1"] == evaluation.loc[("hard", "test"), "top1"]
    assert row["train_top1"] == evaluation.loc[("easy", "train"), "top1"]
    history = workflow.table("easy/seed-1/history.parquet").query("group == 'train' and epoch == 3")
    assert row["train_top1"] == pytest.approx(history["top1"].item())
    assert row["train_examples"] == 30


def test_overlaps_are_those_of_the_tables_whose_ids_are_the_same_in_all_data_sets(workflow):
    examples = {
        name: table(workflow, f"results/datasets/{name}/examples.parquet").set_index("example_id")
        for name in ("few", "easy", "hard", "random")
    }
    for part in examples.values():
        assert (part["sha256"] == examples["few"]["sha256"].loc[part.index]).all()
    ids = {
        (name, split): set(rows.index[rows["split"] == split])
        for name, rows in examples.items()
        for split in ("train", "test")
    }
    for _, row in table(workflow, TABLES[0]).iterrows():
        assert row["seen"] == len(ids[row["dataset"], "train"] & ids[row["tested_on"], "test"])
    assert not ids["easy", "train"] & (ids["easy", "test"] | ids["hard", "test"])


def test_summary_compares_with_the_control(workflow):
    summary = table(workflow, TABLES[1]).set_index(["experiment", "tested_on", "measure"])
    assert len(summary) == 3 * 3 * 3
    row, control = (summary.loc[(name, "few", "top1")] for name in ("easy", "random"))
    assert row["difference"] == pytest.approx(row["mean"] - control["mean"])
    assert row["low"] <= row["difference"] <= row["high"] and row["seeds"] == 2


def test_traits_are_scores_of_the_experiment_that_chose_and_truths(workflow):
    traits = table(workflow, TABLES[2]).set_index(["dataset", "trait"])
    assert {"aum", "loss", "radius", "noise"} <= set(traits.index.get_level_values("trait"))
    aum = traits.xs("aum", level="trait")
    assert aum["chosen_by"].to_dict() == {"easy": True, "hard": True, "random": False}
    assert aum["effect"]["easy"] < 0.5 < aum["effect"]["hard"]
    scores = workflow.table("plain/scores.parquet").set_index("example_id")["aum"]
    easy = table(workflow, "results/datasets/easy/examples.parquet").query("split == 'train'")["example_id"]
    assert aum["mean"]["easy"] == pytest.approx(scores[easy].mean(), rel=1e-5)


@pytest.mark.full
def test_results_are_verified(workflow, tmp_path):
    copied = workflow.copied(tmp_path / "copy")
    assert copied.verify() == []
    (copied.work / TABLES[2]).write_bytes(b"")
    (problem,) = copied.verify()
    assert problem.startswith(TABLES[2])


@pytest.mark.full
def test_figures_are_redrawn_alone(workflow):
    workflow.configure(changed(figures={"dpi": 60}))
    assert rules(workflow.planned(*TARGETS)) == {"plot_generalization", "plot_traits"}
    workflow.configure(CONFIG)


@pytest.mark.full
def test_without_a_control_nothing_but_the_tables_and_their_figure_is_made_anew(workflow):
    workflow.configure(changed(analyses__generalization__halves__control=None))
    assert rules(workflow.planned(*TARGETS)) == {"collect_generalization", "plot_generalization"}
    workflow.configure(CONFIG)


def test_another_seed_of_one_experiment_trains_it_and_is_collected(workflow):
    workflow.configure(changed(experiments__hard={"dataset": "hard", "seeds": [0, 1, 2]}))
    jobs = workflow.planned(*TARGETS)
    assert jobs == {
        ("train_model", "hard seed-2"),
        ("evaluate_run", "hard seed-2"),
        ("collect_generalization", "halves"),
        ("plot_generalization", "halves"),
    }
    workflow.configure(CONFIG)


@pytest.mark.full
def test_another_part_is_linked_trained_tested_and_described_anew(workflow):
    workflow.configure(changed(datasets__hard__select__fraction=0.6))
    jobs = workflow.planned(*TARGETS)
    assert ("link_subset", "hard") in jobs and ("link_subset", "easy") not in jobs
    assert {wildcards for rule, wildcards in jobs if rule == "train_model"} == {"hard seed-0", "hard seed-1"}
    assert len([rule for rule, _ in jobs if rule == "evaluate_run"]) == 6
    assert rules(jobs) >= OWN
    workflow.configure(CONFIG)


@pytest.mark.full
def test_another_seed_of_what_chose_changes_its_traits_only(workflow):
    workflow.configure(changed(experiments__plain={"seeds": [0, 1]}))
    jobs = workflow.planned(*TARGETS)
    assert {job for job in jobs if job[0] == "train_model"} == {("train_model", "plain seed-1")}
    assert rules(jobs) & {*OWN, "link_subset", "evaluate_run"} == {"compute_traits", "plot_traits"}
    workflow.configure(CONFIG)


@pytest.mark.full
def test_without_a_chooser_there_are_no_traits(workflow):
    listed = {"source": "subset", "of": "few", "select": {"by": "random", "fraction": 0.3}, "seed": 1}
    config = changed(datasets__other=listed, experiments__other={"dataset": "other"})
    config["analyses"] = {**TINY["analyses"], "generalization": {"drawn": {"experiments": ["random", "other"]}}}
    workflow.configure(config)
    assert rules(workflow.planned()) & OWN == {"collect_generalization", "plot_generalization"}
    workflow.configure(CONFIG)


def test_a_folder_without_test_images_is_told_in_one_line(tmp_path):
    config = changed(datasets__few={"source": "image_folder", "path": "photos"})
    workflow = Workflow(tmp_path, config)
    (workflow.work / "photos" / "train" / "ant").mkdir(parents=True)
    result = workflow.snakemake("-n")
    assert result.returncode == 1
    line = "analyses.generalization.halves: data set 'few', which its parts are of, has no test split; add photos/test"
    assert line in result.stderr and "Traceback" not in result.stderr
