"""Figure of prediction depth held out and trained on: corners, cells and images."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from difficulty.figures.prediction_depth import plane as depth_plane
from difficulty.figures.style.palette import CORRUPT
from tests.support.depth_stand_ins import COLOR, GREY, PROBES, long_names, make_images, make_labels
from tests.support.figure_reading import by_gid, said, texts_of

EASY, OTHER_CLASS = (next(c for c in depth_plane.CORNERS if c.name == n) for n in ("easy", "looks like another class"))


def make_plane(validation, training):
    return make_labels(len(validation)).assign(validation=validation, training=training)


def draw_plane(table, shape=GREY, probes=PROBES, names=None):
    return depth_plane.depth_plane_figure(table, make_images(len(table), shape), names or {}, probes, "t")


def test_every_corner_has_its_own_quadrant():
    depths = np.stack(np.meshgrid(np.arange(5), np.arange(5))).reshape(2, -1)
    members = np.stack([depth_plane.quadrant(*depths, corner, 4) for corner in depth_plane.CORNERS])
    assert members.sum(axis=1).tolist() == [4, 4, 4, 4]
    assert members.sum(axis=0).max() == 1
    assert not members[:, (depths == 2).any(axis=0)].any()
    (row,) = np.flatnonzero((depths == [[0], [4]]).all(axis=0))
    assert members[depth_plane.CORNERS.index(OTHER_CLASS), row]


def test_nearest_images_come_first_and_ties_are_spread_over_the_examples():
    validation, training = np.array([0.0, 1, 0, 2, 0.5]), np.array([4.0, 4, 3.5, 4, 0])
    assert depth_plane.nearest_to(validation, training, OTHER_CLASS, 4).tolist() == [0, 2, 1]
    zero = np.zeros(101)
    zero[7] = 0.1
    assert depth_plane.nearest_to(zero, zero, EASY, 4, 3).tolist() == [0, 51, 100]
    one_nearer = np.full(101, 0.5)
    one_nearer[7] = 0.1
    assert depth_plane.nearest_to(one_nearer, one_nearer, EASY, 4, 3).tolist() == [7, 0, 100]


def test_cells_count_the_examples_nearest_to_two_probes():
    cells = depth_plane.count_cells(np.array([0, 0.4, 0.5, 4]), np.array([4, 3.6, 4, 0]), 4)
    assert {(row, column): cells[row, column] for row, column in zip(*np.nonzero(cells), strict=True)} == {
        (4, 0): 2,
        (4, 1): 1,
        (0, 4): 1,
    }


def test_plane_says_what_is_left_out_and_writes_the_counts():
    table = make_plane([0, 0, 0, 4, np.nan], [0, 0, 4, 1, 2])
    figure = draw_plane(table)
    assert "4 training examples" in said(figure)
    assert "left out: 1 with no defined depth in one role or both" in said(figure)
    counts = {text.get_position(): text.get_text() for text in by_gid(figure, "count")}
    assert counts == {(0, 0): "2", (0, 4): "1", (4, 1): "1"}
    (plane,) = by_gid(figure, "plane")
    assert [label.get_text() for label in plane.get_xticklabels()] == PROBES
    assert [label.get_text() for label in plane.get_yticklabels()] == PROBES
    (cells,) = by_gid(figure, "cells")
    assert cells.get_array().filled(0).sum() == 4


def test_plane_paints_each_corner_beside_it():
    table = make_plane([0, 0, 4, 4], [0, 4, 0, 4]).assign(label=[5, 6, 7, 8])
    figure = draw_plane(table)
    canvas = figure.axes[0].images[0].get_array()[..., 0]
    height, width = canvas.shape
    upper, left = slice(0, height // 2), slice(0, width // 2)
    lower, right = slice(height // 2, height), slice(width // 2, width)
    for row, where in enumerate([(lower, left), (upper, left), (lower, right), (upper, right)]):
        assert np.unique(canvas[where]).tolist() == [row, 255]
    headings = [text.get_text() for text in by_gid(figure, "corner")]
    assert sorted(headings) == sorted(corner.name for corner in depth_plane.CORNERS)
    assert {"5", "6", "7", "8"} <= set(texts_of(figure))


def test_plane_frames_planted_labels_and_names_the_clean_one():
    table = make_plane([0, 0, 0], [4, 4, 0])
    table.loc[1, ["is_corrupt", "clean_label"]] = [True, 3]
    figure = draw_plane(table, names={1: "cat", 3: "dog"})
    assert {"cat", "(dog)", "2 examples, 1 planted wrong"} <= set(texts_of(figure))
    frame = np.round(np.array(to_rgb(CORRUPT)) * 255)
    assert (figure.axes[0].images[0].get_array() == frame).all(axis=2).any()
    assert "Amber frame" in said(figure)


def test_corner_without_examples_says_none():
    figure = draw_plane(make_plane([0, 0], [0, 0]))
    assert texts_of(figure).count("none") == 3
    assert "2 examples" in texts_of(figure)
    assert "Amber" not in said(figure)


@pytest.mark.parametrize("values", [[np.nan] * 3, []])
def test_plane_without_both_depths_says_what_it_takes(values):
    assert "it takes folds" in said(draw_plane(make_plane(np.array(values, float), np.array(values, float))))


@pytest.mark.parametrize(
    ("examples", "shape", "probes"),
    [(1, (224, 224, 3), 40), (200, (20, 64, 1), 2), (60, COLOR, 14), (3, GREY, 1)],
)
def test_plane_of_any_size(examples, shape, probes):
    draws = np.random.default_rng(0)
    table = make_plane(*(draws.integers(0, probes, (2, examples)) / 1.0)).assign(is_corrupt=True)
    figure = draw_plane(table, shape, long_names(probes), dict.fromkeys(range(9), "a class of a rather long name"))
    assert bool(by_gid(figure, "count")) == (probes <= 14)
    assert sum(text.endswith("stage.0") for text in texts_of(figure)) == 2
