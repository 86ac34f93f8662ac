"""Influence scores through the workflow: their values, and what a change computes again."""

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from safetensors.torch import load_file

from difficulty.models.building import build_model
from tests.support.suites import EVERYTHING
from tests.support.workflows import altered, unlinked, wildcards_of


def test_identity_is_the_squared_gradient_of_autograd(everything_source):
    run = "noisy/seed-1"
    labels = everything_source.table("noisy/labels.parquet")
    images = pd.read_parquet(everything_source.work / "results/datasets/few/pixels.parquet")["pixels"]
    images = torch.tensor(np.stack([np.frombuffer(each, np.uint8) for each in images])).float()
    model = build_model({"architecture": "mlp", "width": 16}, 1, (8, 8), 10, seed=0).eval()
    path = everything_source.work / "results/experiments" / run / "checkpoints/epoch-3.safetensors"
    model.load_state_dict(load_file(path))
    train = torch.tensor((labels["split"] == "train").to_list())
    inputs = ((images - images[train].mean()) / images[train].std(correction=0)).reshape(-1, 1, 8, 8)
    expected = []
    for image, label in zip(inputs, labels["label"], strict=True):
        loss = F.cross_entropy(model(image[None]), torch.tensor([label]))
        gradients = torch.autograd.grad(loss, list(model.parameters()))
        expected.append(sum(each.square().sum() for each in gradients).item())
    scores = everything_source.table("noisy/scores/influence.parquet").query("run == 'seed-1'")
    scores = scores.set_index("example_id")["self_influence_identity"].loc[labels["example_id"]]
    np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-9)


def test_scores_have_every_role_and_are_judged_as_detectors(everything_source):
    scores = everything_source.table("noisy/scores.parquet")
    for strategy in ("identity", "ekfac"):
        names = {f"self_influence_{strategy}{role}" for role in ("", "_test")}
        assert names <= set(scores.columns)
    assert (scores["self_influence_ekfac"].dropna() >= 0).all()
    detection = pd.read_parquet(everything_source.work / "results/detection.parquet")
    assert {"self_influence_identity", "self_influence_ekfac"} <= set(detection["score"])


def test_every_phase_has_its_time(everything_source):
    folder = everything_source.work / "results/experiments/noisy/seed-0"
    phases = {
        kind: pd.read_parquet(folder / kind / "ekfac-epoch-3-timing.parquet") for kind in ("factors", "influence")
    }
    assert list(phases["factors"]["phase"]) == ["covariances", "eigendecomposition", "second moments"]
    assert list(phases["influence"]["phase"]) == ["self-influence"]
    assert (pd.concat(phases)["seconds"] > 0).all()


def test_another_damping_fits_no_factors(plan_everything):
    counts = plan_everything.counts("scores", analyses__influence__damping={"absolute": 1e-6})
    assert counts["score_self_influence"] == 2  # of ekfac; the identity has nothing to damp
    assert not counts.keys() & {"fit_factors", "train_model"}


def test_another_fisher_fits_all_but_the_identity(plan_everything):
    fitted = wildcards_of(plan_everything(analyses__influence__fisher="empirical"), "fit_factors")
    assert len(fitted) == 2 and all("ekfac" in wildcards for wildcards in fitted)


def test_another_strategy_is_the_only_one_fitted(plan_everything):
    jobs = plan_everything(analyses__influence__strategies=["identity", "diagonal", "ekfac"])
    fitted = wildcards_of(jobs, "fit_factors")
    assert len(fitted) == 2 and all("diagonal" in wildcards for wildcards in fitted)


def test_memory_changes_nothing(plan_everything):
    assert plan_everything(analyses__influence__memory=64, analyses__prediction_depth__memory=64) == set()


def test_several_checkpoints_are_added_up(everything):
    everything.configure(altered(EVERYTHING, analyses__influence__epochs=[1, 3]))
    everything.run("results/experiments/noisy/scores/influence.parquet")
    parts = [
        everything.table(f"noisy/seed-0/influence/ekfac-epoch-{epoch}.parquet").set_index("example_id")
        for epoch in (1, 3)
    ]
    scores = everything.table("noisy/scores/influence.parquet").query("run == 'seed-0'").set_index("example_id")
    expected = sum(part["self_influence"] for part in parts)
    pd.testing.assert_series_equal(scores["self_influence_ekfac"], expected, check_names=False, check_index=True)


def test_damaged_factors_are_reported(everything):
    folder = "results/experiments/noisy/seed-0"
    factors = next((everything.work / folder / "factors/ekfac-epoch-3").glob("*.safetensors"))
    content = bytearray(factors.read_bytes())
    content[-1] ^= 1
    unlinked(factors).write_bytes(content)
    (everything.work / folder / "influence/ekfac-epoch-3.parquet").unlink()
    result = everything.snakemake("--cores", "1", f"{folder}/influence/ekfac-epoch-3.parquet")
    assert result.returncode and f"{factors.name}: is not the file that was written" in result.stderr
