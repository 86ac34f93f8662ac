"""Studies of generalization through the workflow: what they imply, what they depend on, what they leave alone."""

import pandas as pd
import pytest

from tests.support.plans import changes
from tests.support.suites import PARTS, STUDY_FIGURES, STUDY_TABLES
from tests.support.workflows import Workflow, altered, rules, unlinked, wildcards_of

TARGETS = [*STUDY_TABLES, *STUDY_FIGURES]
OWN = {"collect_generalization", "compute_traits", "plot_generalization", "plot_traits"}


def table(workflow, path):
    return pd.read_parquet(workflow.work / path)


def test_a_study_that_is_added_evaluates_and_trains_nothing(tmp_path):
    own = {"analyses__images": {"statistics": ["edge_strength"]}, "analyses__correlation": {"bootstrap": 20}}
    unjoined = altered(PARTS, datasets__few__features=None, **own)
    without = altered(unjoined, analyses__generalization={})
    (added,) = changes([without, unjoined], tmp_path)
    added = {job for job in added if job[0] not in ("collect_evaluations", "plot_evaluations", "build_atlas")}
    assert {rule for rule, _ in added} == {"check_experiment", "evaluate_run", *OWN}
    assert {path.split("/")[2] for rule, path in added if rule == "evaluate_run"} == {"easy", "hard", "random"}


def test_every_run_is_tested_on_every_part_and_on_the_original(parts_source):
    found = table(parts_source, STUDY_TABLES[0])
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
    evaluation = parts_source.table("easy/seed-1/evaluation.parquet").set_index(["dataset", "split"])
    assert row["top1"] == evaluation.loc[("hard", "test"), "top1"]
    assert row["train_top1"] == evaluation.loc[("easy", "train"), "top1"]
    history = parts_source.table("easy/seed-1/history.parquet").query("group == 'train' and epoch == 3")
    assert row["train_top1"] == pytest.approx(history["top1"].item())
    assert row["train_examples"] == 30


def test_overlaps_are_those_of_the_tables_whose_ids_are_the_same_in_all_data_sets(parts_source):
    examples = {
        name: table(parts_source, f"results/datasets/{name}/examples.parquet").set_index("example_id")
        for name in ("few", "easy", "hard", "random")
    }
    for part in examples.values():
        assert (part["sha256"] == examples["few"]["sha256"].loc[part.index]).all()
    ids = {
        (name, split): set(rows.index[rows["split"] == split])
        for name, rows in examples.items()
        for split in ("train", "test")
    }
    for _, row in table(parts_source, STUDY_TABLES[0]).iterrows():
        assert row["seen"] == len(ids[row["dataset"], "train"] & ids[row["tested_on"], "test"])
    assert not ids["easy", "train"] & (ids["easy", "test"] | ids["hard", "test"])


def test_the_summary_compares_with_the_control(parts_source):
    summary = table(parts_source, STUDY_TABLES[1]).set_index(["experiment", "tested_on", "measure"])
    assert len(summary) == 3 * 3 * 3
    row, control = (summary.loc[(name, "few", "top1")] for name in ("easy", "random"))
    assert row["difference"] == pytest.approx(row["mean"] - control["mean"])
    assert row["low"] <= row["difference"] <= row["high"] and row["seeds"] == 2


def test_traits_are_scores_of_the_experiment_that_chose_and_truths(parts_source):
    traits = table(parts_source, STUDY_TABLES[2]).set_index(["dataset", "trait"])
    assert {"aum", "loss", "radius", "noise"} <= set(traits.index.get_level_values("trait"))
    aum = traits.xs("aum", level="trait")
    assert aum["chosen_by"].to_dict() == {"easy": True, "hard": True, "random": False}
    assert aum["effect"]["easy"] < 0.5 < aum["effect"]["hard"]
    scores = parts_source.table("plain/scores.parquet").set_index("example_id")["aum"]
    easy = table(parts_source, "results/datasets/easy/examples.parquet").query("split == 'train'")["example_id"]
    assert aum["mean"]["easy"] == pytest.approx(scores[easy].mean(), rel=1e-5)


def test_a_damaged_table_is_found_by_verify(parts):
    assert parts.verify() == []
    unlinked(parts.work / STUDY_TABLES[2]).write_bytes(b"")
    (problem,) = parts.verify()
    assert problem.startswith(STUDY_TABLES[2])


def test_figures_are_redrawn_alone(plan_parts):
    assert rules(plan_parts(*TARGETS, figures__dpi=60)) == {"plot_generalization", "plot_traits"}


def test_without_a_control_only_the_tables_and_their_figure_are_made_again(plan_parts):
    jobs = plan_parts(*TARGETS, analyses__generalization__halves__control=None)
    assert rules(jobs) == {"collect_generalization", "plot_generalization"}


def test_another_seed_of_one_experiment_trains_it_and_is_collected(plan_parts):
    assert plan_parts(*TARGETS, experiments__hard={"dataset": "hard", "seeds": [0, 1, 2]}) == {
        ("train_model", "hard seed-2"),
        ("evaluate_run", "hard seed-2"),
        ("collect_generalization", "halves"),
        ("plot_generalization", "halves"),
    }


def test_another_part_is_linked_trained_tested_and_described_again(plan_parts):
    jobs = plan_parts(*TARGETS, datasets__hard__select__fraction=0.6)
    assert ("link_subset", "hard") in jobs and ("link_subset", "easy") not in jobs
    assert wildcards_of(jobs, "train_model") == ["hard seed-0", "hard seed-1"]
    assert len(wildcards_of(jobs, "evaluate_run")) == 6
    assert rules(jobs) >= OWN


def test_another_seed_of_what_chose_changes_its_traits_only(plan_parts):
    jobs = plan_parts(*TARGETS, experiments__plain={"seeds": [0, 1]})
    assert wildcards_of(jobs, "train_model") == ["plain seed-1"]
    assert rules(jobs) & {*OWN, "link_subset", "evaluate_run"} == {"compute_traits", "plot_traits"}


def test_without_a_chooser_there_are_no_traits(plan_parts):
    drawn = {"source": "subset", "of": "few", "select": {"by": "random", "fraction": 0.3}, "seed": 1}
    studies = {"drawn": {"experiments": ["random", "other"]}}
    jobs = plan_parts(
        "--forceall",
        datasets__other=drawn,
        experiments__other={"dataset": "other"},
        analyses__generalization=studies,
    )
    assert rules(jobs) & OWN == {"collect_generalization", "plot_generalization"}


def test_a_folder_without_test_images_is_reported_in_one_line(tmp_path):
    photos = {"source": "image_folder", "path": "photos"}
    own = {"analyses__images": None, "analyses__correlation": {"bootstrap": 20}}
    config = altered(PARTS, datasets__few=photos, **own)
    del config["datasets"]["edgy"]
    workflow = Workflow(tmp_path, config)
    (workflow.work / "photos" / "train" / "ant").mkdir(parents=True)
    result = workflow.snakemake("-n")
    assert result.returncode == 1
    line = "analyses.generalization.halves: data set 'few', which its parts are of, has no test split; add photos/test"
    assert line in result.stderr and "Traceback" not in result.stderr
