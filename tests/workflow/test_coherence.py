"""Coherence of gradients through the workflow."""

import numpy as np


def test_every_run_has_all_groups_layers_and_checkpoints(everything_source):
    for seed in (0, 1):
        table = everything_source.table(f"noisy/seed-{seed}/coherence.parquet")
        assert set(table["epoch"]) == {0, 1, 2, 3}
        assert set(table["group"]) == {"train", "pristine", "corrupt", "easy", "hard"}
        assert len(table) == 4 * 5 * table["layer"].nunique() and "all" in set(table["layer"])
        assert set(table["examples"]) == {8}
        defined = table["alpha"].dropna()
        assert len(defined) and ((defined >= 0) & (defined <= 1 + 1e-6)).all()
        assert np.isfinite(defined).all()


def test_another_sample_is_measured_and_nothing_is_trained(plan_everything):
    counts = plan_everything.counts(analyses__coherence__seed=1)
    assert counts == {"measure_coherence": 2, "plot_coherence": 1, "build_atlas": 1}
