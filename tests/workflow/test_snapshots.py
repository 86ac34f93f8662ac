"""Networks from elsewhere are scored without training."""

import numpy as np

from tests.support.suites import GIVEN
from tests.support.workflows import altered, rules

CHECKPOINTS = GIVEN["experiments"]["own"]["checkpoints"]


def test_nothing_is_trained(plan_given):
    jobs = plan_given("--forceall")
    assert "train_model" not in rules(jobs)
    assert {("import_checkpoints", f"own seed-{seed}") for seed in (0, 1)} <= jobs
    assert ("plot_gallery", "own") in jobs


def test_scores_are_those_of_the_runs_that_the_snapshots_are_of(given_source, everything_source):
    """The first snapshot, of the weights before training, counts as epoch 1."""
    mine = given_source.table("own/seed-1/records.parquet")
    theirs = everything_source.table("plain/seed-1/records.parquet")
    pairs = theirs.merge(mine.assign(epoch=mine["epoch"] - 1), on=["example_id", "epoch"])
    assert len(pairs) == len(theirs)
    np.testing.assert_allclose(pairs["loss_y"], pairs["loss_x"], rtol=1e-6)
    mine, theirs = (
        workflow.table(f"{experiment}/seed-1/vog.parquet")
        for workflow, experiment in ((given_source, "own"), (everything_source, "plain"))
    )
    pairs = theirs.merge(mine, on=["example_id", "stage"])
    assert len(pairs) == len(theirs)
    np.testing.assert_allclose(pairs["vog_y"], pairs["vog_x"], rtol=2e-3)  # theirs are of float16 maps
    assert "vog_complete" in given_source.table("own/scores.parquet").columns


def test_other_files_as_the_first_epochs_are_imported_again(given):
    swapped = dict(reversed(CHECKPOINTS.items()))
    given.configure(altered(GIVEN, experiments__own__checkpoints=swapped), in_order=True)
    assert ("import_checkpoints", "own seed-0") in given.planned()


def test_a_missing_file_of_weights_is_named(plan_given):
    error = plan_given.error(experiments__own__checkpoints={"early": ["gone.pt", "also.pt", "third.pt"]})
    assert "experiments.own.checkpoints: no such file: gone.pt, relative to " in error
