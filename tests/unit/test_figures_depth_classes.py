"""Figure of prediction depth and classes: shares, order and what is left out."""

import numpy as np
import pandas as pd
import pytest

from difficulty.figures.prediction_depth import classes as depth_classes
from tests.support.depth_stand_ins import PROBES, long_names
from tests.support.figure_reading import by_gid, said, texts_of


def make_depths(counts, runs=1):
    """Rows of runs. counts: label -> how many examples at each depth, the last number of undefined ones."""
    rows = []
    for label, levels in counts.items():
        depth = np.repeat([*range(len(levels) - 1), np.nan], levels)
        rows.append(pd.DataFrame({"label": label, "prediction_depth": np.tile(depth, runs)}))
    return pd.concat(rows, ignore_index=True)


def cells_of(figure, gid):
    """The shares drawn in all pieces of a table, beside each other; 0 where no cell is coloured."""
    return np.hstack([image.get_array().filled(0) for image in by_gid(figure, gid)])


def test_classes_are_ordered_by_mean_of_the_defined_depths():
    rows = make_depths({7: [0, 0, 0, 2], 3: [0, 1, 3, 0], 5: [2, 0, 0, 9], 1: [2, 0, 0, 0]})
    counts = depth_classes.count_depths(rows, 3)
    assert counts.index.tolist() == [1, 5, 3, 7]
    assert counts.loc[5].tolist() == [2, 0, 0, 9]
    assert counts.loc[3].tolist() == [0, 1, 3, 0]


def test_rows_and_columns_are_shares_with_their_counts():
    rows = make_depths({0: [3, 0, 1, 0], 1: [1, 0, 2, 1]}, runs=2)
    figure = depth_classes.depth_classes_figure({"train": rows}, {0: "cat", 1: "dog"}, PROBES[:3], "t")
    np.testing.assert_allclose(cells_of(figure, "depths train"), [[0.75, 0, 0.25, 0], [0.25, 0, 0.5, 0.25]])
    np.testing.assert_allclose(cells_of(figure, "classes train"), [[0.75, 0, 1 / 3, 0, 0.5], [0.25, 0, 2 / 3, 1, 0.5]])
    assert [text.get_text() for text in by_gid(figure, "depth count")] == ["8", "0", "6", "2", "16"]
    assert [text.get_text() for text in by_gid(figure, "class count")] == ["8", "8"]
    assert [text.get_text() for text in by_gid(figure, "depths train number")] == ["75", "25", "25", "50", "25"]
    left, right = figure.axes[:2]
    assert [label.get_text() for label in left.get_yticklabels()] == ["cat", "dog"]
    assert [label.get_text() for label in right.get_xticklabels()] == [*PROBES[:3], "undefined", "all"]


def test_each_role_that_is_present_has_its_row():
    tables = {
        "train": make_depths({0: [1, 1]}),
        "validation": make_depths({0: [0, 0]}),
        "test": make_depths({0: [2, 0]}),
    }
    figure = depth_classes.depth_classes_figure(tables, {}, ["softmax"], "t")
    titles = {axes.get_title(loc="left") for axes in figure.axes} - {""}
    kinds = ("depths of each class", "classes at each depth")
    assert titles == {f"{role}: {kind}" for role in ("train", "test") for kind in kinds}


def make_depths_of(classes):
    """Class c has depth c // 10, and the more examples the higher c."""
    return make_depths({c: np.eye(12, dtype=int)[c // 10] * (c + 1) for c in range(classes)})


def test_of_many_classes_the_shallowest_and_the_deepest_are_shown():
    rows = make_depths_of(30)
    figure = depth_classes.depth_classes_figure({"train": rows}, {0: "cat"}, long_names(11), "t")
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == ["cat", *map(str, range(1, 10)), "10 classes between", *map(str, range(20, 30))]
    assert "Of 30 classes the 10 of the lowest and the 10 of the highest mean depth are shown" in said(figure)
    depths, classes = cells_of(figure, "depths train"), cells_of(figure, "classes train")
    np.testing.assert_allclose(depths.sum(axis=1), 1)
    assert depths[10, 1] == 1
    assert not classes[10].any()
    np.testing.assert_allclose(classes[:10, -1], np.arange(1, 11) / len(rows))
    assert "between" not in said(depth_classes.depth_classes_figure({"train": make_depths_of(20)}, {}, PROBES, "t"))


def test_no_share_is_rounded_to_none():
    rows = make_depths({0: [999, 1]})
    figure = depth_classes.depth_classes_figure({"train": rows}, {}, ["softmax"], "t")
    assert [text.get_text() for text in by_gid(figure, "depths train number")] == ["100", "<1"]


def test_classes_without_any_example_say_so():
    assert "no example has a depth" in said(depth_classes.depth_classes_figure({}, {}, PROBES, "t"))


@pytest.mark.parametrize(("classes", "probes", "undefined"), [(1, 1, True), (100, 40, False), (3, 5, True)])
def test_classes_of_any_size(classes, probes, undefined):
    draws = np.random.default_rng(0)
    rows = pd.DataFrame({"label": draws.integers(0, classes, 4000)})
    rows["prediction_depth"] = np.nan if undefined else draws.integers(0, probes, len(rows))
    names = {label: f"class {label} of a rather long name" for label in range(classes)}
    tables = dict.fromkeys(("train", "validation", "test"), rows)
    figure = depth_classes.depth_classes_figure(tables, names, long_names(probes), "t")
    assert bool(by_gid(figure, "depths test number")) == (probes < 20)
    assert not any("nan" in text for text in texts_of(figure))
    if undefined:
        np.testing.assert_allclose(cells_of(figure, "depths train")[:, -1], 1)
