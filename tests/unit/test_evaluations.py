"""The figure of test accuracies shows the last epoch of every run, each data set by itself."""

import pandas as pd
import pytest

from difficulty.figures.experiments.evaluations import evaluations_figure


@pytest.fixture
def table():
    rows = [
        (experiment, f"seed-{seed}", dataset, split, epoch, 100, 0.5, 0.5 + 0.1 * seed + 0.01 * epoch, 0.9)
        for experiment, datasets in {"plain": ["photos"], "easy": ["easy", "photos"]}.items()
        for seed in (0, 1)
        for dataset in datasets
        for split in ("train", "test")
        for epoch in (1, 2)
    ]
    columns = ["experiment", "run", "dataset", "split", "epoch", "examples", "loss", "top1", "top5"]
    return pd.DataFrame(rows, columns=columns)


def test_a_panel_for_each_data_set_with_the_mean_of_the_last_epoch(table):
    figure = evaluations_figure(table, "title", {})
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == ["test split of photos: 100 images", "test split of easy: 100 images"]
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["plain", "easy"]
    assert [text.get_text() for text in figure.axes[0].texts] == ["57.0 %", "57.0 %"]


def test_data_sets_that_share_a_test_split_share_a_panel_with_one_row_for_each_experiment(table):
    figure = evaluations_figure(table, "title", {"easy": "photos", "hard": "photos"})
    (axes,) = figure.axes
    assert axes.get_title(loc="left") == "test split of photos (also that of easy): 100 images"
    assert [label.get_text() for label in axes.get_yticklabels()] == ["plain", "easy"]
    points = [len(line.get_xdata()) for line in axes.lines if line.get_marker() == "o"]
    assert points == [2, 2]  # the runs


def test_a_shared_test_split_is_called_after_the_data_set_that_holds_it(table):
    subsets = table[table["dataset"] == "easy"]
    figure = evaluations_figure(subsets, "title", {"easy": "photos"})
    assert [axes.get_title(loc="left") for axes in figure.axes] == [
        "test split of photos (also that of easy): 100 images"
    ]


def test_without_a_test_split_it_says_so(table):
    assert evaluations_figure(table[table["split"] == "train"], "title", {}).axes
