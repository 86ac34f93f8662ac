"""Figure of the votes at each probe for single images: which are chosen, and how they are coloured."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from difficulty.figures.prediction_depth import votes as depth_votes
from difficulty.figures.style.palette import CORRUPT
from tests.support.depth_stand_ins import COLOR, GREY, PROBES, long_names, make_images, make_labels, make_votes
from tests.support.figure_reading import by_gid, said, texts_of


def draw_votes(votes, table=None, shape=GREY, names=None, probes=None):
    table = make_labels(len(votes.vote)) if table is None else table
    images = make_images(len(table), shape)
    return depth_votes.depth_votes_figure(votes, table, images, names or {}, probes or PROBES, "t")


def strip_colors(figure, name):
    (axes,) = by_gid(figure, name)
    (image,) = axes.images
    return image.get_array()


def test_chosen_examples_are_evenly_spread_over_the_ranking():
    assert depth_votes.choose_rows(np.array([3.0, 1, 2, np.nan, 1])).tolist() == [1, 4, 2, 0, 3]
    assert depth_votes.choose_rows(np.repeat([0.0, 1], 50), 4).tolist() == [0, 49, 50, 99]
    shuffled = np.random.default_rng(0).permutation(1000) / 1.0
    np.testing.assert_array_equal(shuffled[depth_votes.choose_rows(shuffled, 5)], [0, 250, 500, 749, 999])


def test_rare_depths_are_chosen_too():
    depth = np.zeros(1000)
    depth[[3, 4, 5]] = [2, 6, np.nan]
    np.testing.assert_array_equal(depth[depth_votes.choose_rows(depth, 6)], [0, 0, 0, 2, 6, np.nan])


def test_of_too_many_depths_the_deepest_and_an_undefined_one_are_chosen():
    depth = np.append(np.arange(40.0), [np.nan] * 100)
    chosen = depth[depth_votes.choose_rows(depth, 6)]
    assert len(chosen) == 6
    assert chosen[0] == 0
    assert np.nanmax(chosen) == 39
    assert np.isnan(chosen[-1])


def test_strips_are_coloured_by_prediction_and_given_label():
    votes = depth_votes.Votes(
        vote=np.array([[7, 2, 1, 1, 1], [3, 3, 3, 3, 4]]),
        tied=np.array([[False, True, False, False, False], [False] * 5]),
        predicted=np.array([1, 3]),
        by_epoch=np.array([[2, 9], [1, 3]]),
    )
    table = make_labels(2).assign(label=[2, 3])
    figure = draw_votes(votes, table, names={7: "ship"})
    predicted, given, neither = map(to_rgb, (depth_votes.PREDICTED, depth_votes.GIVEN, depth_votes.NEITHER))
    expected = [[neither, given, predicted, predicted, predicted], [predicted] * 4 + [neither]]
    np.testing.assert_allclose(strip_colors(figure, "probes"), expected)
    np.testing.assert_allclose(strip_colors(figure, "epochs"), [[given, predicted], [neither, predicted]])
    (depth,) = by_gid(figure, "depth")
    assert [line[:, 0].tolist() for line in depth.get_segments()] == [[1.5, 1.5]]
    (ties,) = by_gid(figure, "tie")
    assert len(ties.get_offsets()) == 1
    texts = texts_of(figure)
    assert {"ship", *PROBES, "tied vote"} <= set(texts)
    assert "given: 2\npredicted: 1\ndepth: block" in texts
    assert "given: 3\npredicted: 3\ndepth: undefined" in texts
    assert "undefined (1 in all)" in said(figure)


def test_rows_go_from_shallow_to_deep_with_their_images():
    depth = [4, 0, np.nan, 2]
    figure = draw_votes(make_votes(depth), shape=(64, 64, 1))
    canvas = figure.axes[0].images[0].get_array()[..., 0]
    assert list(dict.fromkeys(canvas[:, 40][canvas[:, 40] < 255].tolist())) == [1, 3, 0, 2]
    labels = [text.get_text().rsplit(" ", 1)[-1] for text in by_gid(figure, "labels")]
    assert labels == ["input", "block", "softmax", "undefined"]
    (lines,) = by_gid(figure, "depth")
    starts = [(line[0, 0], line[:, 1].mean()) for line in lines.get_segments()]
    assert starts == [(-0.5, 0), (1.5, 1), (3.5, 2)]


def test_planted_labels_are_framed_and_the_clean_one_is_named():
    table = make_labels(2)
    table.loc[1, ["is_corrupt", "clean_label"]] = [True, 4]
    figure = draw_votes(make_votes([0, 1]), table, names={1: "cat", 4: "dog"})
    assert "given: cat\nclean: dog\npredicted: cat\ndepth: stem" in texts_of(figure)
    assert "planted wrong label" in texts_of(figure)
    frame = np.round(np.array(to_rgb(CORRUPT)) * 255)
    assert (figure.axes[0].images[0].get_array() == frame).all(axis=2).any()


@pytest.mark.parametrize(
    ("examples", "shape", "probes", "epochs", "written"),
    [(1, (224, 224, 3), 40, 200, False), (7, (20, 64, 1), 2, 1, True), (50, COLOR, 9, 15, True)],
)
def test_votes_of_any_size(examples, shape, probes, epochs, written):
    votes = make_votes(np.arange(examples) % probes, probes, epochs)
    names = {label: f"{label}, a rather long name of a class" for label in range(10)}
    figure = draw_votes(votes, None, shape, names, long_names(probes))
    assert bool(by_gid(figure, "class")) == written
    (epoch_axes,) = by_gid(figure, "epochs")
    shown = [label.get_text() for label in epoch_axes.get_xticklabels()]
    assert shown[0] == "1"
    assert shown[-1] == str(epochs)
    assert strip_colors(figure, "probes").shape == (min(examples, 12), probes, 3)
    assert ("12 of 50 training examples" in said(figure)) == (examples == 50)


def test_all_depths_undefined():
    figure = draw_votes(make_votes([np.nan] * 30))
    assert said(figure).count("depth: undefined") == 12
    (lines,) = by_gid(figure, "depth")
    assert len(lines.get_segments()) == 0


def test_no_examples_say_so():
    votes = depth_votes.Votes(np.zeros((0, 3)), np.zeros((0, 3)), np.zeros(0), np.zeros((2, 0)))
    assert "no training example has votes and records" in said(draw_votes(votes))
