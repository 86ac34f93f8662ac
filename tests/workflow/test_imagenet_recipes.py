"""The ImageNet recipes train for one epoch on a stand-in of the same layout."""

import numpy as np
import pytest
import yaml
from PIL import Image

from tests.support.workflows import ROOT, Workflow

pytestmark = pytest.mark.full
SHORT = {"epochs": 1, "batch_size": 8, "train_sample": 8, "checkpoints": "last", "workers": 0}


def recipe_on_a_stand_in(folder, name, **changes):
    """A workflow, the file of a recipe that is cut short, and its data: images of noise in two colours."""
    config = yaml.safe_load((ROOT / "recipes" / name).read_text())
    config["defaults"].update({key: value for key, value in SHORT.items() if key in config["defaults"]})
    for section, keys in changes.items():
        for key, value in keys.items():
            config[section][key].update(value)
    workflow = Workflow(folder)
    (workflow.work / "config.yaml").unlink()
    recipe = workflow.work / "recipe.yaml"
    recipe.write_text(yaml.safe_dump(config, sort_keys=False))
    draws = np.random.default_rng(0)
    for split, count in (("train", 12), ("val", 4)):
        for number, color in enumerate(([200, 60, 60], [60, 60, 200])):
            directory = workflow.work / "imagenet" / split / f"n0{number}"
            directory.mkdir(parents=True)
            for image in range(count):
                pixels = draws.normal(color, 60, (60, 80, 3)).clip(0, 255).astype(np.uint8)
                Image.fromarray(pixels).resize((320, 240)).save(directory / f"n0{number}_{image}.JPEG")
    return workflow, str(recipe)


def test_coherent_imagenet(tmp_path):
    workflow, recipe = recipe_on_a_stand_in(tmp_path, "coherent_imagenet.yaml")
    names = [f"labels-half-{network}-rm3" for network in ("resnet18", "vgg13", "inception")]
    runs = [f"results/experiments/{name}/seed-0/records.parquet" for name in names]
    coherence = "results/experiments/labels-half-resnet18-rm3/seed-0/coherence.parquet"
    workflow.run(*runs, coherence, "--configfile", recipe)
    for name in names:
        history = workflow.table(f"{name}/seed-0/history.parquet")
        assert {"train", "train_sample", "pristine", "corrupt", "test"} <= set(history["group"])
        assert (workflow.table(f"{name}/seed-0/steps.parquet")["examples"] == 8).all()
    assert len(workflow.table("labels-half-resnet18-rm3/seed-0/coherence.parquet"))


def test_easy_hard_imagenet(tmp_path):
    sizes = {"train": 4, "test": 2, "per_class": True}
    half = {"kind": "symmetric", "fraction": 0.5}  # so that what is learned is of both classes, whatever it is
    workflow, recipe = recipe_on_a_stand_in(
        tmp_path,
        "easy_hard_imagenet.yaml",
        datasets={"learned": sizes, "not_learned": sizes, "random": sizes},
        experiments={"short": {"epochs": 1, "label_noise": half}},
    )
    workflow.run("--configfile", recipe)
    assert (workflow.work / "results/figures/generalization/easy_hard/accuracy.png").exists()
