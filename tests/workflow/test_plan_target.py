"""`plan` says before anything runs what all jobs cost, and afterwards how far that was right."""

import json

import pandas as pd
import pytest

from tests.support.suites import EVERYTHING
from tests.support.workflows import TINY, Workflow, altered


def planned(workflow: Workflow) -> str:
    result = workflow.snakemake("--cores", "1", "plan")
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def stages(workflow: Workflow) -> pd.DataFrame:
    return pd.read_csv(workflow.work / "results" / "plan.csv", index_col="stage")


def to_do(workflow: Workflow) -> dict[str, int]:
    """Rule -> number of jobs that are not done, by the last plan."""
    found = stages(workflow)
    left = found["jobs"] - found["done"]
    return left[left > 0].to_dict()


@pytest.fixture(scope="module")
def planned_source(everything_source, tmp_path_factory) -> tuple[Workflow, str]:
    """A finished suite after a plan, which has measured this machine, and what the plan said."""
    workflow = everything_source.copied(tmp_path_factory.mktemp("planned") / "everything")
    return workflow, planned(workflow)


def test_a_fresh_folder_is_planned_without_running_anything(tmp_path):
    workflow = Workflow(tmp_path / "w", TINY)
    output = planned(workflow)
    assert "train_model" in output and "CPU time, about" in output
    assert not (workflow.work / "results" / "datasets").exists()
    found = stages(workflow)
    assert (found.loc["train_model", "jobs"], found["done"].sum()) == (4, 0)
    assert found["jobs"].sum() == len(workflow.planned()) and found["true_cpu_s"].isna().all()


def test_images_of_a_folder_are_counted_first(tmp_path):
    source = {"source": "npz", "files": {"train": "missing.npz"}}
    workflow = Workflow(tmp_path / "w", altered(TINY, datasets={"few": source}))
    result = workflow.snakemake("--cores", "1", "plan")
    assert result.returncode == 1 and "missing.npz" in result.stderr and "Traceback" not in result.stderr


def test_a_finished_run_is_compared_with_its_estimates(planned_source):
    everything, output = planned_source
    assert "Nothing is to be done." in output and "took" in output.splitlines()[0]
    found = stages(everything)
    assert (found["done"] == found["jobs"]).all()
    assert found.drop(index="sum_curvature", errors="ignore")["true_cpu_s"].notna().all()
    measured = json.loads((everything.work / ".snakemake" / "difficulty" / "calibration.json").read_text())
    start, training = measured["starts"]["training"][0], found.loc["train_model"]
    true = training["true_cpu_s"] + training["jobs"] * start  # scripts share their imports here
    assert 0.2 < training["cpu_s"] / true < 5
    assert everything.planned() == set()


def test_what_a_changed_configuration_makes_again_is_to_be_done(planned_source, tmp_path):
    everything = planned_source[0].copied(tmp_path / "everything")
    everything.configure(altered(EVERYTHING, experiments__noisy__epochs=4, figures__dpi=49))
    planned(everything)
    assert to_do(everything) == everything.counts()


@pytest.mark.full
def test_a_data_set_that_was_prepared_otherwise_is_to_be_prepared_and_as_large_as_it_will_be(tmp_path):
    workflow = Workflow(tmp_path / "w", TINY)
    workflow.run("results/datasets/few/examples.parquet")
    planned(workflow)
    few = stages(workflow)
    assert few.loc["prepare_dataset", "done"] == 1
    workflow.configure(altered(TINY, datasets__few__limit={"train": 1000, "test": 300}))
    planned(workflow)
    many = stages(workflow)
    assert many.loc["prepare_dataset", "done"] == 0
    assert many.loc["rank_suspects", "kept_bytes"] > 5 * few.loc["rank_suspects", "kept_bytes"]


@pytest.mark.full
def test_a_damaged_calibration_is_measured_again(tmp_path):
    workflow = Workflow(tmp_path / "w", TINY)
    file = workflow.work / ".snakemake" / "difficulty" / "calibration.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text('{"version": 1, "starts": {"tab')
    planned(workflow)
    assert json.loads(file.read_text())["is_measured"]
