"""The figure of order stability: what is in the matrix and its names, which pairs the dots are means of."""

from itertools import pairwise, product

import numpy as np
import pandas as pd
import pytest

from difficulty.analysis.order_stability import BETWEEN, PAIRED, WITHIN, pair_kind
from difficulty.figures.agreement.order_stability import order_stability_figure
from tests.support.figure_reading import by_gid, said, texts_of

RUNS = ("b/seed-0", "b/seed-1", "a/seed-0")


def make_order(runs=RUNS, scores=("aum", "loss"), role="test", **spearman):
    """Every ordered pair; of score number n a tenth of n less."""
    spearman = {"self": 1.0, WITHIN: 0.9, BETWEEN: 0.4, PAIRED: 0.7} | spearman
    rows = []
    for number, score in enumerate(scores):
        for a, b in product(runs, runs):
            kind = pair_kind(tuple(a.split("/")), tuple(b.split("/")))
            row = {"role": role, "score": score, "run_a": a, "run_b": b, "kind": kind, "examples": 50}
            rows.append(row | {"spearman": spearman[kind] - (a != b) * number / 10})
    return pd.DataFrame(rows)


def matrix_of(figure, number=0):
    return figure.axes[2 * number].images[0].get_array()


def test_matrix_is_of_the_first_score_in_the_order_of_the_runs_without_the_diagonal():
    figure = order_stability_figure(make_order(), "t")
    matrix = matrix_of(figure)
    assert matrix.mask.tolist() == np.eye(3, dtype=bool).tolist()
    np.testing.assert_allclose(matrix.filled(0), [[0, 0.9, 0.7], [0.9, 0, 0.4], [0.7, 0.4, 0]])
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["b", "a"]
    assert figure.axes[0].get_yticks().tolist() == [0.5, 2]
    assert [line.get_ydata()[0] for line in by_gid(figure, "border")][:1] == [1.5]
    assert "test: 50 images aum" in said(figure)
    assert [texts_of(figure).count(number) for number in (".90", ".70", ".40")] == [2, 2, 2]


def test_dots_are_means_within_and_between_experiments_and_of_paired_runs():
    table = make_order((*RUNS, "a/seed-2"))
    table.loc[(table["run_a"] == "a/seed-0") & (table["run_b"] == "b/seed-1"), "spearman"] += 0.3
    figure = order_stability_figure(table, "t")
    dots = {kind: by_gid(figure, f"mean {kind}")[0].get_xdata() for kind in (WITHIN, BETWEEN, PAIRED)}
    np.testing.assert_allclose(dots[WITHIN], [0.9, 0.8])
    np.testing.assert_allclose(dots[BETWEEN], [0.5, 0.4])
    np.testing.assert_allclose(dots[PAIRED], [0.7, 0.6])
    lines = {tuple(np.round(line[:, 0], 3)) for bar in figure.axes[1].collections for line in bar.get_segments()}
    assert lines == {(0.9, 0.9), (0.8, 0.8), (0.4, 0.7), (0.3, 0.6), (0.7, 0.7), (0.6, 0.6)}


def test_runs_of_the_same_seed_are_framed_and_said_to_be_paired():
    figure = order_stability_figure(make_order(), "t")
    (frames,) = by_gid(figure, "paired")
    corners = {tuple(np.floor(path.vertices[0] + 0.5).astype(int)) for path in frames.get_paths()}
    assert corners == {(0, 2), (2, 0)}
    assert "different experiments, same seed" in said(figure) and "not independent" in said(figure)
    alone = order_stability_figure(make_order(RUNS[:2]), "t")
    assert "same seed" not in said(alone) and "not independent" not in said(alone)


def test_roles_have_a_row_each_on_one_scale_of_colours():
    table = pd.concat([make_order(), make_order(role="train", scores=("loss",), **{BETWEEN: -0.25})])
    figure = order_stability_figure(table, "t")
    images = [axes.images[0] for axes in figure.axes if axes.images]
    assert [image.get_clim() for image in images] == [(-0.3, 1.0)] * 2
    assert "train: 50 images loss" in said(figure) and "test: 50 images aum" in said(figure)
    assert figure.axes[1].get_xlim()[0] < -0.25 and "−.25" in texts_of(figure)


@pytest.mark.parametrize("sizes", [(1, 1), (3, 3), (10, 10, 10), (1,) * 30])
def test_every_experiment_is_named_from_two_runs_to_thirty(sizes):
    runs = [f"net{number}/seed-{seed}" for number, size in enumerate(sizes) for seed in range(size)]
    figure = order_stability_figure(make_order(runs), "t")
    labels = figure.axes[0].get_xticklabels()
    assert [label.get_text() for label in labels] == [f"net{number}" for number in range(len(sizes))]
    figure.draw_without_rendering()
    boxes = [label.get_window_extent() for label in figure.axes[0].get_yticklabels()]
    assert all(upper.y0 > lower.y1 - 1 for upper, lower in pairwise(boxes))
    assert np.prod(figure.get_size_inches()) < 100


def test_undefined_pairs_are_dashes_and_no_runs_are_told():
    figure = order_stability_figure(make_order().assign(spearman=np.nan), "t")
    assert texts_of(figure).count("–") == 6
    assert "at least two runs" in said(order_stability_figure(make_order()[:0], "t"))
