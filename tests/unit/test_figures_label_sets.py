"""Figures of images with several labels: average precision, samples, galleries, and what accuracy is called."""

import numpy as np
import pandas as pd
import pytest

from difficulty.figures.data.samples import sample_sheet
from difficulty.figures.experiments.evaluations import evaluations_figure
from difficulty.figures.experiments.measure_names import accuracy_name, loss_name
from difficulty.figures.scores.average_precision import average_precision_figure
from difficulty.figures.scores.gallery import gallery_figure
from difficulty.figures.style.appearance import styled
from difficulty.figures.style.palette import WRONG_TEXT
from difficulty.tables import write_table
from difficulty.training.majority import majority_sets_of
from difficulty.training.run_tables import SET_RECORDS
from tests.support.figure_reading import by_gid, said

PRECISIONS = {"cat": (0.9, 0.5), "dog": (0.8, 0.7), "eel": (np.nan, 0.2), "": (0.85, 0.467)}


def precision_table(runs=3):
    rows = [
        {
            **{"role": role, "epoch": 5, "class_name": name, "positives": 4, "examples": 10, "runs": runs},
            **{"average_precision": values[place], "average_precision_std": 0.1 if runs > 1 else np.nan},
        }
        for place, role in enumerate(("train", "test"))
        for name, values in PRECISIONS.items()
    ]
    return pd.DataFrame(rows)


def test_classes_are_sorted_by_the_test_and_means_are_drawn():
    figure = average_precision_figure(precision_table(), "title")
    text = said(figure)
    assert text.index("dog (4 / 4)") < text.index("cat (4 / 4)") < text.index("eel (0 / 4)")
    assert "train: mAP 85.0 %" in text and "test: mAP 46.7 %" in text and "mean over 3 runs" in text
    (points,) = by_gid(figure, "classes test")
    np.testing.assert_allclose(points.get_xdata(), [0.7, 0.5, 0.2])
    (train,) = by_gid(figure, "classes train")
    np.testing.assert_array_equal(train.get_xdata(), [0.8, 0.9, np.nan])
    (random,) = by_gid(figure, "random test")
    assert set(random.get_xdata()) == {0.4}


def test_one_run_and_no_test_images():
    table = precision_table(1)
    figure = average_precision_figure(table[table["role"] == "train"], "title")
    assert "standard deviation" not in said(figure) and not by_gid(figure, "classes test")
    nothing = table.assign(average_precision=np.nan)
    assert "no image has a class" in said(average_precision_figure(nothing, "title"))


def test_samples_have_their_labels_below():
    examples = pd.DataFrame({"label": [0, 0, 1], "class_name": ["cat", "cat", "dog"], "split": "train"})
    images = np.zeros((3, 4, 4, 1), np.uint8)
    assert "several labels" not in said(sample_sheet(examples, images, "title"))
    sets = examples.assign(label_names=[["cat"], ["cat", "diningtable", "person"], ["cat", "dog"]])
    text = said(sample_sheet(sets, images, "title"))
    assert "cat+ diningtable+…" in text and "cat+dog" in text and "several labels" in text


def test_galleries_have_the_predicted_and_the_given_set():
    table = pd.DataFrame({"label": [0, 0], "clean_label": 0, "is_corrupt": False, "value": [0.1, 0.9]})
    table["predicted"] = pd.array([0, 1], "Int64")
    table = table.assign(given_set=["cat+dog", "cat"], predicted_set=["cat+dog", "(none)"])
    figure = gallery_figure(table, np.zeros((2, 4, 4, 1), np.uint8), {0: "cat"}, "title", "aum", -1)
    text = said(figure)
    assert "(cat+dog)" in text and "largest object: cat (2 examples)" in text and "given label" not in text
    with styled():
        shown = {artist.get_text(): artist.get_color() for artist in figure.findobj(lambda a: hasattr(a, "get_text"))}
    assert shown["(none)"] == WRONG_TEXT != shown["cat+dog"]


def test_majority_of_predicted_sets(tmp_path):
    paths = []
    for run, sets in enumerate((["0", "1"], ["0", "0 1"], ["1", "1"])):
        rows = [(example, epoch, "train", text) for epoch in (1, 2) for example, text in zip((4, 7), sets, strict=True)]
        frame = pd.DataFrame(rows, columns=["example_id", "epoch", "role", "predicted_set"]).astype({"epoch": "int32"})
        frame = frame.assign(predicted=np.int32(0), correct=False)
        for name in ("probability", "margin", "loss", "el2n", "entropy", "feature_norm"):
            frame[name] = np.float32(0)
        frame.loc[frame["epoch"] == 1, "predicted_set"] = "3"  # the last epoch counts
        paths.append(tmp_path / f"{run}.parquet")
        write_table(frame, paths[-1], SET_RECORDS)
    found = majority_sets_of(paths, pd.Index([7, 4, 9]), "train")
    assert found.dropna().to_dict() == {7: "1", 4: "0"} and pd.isna(found[9])


@pytest.mark.parametrize(
    "top5, accuracy, loss",
    [
        ([1.0, 0.5], "top-1 accuracy", "mean cross-entropy (nats)"),
        ([np.nan, np.nan], "exact match", "mean binary cross-entropy (nats)"),
        ([1.0, np.nan], "top-1 accuracy or exact match", "mean cross-entropy (nats)"),
    ],
)
def test_what_accuracy_and_loss_are_called(top5, accuracy, loss):
    table = pd.DataFrame({"top5": top5})
    assert (accuracy_name(table), loss_name(table)) == (accuracy, loss)
    evaluations = pd.DataFrame(
        {"experiment": ["a", "b"], "run": "seed-0", "dataset": "d", "split": "test", "epoch": 1, "examples": 3}
    )
    figure = evaluations_figure(evaluations.assign(top1=0.5, top5=top5), "title", {})
    assert accuracy in said(figure)
