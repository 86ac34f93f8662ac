"""Exports read by the libraries that they are for, where these are installed; the lock file has none of them.

tests/unit/test_export.py reads the same files without them. To run these: install cleanlab, datasets, pycocotools,
label-studio-sdk and fiftyone beside the packages of envs/requirements.txt.
"""

import json

import numpy as np
import pandas as pd
import pytest

from difficulty.export import cleanlab as cleanlab_export
from difficulty.export import coco, fiftyone, huggingface, label_studio
from tests.support.exported import CLASSES, GIVEN, IDS, judged, write_tables

SETS = [[0, 3], [], [1], [2], [4], [0]]
REASON = "{} is not installed, which reads this format"


@pytest.fixture(params=[None, SETS], ids=["one label", "several labels"])
def exported(request, tmp_path):
    """A function that writes a format: the folder, and whether images have several labels."""
    write_tables(tmp_path, sets=request.param)

    def write(module):
        module.write(judged(tmp_path), tmp_path / "out", {})
        return tmp_path / "out", request.param is not None

    return write


def test_cleanlab_trains_without_the_issues(tmp_path):
    classification = pytest.importorskip("cleanlab.classification", reason=REASON.format("cleanlab"))
    from sklearn.dummy import DummyClassifier

    write_tables(tmp_path)
    cleanlab_export.write(judged(tmp_path), tmp_path, {})
    issues = pd.read_parquet(tmp_path / "label_issues.parquet")
    learner = classification.CleanLearning(DummyClassifier())
    learner.fit(np.zeros((5, 1)), np.array(GIVEN[:5]), label_issues=issues)
    assert learner.get_label_issues()["is_label_issue"].tolist() == [True, False, False, True, False]
    assert sorted(learner.clf.classes_) == [1, 2, 4]


def test_datasets_loads_images_and_class_labels(exported, tmp_path):
    datasets = pytest.importorskip("datasets", reason=REASON.format("datasets"))
    folder, has_sets = exported(huggingface)
    found = datasets.load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))
    train = found["train"]
    label = train.features["label"].feature if has_sets else train.features["label"]
    assert label.names == CLASSES and found["test"]["example_id"][0] == 20
    assert list(train["label"]) == (SETS[:5] if has_sets else GIVEN[:5])
    np.testing.assert_array_equal(np.asarray(train[2]["image"]), np.full((4, 6, 3), 80))


def test_pycocotools_indexes_the_annotations(exported):
    reader = pytest.importorskip("pycocotools.coco", reason=REASON.format("pycocotools"))
    folder, has_sets = exported(coco)
    found = reader.COCO(str(folder / "annotations.json"))
    assert sorted(found.getImgIds()) == IDS[:5]
    assert found.getImgIds(catIds=[3]) == [10 if has_sets else 13]
    assert [each["name"] for each in found.loadCats(found.getCatIds())] == CLASSES


def test_label_studio_takes_tasks_and_predictions(exported):
    sdk = pytest.importorskip("label_studio_sdk.label_interface", reason=REASON.format("label-studio-sdk"))
    folder, _ = exported(label_studio)
    interface = sdk.LabelInterface((folder / "interface.xml").read_text(encoding="utf-8"))
    interface.validate()
    tasks = json.loads((folder / "tasks.json").read_text())
    assert interface.get_control("label").labels == CLASSES
    for task in tasks:
        assert interface.validate_task({"data": task["data"]})
        assert all(map(interface.validate_prediction, task["predictions"]))
    assert sum(len(task["predictions"]) for task in tasks) == 3


def test_fiftyone_makes_samples(exported):
    """Samples alone: a data set would need a running database."""
    library = pytest.importorskip("fiftyone", reason=REASON.format("fiftyone"))
    folder, has_sets = exported(fiftyone)
    for stored in json.loads((folder / "samples.json").read_text())["samples"]:
        sample = library.Sample.from_dict(stored)
        assert isinstance(sample["ground_truth"], library.Classifications if has_sets else library.Classification)
        assert sample.tags[0] in ("train", "test")
