"""The configuration: what resolves to what, and the files that come with the workflow."""

import importlib
import importlib.util
import json
import subprocess
import sys
import typing
from pathlib import Path

import pytest
import yaml

from difficulty.config.data.datasets import AnySource
from difficulty.config.reading import load
from difficulty.config.resolve import resolve
from difficulty.config.training.architectures import ARCHITECTURES
from difficulty.config.training.optimizers import Optimizer
from difficulty.config.training.schedules import Schedule

ROOT = Path(__file__).parents[2]
FILES = [ROOT / "config.yaml", *sorted((ROOT / "recipes").glob("*.yaml"))]
BASE = """
datasets: {digits: {source: digits}}
defaults: {dataset: digits, architecture: resnet9, width: 16, epochs: 4, optimizer: {name: sgd, lr: 0.2, momentum: 0.9}}
"""


def experiment(override: str = "{}", defaults: str = "{}") -> dict:
    """The settings of an experiment with this override."""
    config = yaml.safe_load(BASE)
    config["defaults"].update(yaml.safe_load(defaults))
    return resolve({**config, "experiments": {"x": yaml.safe_load(override)}}).experiments["x"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_files_of_the_workflow_stand_alone(path):
    configuration = resolve(load([path]), path.name)
    assert all(configuration.runs(name) for name in configuration.experiments)


def test_default_suite():
    configuration = resolve(load([ROOT / "config.yaml"]))
    assert list(configuration.experiments) == ["clean", "noisy", "easy", "hard", "random"]
    assert configuration.runs("noisy") == ["seed-0", "seed-1", "seed-2"]
    assert configuration.experiments["noisy"]["label_noise"] == {"kind": "symmetric", "fraction": 0.1, "seed": 0}
    assert list(configuration.detections) == ["noisy"]
    own = {name: [name] for name in configuration.experiments}
    assert configuration.agreement_groups == {**own, "noise": ["clean", "noisy"]}
    assert configuration.evaluations == {name: ["digits"] for name in ("easy", "hard", "random")}
    assert configuration.generalization["halves"]["scores_of"] == "clean"


def test_settings_are_plain_and_without_nulls():
    configuration = resolve(load([ROOT / "config.yaml"]))
    text = json.dumps(vars(configuration))
    assert "null" not in text
    assert json.loads(text) == vars(configuration)


def test_numbers():
    settings = experiment("{optimizer: {lr: 1, weight_decay: 5e-4}, epochs: 3}")
    assert settings["optimizer"] == {"name": "sgd", "lr": 1.0, "momentum": 0.9, "weight_decay": 5e-4, "nesterov": False}
    assert isinstance(settings["optimizer"]["lr"], float)
    assert isinstance(settings["epochs"], int)


def test_overrides_merge_key_by_key():
    settings = experiment("{augmentation: {flip: true}}", "{augmentation: {crop: 4}}")
    assert settings["augmentation"] == {"crop": 4, "flip": True}


def test_another_kind_replaces_a_section():
    settings = experiment("{optimizer: {name: adam, lr: 1e-3}}")
    assert "momentum" not in settings["optimizer"]
    settings = experiment("{optimizer: {name: rm3, lr: 0.1}}")
    assert settings["optimizer"] == {"name": "rm3", "lr": 0.1, "weight_decay": 0.0}
    noise = experiment("{label_noise: {kind: file, path: x}}", "{label_noise: {kind: symmetric, fraction: 0.1}}")
    assert noise["label_noise"] == {"kind": "file", "path": "x"}


def test_null_removes():
    assert "label_noise" not in experiment("{label_noise: null}", "{label_noise: {kind: symmetric, fraction: 0.1}}")
    assert "width" not in experiment("{width: null}")
    assert "batch_size" not in experiment("{batch_size: null}", "{batch_size: 64}")
    assert experiment("{augmentation: {crop: null}}", "{augmentation: {crop: 4}}")["augmentation"] == {"flip": False}


def test_width_and_its_like_stay_with_their_architecture():
    assert experiment("{architecture: mlp, depth: 3}")["depth"] == 3
    for architecture in ("mlp", "resnet18", "torchvision:vgg11"):
        assert "width" not in experiment(f"{{architecture: '{architecture}'}}")
    assert experiment("{architecture: resnet9}")["width"] == 16


def test_initialization_is_there_only_if_it_is_given():
    assert "initialization" not in experiment("{}")
    assert "initialization" not in experiment("{initialization: null}", "{initialization: {kind: kaiming}}")
    given = experiment("{architecture: mlp}", "{initialization: {kind: xavier}}")["initialization"]
    assert given == {"kind": "xavier", "distribution": "normal"}


def test_settled_statistics_are_what_batch_norm_takes_anyway():
    assert "batch_norm" not in experiment("{batch_norm: settled}")
    assert experiment("{batch_norm: running}")["batch_norm"] == "running"
    assert experiment("{batch_norm: batch}")["batch_norm"] == "batch"


def test_fifty_strata_are_what_stratified_selection_has_anyway():
    def select(settings):
        text = f"{{by: score, score: aum, experiment: clean, seeds: [0], keep: stratified, fraction: 0.1{settings}}}"
        part = {"source": "subset", "of": "digits", "select": yaml.safe_load(text)}
        config = load([ROOT / "config.yaml"])
        return resolve({**config, "datasets": {**config["datasets"], "part": part}}).datasets["part"]["select"]

    assert select(", strata: 50, drop_hardest: 0") == select("") and "strata" not in select("")
    assert select(", strata: 9, drop_hardest: 0.9") == {**select(""), "strata": 9, "drop_hardest": 0.9}


def test_one_gpu_is_what_a_run_has_anyway():
    assert "gpus" not in experiment("gpus: 1")
    assert experiment("gpus: 2")["gpus"] == 2


def test_runs_of_folds():
    config = yaml.safe_load(BASE)
    configuration = resolve({**config, "experiments": {"x": {"seeds": [3, 1], "folds": 2}}})
    assert configuration.runs("x") == ["seed-3-fold-0", "seed-3-fold-1", "seed-1-fold-0", "seed-1-fold-1"]


def test_files_of_a_data_set_may_be_one():
    config = yaml.safe_load(BASE)
    config |= {"experiments": {"x": {}}}
    config["datasets"]["one"] = {"source": "parquet", "files": {"train": "a.parquet", "test": ["b.parquet"]}}
    assert resolve(config).datasets["one"]["files"] == {"train": ["a.parquet"], "test": ["b.parquet"]}


def test_classes_may_be_called_by_numbers():
    noise = experiment("{label_noise: {kind: asymmetric, fraction: 0.1, map: {3: 8}}}")["label_noise"]
    assert noise["map"] == {"3": "8"}


def test_configuration_is_not_changed():
    config = load([ROOT / "config.yaml"])
    before = json.dumps(config)
    resolve(config)
    assert json.dumps(config) == before


def _kinds(union, key: str) -> list[str]:
    members = typing.get_args(typing.get_args(union)[0])
    return [typing.get_args(member.model_fields[key].annotation)[0] for member in members]


@pytest.mark.parametrize(
    "package, names",
    [
        ("models", list(ARCHITECTURES)),
        ("datasets", [kind for kind in _kinds(AnySource, "source") if kind != "subset"]),
        ("training.optimizers", _kinds(Optimizer, "name")),
        ("training.schedules", _kinds(Schedule, "name")),
    ],
)
def test_what_is_chosen_by_name_has_a_module(package, names):
    assert [name for name in names if importlib.util.find_spec(f"difficulty.{package}.{name}") is None] == []


def test_snakefile_imports_nothing_but_pydantic_and_the_standard_library():
    program = """
import sys
before = set(sys.modules)
import difficulty.config.resolve
for name, module in sys.modules.items():
    if "site-packages" in str(getattr(module, "__file__", "")) and name not in before and "." not in name:
        print(name)
"""
    found = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT / "workflow" / "scripts", capture_output=True, text=True, check=True
    )
    with_pydantic = {"pydantic", "pydantic_core", "annotated_types", "typing_extensions", "typing_inspection"}
    assert set(found.stdout.split()) <= with_pydantic
