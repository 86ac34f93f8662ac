"""The four complete suites of tests/suites/: each is made once for all processes of a session, and then only linked.

everything: all analyses at once, with planted noise, and folds in one experiment
labels:     images with several labels
given:      records of other training runs and snapshots of networks
parts:      subsets, generalization, joined columns and features from outside
"""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from tests.support.made_once import made_once
from tests.support.voc import write_devkit
from tests.support.workflows import ROOT, Workflow

CONFIGS = {path.stem: yaml.safe_load(path.read_text()) for path in sorted((ROOT / "tests" / "suites").glob("*.yaml"))}
EVERYTHING, LABELS, GIVEN, PARTS = (CONFIGS[name] for name in ("everything", "labels", "given", "parts"))

LABELS_TARGETS = [
    *("results/evaluations.parquet", "results/agreement/plain.parquet", "results/figures/datasets/voc/samples.png"),
    *(
        f"results/experiments/plain/{table}"
        for table in ("suspects.csv", "average_precision.parquet", "truth-correlation.parquet")
    ),
    *(f"results/figures/experiments/plain/{figure}.png" for figure in ("average_precision", "gallery", "training")),
]
STUDY_TABLES = [f"results/generalization/halves{table}.parquet" for table in ("", "-summary", "-traits")]
STUDY_FIGURES = [f"results/figures/generalization/halves/{figure}.png" for figure in ("accuracy", "traits")]
CHOSEN = [f"results/datasets/{name}/examples.parquet" for name in ("half", "learned", "edgy")]
TARGETS = {
    "everything": [],
    "labels": LABELS_TARGETS,
    "given": [],
    "parts": ["scores", "runs", *CHOSEN, *STUDY_FIGURES],
}

RECORDED = {"runs": 2, "epochs": 4, "examples": 60, "classes": 3}
WRONG = 12  # of the recorded examples, the first ones


class Suites:
    """Finished suites below a folder that all test processes share."""

    def __init__(self, folder: Path):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def __call__(self, name: str) -> Workflow:
        """A finished suite, made if no other process has made it; copy it, never change it."""

        def make(place: Path) -> None:
            workflow = Workflow(place, CONFIGS[name])
            GIVEN_FILES.get(name, lambda suites, folder: None)(self, workflow.work)
            workflow.run(*TARGETS[name])

        return Workflow.at(made_once(self.folder / name, make))


def _write_given(suites: Suites, folder: Path) -> None:
    """Records of random logits, right but for some examples; the checkpoints of an experiment of `everything`."""
    draws = np.random.default_rng(0)
    examples, classes = RECORDED["examples"], RECORDED["classes"]
    ids, label = np.arange(examples), draws.integers(0, classes, examples)
    wrong = ids < WRONG
    for run in range(RECORDED["runs"]):
        rows = []
        for epoch in range(1, RECORDED["epochs"] + 1):
            logits = draws.normal(size=(examples, classes))
            logits[ids, label] += np.where(wrong, -3, 3)
            rows.append(
                pd.DataFrame({"example_id": ids, "epoch": epoch, "y": label, "wrong": wrong, "z": list(logits)})
            )
        pd.concat(rows).to_parquet(folder / f"run{run}.parquet")
    trained = suites("everything").work / "results/experiments/plain"
    for seed in (0, 1):
        for epoch in range(4):
            os.link(
                trained / f"seed-{seed}/checkpoints/epoch-{epoch}.safetensors",
                folder / f"own-{seed}-{epoch}.safetensors",
            )


def _write_labels(suites: Suites, folder: Path) -> None:
    write_devkit(folder / "VOCdevkit")


def _write_parts(suites: Suites, folder: Path) -> None:
    """Seconds for all training images of `few` but the first ten, votes on each of its test images, and vectors."""
    draws = np.random.default_rng(0)
    train, test = (PARTS["datasets"]["few"][split] for split in ("train", "test"))
    np.save(folder / "votes.npy", draws.integers(1, 10, (test, 4)))
    for name, count in (("vectors", train), ("vectors_of_test", test)):
        np.save(folder / f"{name}.npy", np.random.default_rng(count).normal(size=(count, 6)).astype(np.float32))
    measured = pd.Series(draws.random(train), name="s").rename_axis("index").drop(range(10))
    measured.sample(frac=1, random_state=0).to_csv(folder / "seconds.csv")


GIVEN_FILES: dict[str, Callable[[Suites, Path], None]] = {
    "given": _write_given,
    "labels": _write_labels,
    "parts": _write_parts,
}
