"""What an experiment on linear probes makes, and what it depends on."""

import json

from difficulty.config.resolve import resolve
from difficulty.config.training.chosen_seeds import repeated_seeds
from difficulty.plan import paths
from difficulty.plan.plan import Plan

VERDICT = {"source": "subset", "of": "own", "select": {"by": "verdict", "experiment": "frozen", "drop": ["easy"]}}
DATASETS = {
    "own": {"source": "digits", "features": {"file": "a.npy"}},
    "half": {"source": "subset", "of": "own", "select": {"by": "random", "fraction": 0.5}},
    "sure": VERDICT,
}
DEFAULTS = {"dataset": "own", "architecture": "mlp", "width": 8, "epochs": 3, "optimizer": {"name": "sgd", "lr": 0.1}}
NOISE = {"kind": "symmetric", "fraction": 0.1}


def planned(frozen=None, analyses=None, **defaults) -> Plan:
    experiments = {
        "frozen": {"architecture": "linear_probe", "label_noise": NOISE, **(frozen or {})},
        "half": {"architecture": "linear_probe", "dataset": "half", "seeds": [0]},
        "plain": {},
        "sure": {"dataset": "sure", "label_noise": {"kind": "experiment", "experiment": "frozen", "relabel": True}},
    }
    sections = {"datasets": DATASETS, "defaults": {**DEFAULTS, **defaults}, "experiments": experiments}
    return Plan(resolve({**sections, "analyses": analyses or {}}, "a.yaml"), lambda *source: " ".join(source))


def made(plan: Plan, experiment: str) -> set[str]:
    return {path for path in plan.files() if path.startswith(f"results/experiments/{experiment}/")}


def test_a_run_leaves_records_and_probabilities_and_no_network():
    plan = planned()
    assert (plan.training.probes, plan.training.with_checkpoints) == (["frozen", "half"], ["plain", "sure"])
    runs = {f"results/experiments/frozen/seed-{seed}" for seed in (0, 1, 2)}
    of_runs = {path for path in made(plan, "frozen") if "/seed-" in path and "correlation" not in path}
    assert of_runs == {f"{run}/{name}.parquet" for run in runs for name in ("records", "history", "probe")}
    tables = {pattern.format(experiment="frozen") for pattern in (paths.HELD_OUT, paths.LABEL_QUALITY, paths.PROBE)}
    assert made(plan, "frozen") > tables and paths.CHECKED.format(experiment="frozen") not in plan.files()
    assert "results/figures/experiments/frozen/gallery.png" in plan.files()


def test_analyses_of_networks_leave_them_out():
    names = ("vog", "influence", "prediction_depth", "coherence", "second_split")
    analyses = {name: {} for name in (*names, "images")}
    plan = planned(analyses={**analyses, "augmentation_sensitivity": {"augmentation": {"crop": 1}}})
    for name in (*names, "augmentation_sensitivity"):
        assert {*plan.configuration.used[name]} == {"plain", "sure"}
    assert "frozen" in plan.configuration.used["images"]


def test_what_counts_is_features_folds_and_strength():
    plan, stage = planned(), planned().training.fit_linear_probe("frozen")
    assert json.loads(stage.settings) == {"folds": 5, "strength": 0.01} and stage.code == "fit_linear_probe"
    online = {"dynamics": {"records": "online", "el2n_epoch": 3}, "features": {"neighbors": 3}}
    other = planned(None, online, epochs=9, batch_size=7, records="both")
    assert other.training.fit_linear_probe("frozen") == stage
    assert other.scores.score_dynamics("frozen") == plan.scores.score_dynamics("frozen")
    assert other.scores.dynamics_records("frozen")[0].endswith("seed-0/records.parquet")
    assert planned(None, {"features": {"strength": 1}}).training.fit_linear_probe("frozen") != stage
    assert planned({"label_noise": None}).training.fit_linear_probe("frozen") != stage
    assert planned({"seeds": [0]}).training.fit_linear_probe("frozen") == stage
    assert plan.training.fit_linear_probe("half").upstream != stage.upstream


def test_their_probe_counts_once():
    plan = planned()
    stage = plan.scores.score_label_error("frozen")
    assert json.loads(stage.settings) == {"are_probes": True}
    assert json.loads(plan.scores.score_label_error("plain").settings) == {}
    assert plan.scores.further_probe("frozen") == []
    assert plan.scores.further_probe("plain") == ["results/experiments/plain/probe.parquet"]


def test_planted_noise_is_tested_in_what_is_held_out():
    detection = planned().scores.detections["frozen"]
    assert (detection["experiment"], detection["role"]) == ("frozen", "validation")
    suspects = planned(None, {"suspects": {"score": "aum"}}).scores.rank_suspects("frozen")
    assert json.loads(suspects.settings)["score"] == "aum_validation"


def test_seeds_of_probes_are_no_networks_that_start_alike():
    configuration = planned().configuration
    assert list(repeated_seeds(configuration.datasets, configuration.experiments)) == []
