"""Coherence of gradients through the workflow."""

import numpy as np
import pytest

from tests.workflow.conftest import TINY, Workflow, changed


def with_coherence(**settings):
    config = changed(analyses={"coherence": {"examples": 8, "fraction": 0.2, **settings}})
    return {**config, "experiments": {"noisy": TINY["experiments"]["noisy"]}}


@pytest.fixture(scope="module")
def measured_source(tmp_path_factory) -> Workflow:
    workflow = Workflow(tmp_path_factory.mktemp("coherence"), with_coherence())
    workflow.run("scores", "runs", "results/figures/experiments/noisy/coherence.png")
    return workflow


def test_every_run_has_all_groups_layers_and_checkpoints(measured_source):
    for seed in (0, 1):
        table = measured_source.table(f"noisy/seed-{seed}/coherence.parquet")
        assert set(table["epoch"]) == {0, 1, 2, 3}
        assert set(table["group"]) == {"train", "pristine", "corrupt", "easy", "hard"}
        assert len(table) == 4 * 5 * table["layer"].nunique() and "all" in set(table["layer"])
        assert set(table["examples"]) == {8}
        defined = table["alpha"].dropna()
        assert len(defined) and ((defined >= 0) & (defined <= 1 + 1e-6)).all()
        assert np.isfinite(defined).all()


def test_another_sample_is_measured_anew_and_nothing_is_trained(measured_source, tmp_path):
    workflow = measured_source.copied(tmp_path / "copy")
    workflow.configure(with_coherence(seed=1))
    assert workflow.counts() == {"measure_coherence": 2, "plot_coherence": 1, **finishing(measured_source)}


def finishing(workflow) -> dict[str, int]:
    """What was not asked for yet: the other figures."""
    return {rule: count for rule, count in workflow.counts().items() if rule != "plot_coherence"}
