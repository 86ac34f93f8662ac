"""Figures of training: curves with their warning, and the panel of right and wrong."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from difficulty.analysis.convergence import convergence, convergence_sentences
from difficulty.figures.experiments import panel, training
from difficulty.figures.style.palette import ALL_RIGHT, ALL_WRONG, RIGHT, WRONG
from tests.support.figure_reading import by_gid, said, texts_of

# Training


def make_history(losses, top1, group="train", run="seed-0"):
    epochs = np.arange(1, len(losses) + 1)
    columns = {"run": run, "epoch": epochs, "group": group, "examples": 100, "loss": losses, "top1": top1}
    return pd.DataFrame({**columns, "top5": 1.0, "learning_rate": 0.1})


def make_steps(runs, steps=20, per_epoch=5):
    step = np.arange(1, steps + 1)
    columns = {"step": step, "epoch": (step - 1) // per_epoch + 1, "loss": 2 / step, "learning_rate": 0.1}
    return pd.concat([pd.DataFrame(columns).assign(run=run) for run in runs])


def test_training_mean_lines_are_means_over_runs():
    history = pd.concat(
        [
            make_history([2.0, 1.0, 0.5], [0.2, 0.5, 0.8]),
            make_history([1.0, 0.5, 0.1], [0.4, 0.7, 1.0], run="seed-1"),
            make_history([2.0, 1.5, 1.0], [0.1, 0.2, 0.3], group="test"),
        ]
    )
    figure = training.training_figure(history, make_steps(["seed-0", "seed-1"]), "title")
    loss, top1 = (line.get_ydata() for line in by_gid(figure, "mean train"))
    np.testing.assert_allclose(loss, [1.5, 0.75, 0.3])
    np.testing.assert_allclose(top1, [0.3, 0.6, 0.9])
    assert len(by_gid(figure, "mean test")) == 2
    assert "2 runs" in said(figure)


def test_training_smoothed_steps_are_a_moving_mean_over_one_epoch():
    figure = training.training_figure(make_history([1.0], [0.5]), make_steps(["seed-0"]), "title")
    (smooth,) = by_gid(figure, "smoothed")
    assert smooth.get_ydata()[9] == pytest.approx(np.mean(2 / np.arange(8, 13)))


def test_pristine_is_drawn_only_where_something_is_corrupt():
    parts = [make_history([1.0, 0.5], [0.5, 0.9], group) for group in ("train", "pristine", "corrupt")]
    steps = make_steps(["seed-0"])
    assert not by_gid(training.training_figure(pd.concat(parts[:2]), steps, "t"), "mean pristine")
    assert by_gid(training.training_figure(pd.concat(parts), steps, "t"), "mean pristine")


def test_training_without_any_run_says_so():
    empty = make_history([1.0], [1.0])[:0]
    assert "no history" in said(training.training_figure(empty, make_steps(["a"])[:0], "t"))


def test_without_gradient_steps_there_is_no_row_of_them():
    """As of records of other runs."""
    history = make_history([1.0, 0.5], [0.5, 0.9])
    drawn, others = (training.training_figure(history, make_steps(["a"])[:count], "t") for count in (0, 20))
    assert [axes.get_title("left") for axes in drawn.axes] == ["Loss per epoch", "Accuracy per epoch"]
    assert len(others.axes) == 4 and "mini-batch" in said(others) and "mini-batch" not in said(drawn)
    assert drawn.get_figheight() < others.get_figheight()


# exp(-t / 5) falls by 1 - exp(-0.6) = 45 % of its first value in three epochs: far more than a tenth.
FALLING = np.exp(-np.arange(15) / 5)


@pytest.mark.parametrize(
    ("losses", "top1", "state"),
    [
        (FALLING, 0.8, "improving"),
        (FALLING, 0.995, "learned"),
        (np.r_[FALLING[:10], np.full(5, 0.2)], 0.95, "flat"),
        (np.r_[FALLING[:10], np.full(5, 0.9)], 0.6, "underfit"),
        (np.r_[FALLING[:10], 0.2, 0.2, 0.2, 0.4, 0.9], 0.6, "diverged"),
        (np.r_[FALLING[:14], np.nan], 0.1, "diverged"),
        (FALLING[:2], 0.4, "unjudged"),
    ],
)
def test_convergence_state(losses, top1, state):
    table = convergence(make_history(losses, top1))
    assert table["state"].tolist() == [state]
    assert table["converged"].tolist() == [state in ("learned", "flat")]
    assert len(convergence_sentences(table)) == (state not in ("learned", "flat"))


def test_convergence_of_a_straight_line_in_closed_form():
    table = convergence(make_history(np.linspace(10, 1, 10), 0.5)).iloc[0]
    assert table["window"] == 3
    assert table["change"] == pytest.approx(-1.0)  # from 3 to 1 around their mean, 2
    assert table["loss"] == pytest.approx(2.0)


def test_convergence_judges_the_pristine_examples():
    history = pd.concat([make_history(FALLING, 0.8), make_history(FALLING, 1.0, "pristine")])
    assert convergence(history)["group"].tolist() == ["pristine"]
    assert convergence_sentences(convergence(history)) == []


def test_warning_names_the_runs_and_stands_on_the_figure():
    runs = [make_history(FALLING, accuracy, run=f"seed-{seed}") for seed, accuracy in enumerate((0.8, 1.0, 0.85))]
    (sentence,) = convergence_sentences(convergence(pd.concat(runs)))
    assert sentence.startswith("2 of 3 runs (seed-0, seed-2): training has not converged")
    assert "80.0 % to 85.0 %" in sentence
    figure = training.training_figure(pd.concat(runs), make_steps(["seed-0"]), "t")
    assert " ".join(sentence.split()) in said(figure)


# Panel


def panel_of(correct, present=None, limit=100):
    """The panel of arrays, in two blocks, the later examples first."""
    present = np.ones((len(correct), correct.shape[2]), bool) if present is None else present
    ids, half = np.arange(correct.shape[2]), correct.shape[2] // 2
    halves = [np.s_[half:], np.s_[:half]]
    return panel.panel_of(lambda: [(ids[part], correct[:, :, part], present[:, part]) for part in halves], limit)


def test_panel_colours_tell_right_wrong_and_agreement():
    correct = np.array([[[1, 1, 0]], [[1, 0, 0]]], bool)  # 2 runs, 1 epoch, 3 images
    figure = panel.panel_figure(panel_of(correct), ["seed-0", "seed-1"], "t")
    pixels = figure.axes[0].images[0].get_array()
    width = pixels.shape[1] // 3
    colors = [[to_hex(pixels[row, block * (width + 1)]).upper() for row in range(3)] for block in (0, 1)]
    assert colors == [[ALL_RIGHT, RIGHT, ALL_WRONG], [ALL_RIGHT, WRONG, ALL_WRONG]]


def test_panel_order_is_often_right_then_early():
    correct = np.zeros((1, 3, 5), bool)
    correct[0, :, 1] = True  # always
    correct[0, 2, 0] = True  # once, late
    correct[0, 1, 3] = True  # once, earlier
    found = panel_of(correct)  # the others never: in the order of their ids
    assert (found.shown.tolist(), found.examples) == ([1, 3, 0, 2, 4], 5)
    np.testing.assert_array_equal(found.correct, correct[:, :, found.shown])


def test_panel_ignores_runs_in_which_an_image_has_another_role():
    correct = np.array([[[1, 1, 0]], [[0, 1, 0]]], bool)
    present = np.array([[1, 1, 0], [0, 1, 0]], bool)
    figure = panel.panel_figure(panel_of(correct, present), ["seed-0-fold-0", "seed-0-fold-1"], "t")
    pixels = figure.axes[0].images[0].get_array()
    assert [to_hex(pixels[row, 0]).upper() for row in range(len(pixels))] == [ALL_RIGHT, ALL_RIGHT]
    assert "other role" in texts_of(figure)
    assert "seed-0\nfold 1\n100.0 %" in texts_of(figure)


def test_panel_shows_a_limited_number_of_rows_and_networks():
    correct = np.random.default_rng(0).random((9, 4, 500)) < 0.5
    figure = panel.panel_figure(panel_of(correct, limit=50), [f"seed-{run}" for run in range(9)], "t")
    assert figure.axes[0].images[0].get_array().shape[0] == 50
    assert "50 of 500 images" in said(figure)
    assert "6 of 9 networks shown" in said(figure)
    assert f"seed-3\n{correct[3, -1].mean():.1%}".replace("%", " %") in texts_of(figure)


def test_panel_marks_planted_labels():
    correct = np.array([[[1, 0, 0]]], bool)
    figure = panel.panel_figure(panel_of(correct), ["seed-0"], "t", is_corrupt=np.array([False, False, True]))
    (marks,) = by_gid(figure, "corrupt")
    assert [segment[0][1] for segment in marks.get_segments()] == [2.5]


def test_panel_without_images_says_so():
    assert "no predictions" in said(panel.panel_figure(panel_of(np.zeros((2, 3, 0), bool)), ["a", "b"], "t"))
