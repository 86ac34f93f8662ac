"""Subsets in the workflow: hard links that touch nothing, rebuilt when what chose them changes, checked when used."""

import os

import pandas as pd
import pytest

from tests.support.suites import PARTS
from tests.support.workflows import altered, rules, unlinked

TABLES = [f"results/datasets/{name}/examples.parquet" for name in ("easy", "hard", "half", "learned")]


def test_files_of_a_subset_are_those_of_its_parent(parts_source):
    folder = parts_source.work / "results" / "datasets"
    examples = pd.read_parquet(folder / "half" / "examples.parquet")
    assert (examples["split"] == "train").sum() == 60 and (examples["split"] == "test").sum() == 30
    parent = pd.read_parquet(folder / "few" / "files.parquet").set_index("file")
    for file in examples["file"]:
        found, linked = ((folder / name / "images" / file).stat() for name in ("few", "half"))
        assert found.st_ino == linked.st_ino
        assert found.st_mtime_ns == parent.loc[file, "modified_ns"]
    scores = pd.read_parquet(parts_source.work / "results/experiments/plain/scores/dynamics.parquet")
    trained = scores[(scores["role"] == "train") & (scores["run"] == "seed-0")].set_index("example_id")["aum"]
    chosen = examples["example_id"][examples["split"] == "train"]
    assert trained[chosen].min() >= trained.drop(chosen).max()


def test_another_seed_of_the_experiment_that_chose_changes_nothing(parts):
    """Although the scores that the subsets were chosen by are written again."""
    parts.configure(altered(PARTS, experiments__plain={"seeds": [0, 1]}))
    jobs = parts.planned("runs", *TABLES)
    assert rules({job for job in jobs if not job[1].startswith(("plain", "few"))}) - {"runs"} == set()
    parts.run("results/experiments/plain/scores/dynamics.parquet")
    assert "link_subset" not in rules(parts.planned("runs", *TABLES))


@pytest.mark.parametrize(
    "change",
    [{"experiments__plain__batch_size": 30}, {"datasets__few": {"source": "shapes", "train": 118, "test": 30}}],
)
def test_a_subset_is_made_again_where_its_choice_depends_on_a_change(plan_parts, change):
    """Of the scores that chose `easy`, which are `ancient`, and of the records that chose `learned`."""
    jobs = plan_parts("runs", *TABLES, **change)
    assert {("link_subset", part) for part in ("easy", "learned")} <= jobs
    assert {("train_model", f"easy seed-{seed}") for seed in (0, 1)} <= jobs


def test_another_choice_makes_that_subset_again(plan_parts):
    jobs = plan_parts("runs", *TABLES, datasets__easy__select__fraction=0.6)
    assert ("link_subset", "easy") in jobs and ("train_model", "easy seed-0") in jobs
    assert {job for job in jobs if job[1].startswith(("learned", "half", "hard", "plain"))} <= {
        ("check_experiment", "plain"),  # whether the subset can be chosen, before `plain` is trained
        *(("evaluate_run", f"hard seed-{seed}") for seed in (0, 1)),  # on the test images of `easy` as well
        ("check_experiment", "hard"),
    }


def test_decisions_on_suspects_make_a_corrected_data_set(parts):
    suspects = pd.read_csv(parts.work / "results/experiments/plain/suspects.csv")
    (dropped, moved), class_of = suspects["example_id"][:2], suspects.set_index("example_id")["given_label"]
    new = next(name for name in class_of.unique() if name != class_of[moved])
    decided = suspects.assign(decision=["drop", "relabel", *[None] * (len(suspects) - 2)], new_label=new)
    decided.to_csv(parts.work / "mine.csv", index=False)
    fixed = {"source": "subset", "of": "few", "select": {"by": "list", "path": "mine.csv"}}
    parts.configure(altered(PARTS, datasets__fixed=fixed, experiments__fixed={"dataset": "fixed", "seeds": [2]}))
    subset, run = "results/datasets/fixed/examples.parquet", "results/experiments/fixed/seed-2/records.parquet"
    parts.run(subset)

    few, found = (parts.work / "results/datasets" / name for name in ("few", "fixed"))
    before, after = (pd.read_parquet(f / "examples.parquet").set_index("example_id") for f in (few, found))
    assert set(before.index) - set(after.index) == {dropped}
    changed = after.index[after["class_name"] != before.loc[after.index, "class_name"]]
    assert changed.tolist() == [moved] and after.loc[moved, "class_name"] == new
    assert after.loc[moved, "file"].startswith(f"train/{new}/")
    old_file, new_file = (f / "images" / t.loc[moved, "file"] for f, t in ((few, before), (found, after)))
    assert old_file.stat().st_ino == new_file.stat().st_ino
    chosen = pd.read_csv(found / "chosen.csv").set_index("example_id")
    assert chosen["decision"].dropna().to_dict() == {moved: "relabel"}
    assert chosen["former_class"].dropna().to_dict() == {moved: class_of[moved]}

    assert "link_subset" not in rules(parts.planned(run))
    decided.assign(decision=["drop", *[None] * (len(suspects) - 1)]).to_csv(parts.work / "mine.csv", index=False)
    assert {("link_subset", "fixed"), ("train_model", "fixed seed-2")} <= parts.planned(run)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: path.unlink(), "is missing"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "has changed"),
        (lambda path: os.truncate(path, 0), "has changed"),
    ],
)
def test_a_lost_or_altered_member_is_named_before_training(parts, damage, message):
    member = next((parts.work / "results/datasets/easy/images/train").rglob("*.png"))
    damage(unlinked(member))
    parts.configure(altered(PARTS, experiments__easy={"dataset": "easy", "seeds": [0, 2]}))
    result = parts.snakemake("--cores", "1", "results/experiments/easy/seed-2/records.parquet")
    text = result.stdout + result.stderr
    assert result.returncode == 1
    assert f"{member.relative_to(parts.work)} {message} since the data set was made" in text
    assert (parts.work / "results/experiments/easy/seed-0/records.parquet").exists()
