"""Subsets in the workflow: hard links that touch nothing, rebuilt when what chose them changes, checked when used."""

import copy
import os

import pandas as pd
import pytest

from tests.workflow.conftest import TINY, Workflow

EASY = {
    "source": "subset",
    "of": "few",
    "select": {"by": "score", "score": "aum", "experiment": "plain", "seeds": [0], "keep": "easiest", "fraction": 0.5},
}
LEARNED = {
    "source": "subset",
    "of": "few",
    "select": {"by": "learned", "experiment": "plain", "seeds": [0], "keep": "learned"},
}
CONFIG = {
    **TINY,
    "datasets": {**TINY["datasets"], "easy": EASY, "learned": LEARNED},
    "defaults": {**TINY["defaults"], "seeds": [0]},
    "experiments": {"plain": {}, "easy": {"dataset": "easy"}, "learned": {"dataset": "learned"}},
}


def changed(**places):
    """The configuration with other values, by their places: changed(defaults__epochs=4)."""
    config = copy.deepcopy(CONFIG)
    for place, value in places.items():
        *way, key = place.split("__")
        section = config
        for name in way:
            section = section[name]
        section[key] = value
    return config


@pytest.fixture(scope="module")
def subsets_source(tmp_path_factory):
    workflow = Workflow(tmp_path_factory.mktemp("subsets"), CONFIG)
    workflow.run("runs")
    return workflow


@pytest.fixture
def subsets(subsets_source, tmp_path):
    return subsets_source.copied(tmp_path / "copy")


def test_files_of_a_subset_are_those_of_its_parent(subsets_source):
    folder = subsets_source.work / "results" / "datasets"
    examples = pd.read_parquet(folder / "easy" / "examples.parquet")
    assert (examples["split"] == "train").sum() == 50 and (examples["split"] == "test").sum() == 30
    parent = pd.read_parquet(folder / "few" / "files.parquet").set_index("file")
    for file in examples["file"]:
        found, linked = ((folder / name / "images" / file).stat() for name in ("few", "easy"))
        assert found.st_ino == linked.st_ino
        assert found.st_mtime_ns == parent.loc[file, "modified_ns"]
    scores = pd.read_parquet(subsets_source.work / "results/experiments/plain/scores/dynamics.parquet")
    trained = scores[(scores["role"] == "train") & (scores["run"] == "seed-0")].set_index("example_id")["aum"]
    chosen = examples["example_id"][examples["split"] == "train"]
    assert trained[chosen].min() >= trained.drop(chosen).max()


def planned(workflow, **places):
    workflow.configure(changed(**places))
    jobs = workflow.planned("runs")
    return {rule for rule, wildcards in jobs if not wildcards.startswith(("plain", "few"))}


def test_another_seed_of_the_experiment_that_chose_changes_nothing(subsets):
    assert planned(subsets, experiments__plain={"seeds": [0, 1]}) - {"runs"} == set()
    subsets.run("scores")  # rewrites the scores that the subset was chosen by
    assert "link_subset" not in {rule for rule, _ in subsets.planned()}


@pytest.mark.parametrize(
    "change", [{"experiments__plain": {"epochs": 4}}, {"datasets__few": {"source": "digits", "limit": {"train": 99}}}]
)
def test_what_the_choice_rests_on_makes_the_subset_anew(subsets, change):
    """Of the scores that chose `easy`, which are `ancient`, and of the records that chose `learned`."""
    subsets.configure(changed(**change))
    again = {("link_subset", part) for part in ("easy", "learned")}
    again |= {("train_model", f"{part} seed-0") for part in ("easy", "learned")}
    assert again <= subsets.planned("runs")


def test_another_choice_makes_that_subset_anew(subsets):
    subsets.configure(changed(datasets__easy__select__fraction=0.4))
    jobs = subsets.planned("runs")
    others = {job for job in jobs if "learned" in job[1] or "plain" in job[1]}
    assert others == {("check_experiment", "plain")}  # whether the subset can be chosen, before `plain` is trained
    assert ("link_subset", "easy") in jobs and ("train_model", "easy seed-0") in jobs


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: path.unlink(), "is missing"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "has changed"),
        (lambda path: os.truncate(path, 0), "has changed"),
    ],
)
def test_a_lost_or_altered_member_is_named_before_training(subsets, damage, message):
    member = next((subsets.work / "results/datasets/easy/images/train").rglob("*.png"))
    damage(member)
    subsets.configure(changed(experiments__easy={"dataset": "easy", "seeds": [0, 1]}))
    result = subsets.snakemake("--cores", "1", "runs")
    text = result.stdout + result.stderr
    assert result.returncode == 1
    assert f"{member.relative_to(subsets.work)} {message} since the data set was made" in text
    assert (subsets.work / "results/experiments/easy/seed-0/records.parquet").exists()
