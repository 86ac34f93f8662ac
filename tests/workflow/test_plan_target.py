"""`plan` says before anything runs what all jobs cost, and afterwards how far that was right."""

import pandas as pd

from tests.support.workflows import TINY, Workflow, altered


def planned(workflow: Workflow) -> str:
    result = workflow.snakemake("--cores", "1", "plan")
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def stages(workflow: Workflow) -> pd.DataFrame:
    return pd.read_csv(workflow.work / "results" / "plan.csv", index_col="stage")


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


def test_a_finished_run_is_compared_with_its_estimates(everything):
    output = planned(everything)
    assert "Nothing is to be done." in output and "took" in output.splitlines()[0]
    found = stages(everything)
    assert (found["done"] == found["jobs"]).all()
    assert found.drop(index="sum_curvature", errors="ignore")["true_cpu_s"].notna().all()
    within = found["cpu_s"] / found["true_cpu_s"]
    assert 0.2 < within.loc["train_model"] < 5
    assert everything.planned() == set()
