"""Influence scores through the workflow: their values, and what a change computes again."""

import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file

from difficulty.models.building import build_model
from tests.workflow.conftest import TINY, Workflow, changed


def with_influence(defaults=(), **settings):
    """A configuration that scores the images of both experiments; half of `plain` is held out by each of its runs."""
    experiments = {"plain": {"folds": 2}, "noisy": TINY["experiments"]["noisy"]}
    influence = {"strategies": ["identity", "ekfac"], "queries": {}, **settings}
    config = changed(analyses={"influence": influence})
    return {**config, "experiments": experiments, "defaults": {**config["defaults"], **dict(defaults)}}


@pytest.fixture(scope="module")
def scored_source(tmp_path_factory) -> Workflow:
    workflow = Workflow(tmp_path_factory.mktemp("influence"), with_influence())
    workflow.run("scores", "runs")
    return workflow


@pytest.fixture
def scored(scored_source, tmp_path) -> Workflow:
    return scored_source.copied(tmp_path / "copy")


def test_identity_is_the_squared_gradient_of_autograd(scored_source):
    run = "plain/seed-1-fold-0"
    labels = scored_source.table("plain/labels.parquet")
    images = pd.read_parquet(scored_source.work / "results/datasets/few/pixels.parquet")["pixels"]
    images = torch.tensor(np.stack([np.frombuffer(each, np.uint8) for each in images])).float()
    model = build_model({"architecture": "mlp", "width": 16}, 1, (8, 8), 10, seed=0).eval()
    path = scored_source.work / "results/experiments" / run / "checkpoints/epoch-3.safetensors"
    model.load_state_dict(load_file(path))
    train = torch.tensor((labels["split"] == "train").to_list())
    inputs = ((images - images[train].mean()) / images[train].std(correction=0)).reshape(-1, 1, 8, 8)
    expected = []
    for image, label in zip(inputs, labels["label"], strict=True):
        loss = F.cross_entropy(model(image[None]), torch.tensor([label]))
        gradients = torch.autograd.grad(loss, list(model.parameters()))
        expected.append(sum(each.square().sum() for each in gradients).item())
    scores = scored_source.table("plain/scores/influence.parquet").query("run == 'seed-1-fold-0'")
    scores = scores.set_index("example_id")["self_influence_identity"].loc[labels["example_id"]]
    np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-9)


def test_scores_have_every_role_and_are_judged_as_detectors(scored_source):
    scores = scored_source.table("plain/scores.parquet")
    for strategy in ("identity", "ekfac"):
        names = {f"self_influence_{strategy}{role}" for role in ("", "_validation", "_test")}
        assert names <= set(scores.columns)
    assert (scores["self_influence_ekfac"].dropna() >= 0).all()
    detection = pd.read_parquet(scored_source.work / "results/detection.parquet")
    assert {"self_influence_identity", "self_influence_ekfac"} <= set(detection["score"])


def test_every_phase_has_its_time(scored_source):
    folder = scored_source.work / "results/experiments/noisy/seed-0"
    phases = {
        kind: pd.read_parquet(folder / kind / "ekfac-epoch-3-timing.parquet") for kind in ("factors", "influence")
    }
    assert list(phases["factors"]["phase"]) == ["covariances", "eigendecomposition", "second moments"]
    assert list(phases["influence"]["phase"]) == ["self-influence"]
    assert (pd.concat(phases)["seconds"] > 0).all()


def test_influence_added_later_trains_nothing(finished):
    finished.configure(changed(analyses={"influence": {}}))
    jobs = {rule for rule, _ in finished.planned()}
    assert {"fit_factors", "score_self_influence", "score_influence"} <= jobs
    assert not jobs & {"prepare_dataset", "corrupt_labels", "train_model", "evaluate_run", "score_dynamics"}


def test_another_damping_fits_no_factors(scored):
    scored.configure(with_influence(damping={"absolute": 1e-6}))
    jobs = scored.counts()
    assert jobs["score_self_influence"] == 6  # of ekfac; the identity has nothing to damp
    assert not jobs.keys() & {"fit_factors", "train_model"}


@pytest.mark.full
def test_another_fisher_fits_all_but_the_identity(scored):
    scored.configure(with_influence(fisher="empirical"))
    fitted = [wildcards for rule, wildcards in scored.planned() if rule == "fit_factors"]
    assert len(fitted) == 6 and all("ekfac" in wildcards for wildcards in fitted)


def test_another_strategy_is_the_only_one_fitted(scored):
    scored.configure(with_influence(strategies=["identity", "diagonal", "ekfac"]))
    fitted = [wildcards for rule, wildcards in scored.planned() if rule == "fit_factors"]
    assert len(fitted) == 6 and all("diagonal" in wildcards for wildcards in fitted)


@pytest.mark.full
def test_memory_changes_nothing(scored):
    before = scored.counts()
    scored.configure(with_influence(memory=64))
    assert scored.counts() == before
    assert not before.keys() & {"fit_factors", "score_self_influence"}


def test_several_checkpoints_are_added_up(scored):
    scored.configure(with_influence(epochs=[1, 3]))
    scored.run("results/experiments/noisy/scores/influence.parquet")
    parts = [
        scored.table(f"noisy/seed-0/influence/ekfac-epoch-{epoch}.parquet").set_index("example_id") for epoch in (1, 3)
    ]
    scores = scored.table("noisy/scores/influence.parquet").query("run == 'seed-0'").set_index("example_id")
    expected = sum(part["self_influence"] for part in parts)
    pd.testing.assert_series_equal(scores["self_influence_ekfac"], expected, check_names=False, check_index=True)


def test_damaged_factors_are_told(scored):
    folder = "results/experiments/noisy/seed-0"
    factors = next((scored.work / folder / "factors/ekfac-epoch-3").glob("*.safetensors"))
    content = bytearray(factors.read_bytes())
    content[-1] ^= 1
    factors.write_bytes(content)
    (scored.work / folder / "influence/ekfac-epoch-3.parquet").unlink()
    result = scored.snakemake("--cores", "1", f"{folder}/influence/ekfac-epoch-3.parquet")
    assert result.returncode and f"{factors.name}: is not the file that was written" in result.stderr
