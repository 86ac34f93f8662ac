"""Every source of images has the right inputs: what is added to or taken from a folder is noticed."""

import itertools
import re

import numpy as np
import PIL.Image
import pytest

from tests.support.voc import write_devkit
from tests.support.workflows import TINY, Workflow

PATTERN = r"(.*/)?(?P<label>[ab])\d\.png"
DATASETS = {
    "shapes": {"source": "shapes", "train": 12, "test": 6},
    "cifar10": {"source": "cifar10"},
    "cifar100": {"source": "cifar100", "download": False},
    "table": {"source": "flat_folder", "path": "photos", "labels": "labels.csv"},
    "names": {"source": "flat_folder", "path": "photos", "pattern": PATTERN, "recursive": True},
    "kth": {"source": "kth_tips2b", "path": "kth", "size": 4},
    "one": {
        "source": "npz",
        "files": {"train": "a.npz", "test": "a.npz"},
        "arrays": {"test": ["test_images", "test_labels"]},
    },
    "voc": {"source": "voc", "path": "VOCdevkit", "train": "VOC2007/trainval"},
    "braces": {"source": "image_folder", "path": "my{x}<photos>", "size": 4},
}
BRACES = ("train/a{b}", "train/{dataset}", "valid/a{b}", "train/a{b}/{nested}<1>")
VOC = ("ImageSets/Main/trainval.txt", "JPEGImages", "Annotations")
INPUTS = {
    "table": "labels.csv, photos",
    "names": "photos, photos/more",
    "kth": "kth/cork, kth/wool, " + ", ".join(f"kth/{kind}/sample_{s}" for kind in ("cork", "wool") for s in "abcd"),
    "one": "a.npz",
    "voc": ", ".join(f"VOCdevkit/VOC2007/{part}" for part in VOC),
    "braces": ", ".join(f"my{{x}}<photos>/{part}" for part in ("train", "valid", *BRACES)),
}


@pytest.fixture(scope="module")
def workflow(tmp_path_factory):
    workflow = Workflow(tmp_path_factory.mktemp("sources"))
    (workflow.work / "photos" / "more" / ".hidden").mkdir(parents=True)
    for name in ("a0", "a1", "b0", "b1", "more/a0"):
        PIL.Image.fromarray(np.full((4, 4), len(name), np.uint8)).save(workflow.work / "photos" / f"{name}.png")
    for level, folder in enumerate(BRACES):
        path = workflow.work / "my{x}<photos>" / folder
        path.mkdir(parents=True, exist_ok=True)
        PIL.Image.fromarray(np.full((4, 4), level, np.uint8)).save(path / "{y}.png")
    rows = [f"{name}.png,{name[0]}" for name in ("a0", "a1", "b0", "b1")]
    (workflow.work / "labels.csv").write_text("\n".join(["file,label", *rows]) + "\n")
    for level, (kind, sample, image) in enumerate(itertools.product(("cork", "wool"), "abcd", (1, 12))):
        path = workflow.work / "kth" / kind / f"sample_{sample}" / f"16{sample}-scale_2_im_{image}_col.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        PIL.Image.fromarray(np.full((5, 4, 3), level, np.uint8)).save(path)
    x, y = np.arange(96, dtype=np.uint8).reshape(6, 4, 4), np.arange(6) % 2
    np.savez(workflow.work / "a.npz", x=x, y=y, test_images=x + 100, test_labels=y)
    write_devkit(workflow.work / "VOCdevkit")
    return workflow


def configure(workflow, *names):
    experiments = {name: {"dataset": name} for name in names}
    defaults = {**TINY["defaults"], "dataset": names[0]}
    workflow.configure({"datasets": DATASETS, "defaults": defaults, "experiments": experiments})


def test_inputs(workflow):
    configure(workflow, *DATASETS)
    done = workflow.snakemake("-n", "-p", "data")
    jobs = re.findall(r"^rule prepare_dataset:\n((?:    .*\n)*)", done.stdout + done.stderr, re.MULTILINE)
    found = {}
    for job in jobs:
        lines = dict(line.strip().split(": ", 1) for line in job.splitlines())
        found[lines["wildcards"].removeprefix("dataset=")] = lines.get("input")
    assert found == {name: INPUTS.get(name) for name in DATASETS}


def test_data_are_made_and_not_made_again(workflow):
    configure(workflow, "shapes", "table", "names", "kth", "one", "voc", "braces")
    said = workflow.run("data")
    assert "table: 1 group of identical files (4 examples)" in said
    assert "braces: my{x}<photos>/valid/ is the test split\n" in said and "braces: 4 files found, all used\n" in said
    assert workflow.planned("data") == set()
    (workflow.work / "photos" / "more" / "b7.png").write_bytes((workflow.work / "photos" / "b0.png").read_bytes())
    (workflow.work / "VOCdevkit" / "VOC2007" / "Annotations" / "000000.xml").rename(workflow.work / "000000.xml")
    added = workflow.work / "kth" / "wool" / "sample_d" / "16d-scale_3_im_1_col.png"
    added.write_bytes((added.parent / "16d-scale_2_im_1_col.png").read_bytes())
    nested = workflow.work / "my{x}<photos>" / BRACES[-1]
    (nested / "2.png").write_bytes((nested / "{y}.png").read_bytes())
    changed = {("prepare_dataset", name) for name in ("names", "voc", "kth", "braces")}
    assert workflow.planned("data") == {("data", ""), *changed}


def test_missing_inputs_are_named(workflow):
    (workflow.work / "labels.csv").rename(workflow.work / "other.csv")
    configure(workflow, "table")
    done = workflow.snakemake("-n", "data")
    assert done.returncode == 1
    assert "datasets.table.labels: no such file: labels.csv, relative to " in done.stderr
