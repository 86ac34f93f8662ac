"""`gpus: 2` through the workflow: two processes train a run whose tables are as any other's."""

from tests.support.workflows import TINY, Workflow

RUN = "results/experiments/plain/seed-0"


def test_two_processes_train_a_run_of_the_workflow(tmp_path):
    workflow = Workflow(tmp_path, {**TINY, "experiments": {"plain": {"gpus": 2}}})
    workflow.run(f"{RUN}/records.parquet", f"{RUN}/evaluation.parquet")
    records = workflow.table("plain/seed-0/records.parquet")
    assert len(records) == 3 * 130 and records["loss"].notna().all()
    history = workflow.table("plain/seed-0/history.parquet").set_index(["epoch", "group"])
    evaluation = workflow.table("plain/seed-0/evaluation.parquet").set_index("split")
    # A later pass over the saved weights says what the two processes said together.
    assert abs(history.loc[(3, "test"), "loss"] - evaluation.loc["test", "loss"]) < 1e-5
    assert not (workflow.work / RUN / ".partial").exists()
