"""Real photographs of many sizes go through data set, subset and training from files, decoded by workers."""

import tarfile

import pandas as pd
import pytest

from tests.support.workflows import ROOT, Workflow

ARCHIVE = ROOT.parent / "shared" / "data" / "hymenoptera_imagefolder_subset.tar"
CONFIG = {
    "datasets": {
        "photos": {
            "source": "image_folder",
            "path": "hymenoptera_data",
            "size": 32,
            "color": "rgb",
            "storage": "files",
        },
        "easy": {
            "source": "subset",
            "of": "photos",
            "select": {
                "by": "score",
                "score": "loss_mean",
                "experiment": "photos",
                "seeds": [0],
                "keep": "easiest",
                "fraction": 0.5,
            },
            "per_class": True,
        },
    },
    "defaults": {
        "width": 4,
        "epochs": 1,
        "batch_size": 16,
        "seeds": [0],
        "augmentation": {"flip": True, "resized_crop": {}},
        "workers": 2,
    },
    "experiments": {"photos": {"dataset": "photos"}, "easy": {"dataset": "easy"}},
    "evaluations": {"easy": ["photos"]},
    "analyses": {"agreement": {"groups": None}},
}


@pytest.mark.skipif(not ARCHIVE.exists(), reason=f"{ARCHIVE} is not here")
def test_photographs_are_trained_on_from_their_files(tmp_path):
    workflow = Workflow(tmp_path, CONFIG)
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(workflow.work, filter="data")
    originals = {path: path.stat().st_mtime_ns for path in workflow.work.rglob("*.jpg")}
    workflow.run("runs", "results/figures/experiments/easy/gallery.png")
    results = workflow.work / "results"
    photos, easy = (pd.read_parquet(results / "datasets" / name / "examples.parquet") for name in ("photos", "easy"))
    assert len(photos) == len(originals) == 180
    train = easy[easy["split"] == "train"]
    counts = photos[photos["split"] == "train"]["class_name"].value_counts()
    assert (train["class_name"].value_counts() * 2 - counts).abs().max() <= 1
    for file in easy["file"]:
        linked, source = (results / "datasets" / name / "images" / file for name in ("easy", "photos"))
        assert linked.stat().st_ino == source.stat().st_ino
    assert {path: path.stat().st_mtime_ns for path in originals} == originals
    assert (results / "datasets" / "photos" / "pixels.parquet").stat().st_size < 20_000
    evaluation = pd.read_parquet(results / "experiments/easy/seed-0/evaluation.parquet")
    assert set(evaluation["dataset"]) == {"photos", "easy"}
