"""What is on each figure: data of lines, colours of pixels, texts; and that no input, however small, breaks one."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex, to_rgb

from difficulty.figures import agreement, correlation, data_map, detection, gallery, panel, samples, stability, training
from difficulty.figures.appearance import ALL_RIGHT, ALL_WRONG, CORRUPT, RIGHT, WRONG, WRONG_TEXT, line_styles, styled
from difficulty.figures.convergence import convergence, convergence_sentences
from difficulty.figures.mosaic import FRAME, blank_canvas, paint, spread_out, thumbnails
from difficulty.figures.saving import save_figure

SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"


def texts_of(figure):
    """Every text that is drawn, including tick labels."""
    with styled():
        figure.canvas.draw()
    found = figure.findobj(lambda artist: hasattr(artist, "get_text") and artist.get_visible())
    return [text for artist in found if (text := artist.get_text())]


def said(figure):
    return " ".join(" ".join(texts_of(figure)).split())


def by_gid(figure, gid):
    return figure.findobj(lambda artist: artist.get_gid() == gid)


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


def test_panel_colours_tell_right_wrong_and_agreement():
    correct = np.array([[[1, 1, 0]], [[1, 0, 0]]], bool)  # 2 runs, 1 epoch, 3 images
    figure = panel.panel_figure(correct, ["seed-0", "seed-1"], "t")
    pixels = figure.axes[0].images[0].get_array()
    width = pixels.shape[1] // 3
    colors = [[to_hex(pixels[row, block * (width + 1)]).upper() for row in range(3)] for block in (0, 1)]
    assert colors == [[ALL_RIGHT, RIGHT, ALL_WRONG], [ALL_RIGHT, WRONG, ALL_WRONG]]


def test_panel_order_is_often_right_then_early():
    correct = np.zeros((1, 3, 4), bool)
    correct[0, :, 1] = True  # always
    correct[0, 2, 0] = True  # once, late
    correct[0, 1, 3] = True  # once, earlier
    assert panel.order_examples(correct, np.ones((1, 4), bool)).tolist() == [1, 3, 0, 2]


def test_panel_ignores_runs_in_which_an_image_has_another_role():
    correct = np.array([[[1, 1]], [[0, 1]]], bool)
    present = np.array([[1, 1], [0, 1]], bool)
    figure = panel.panel_figure(correct, ["seed-0-fold-0", "seed-0-fold-1"], "t", present)
    pixels = figure.axes[0].images[0].get_array()
    assert [to_hex(pixels[row, 0]).upper() for row in (0, 1)] == [ALL_RIGHT, ALL_RIGHT]
    assert "other role" in texts_of(figure)
    assert "seed-0\nfold 1\n100.0 %" in texts_of(figure)


def test_panel_shows_a_limited_number_of_rows_and_networks():
    correct = np.random.default_rng(0).random((9, 4, 500)) < 0.5
    figure = panel.panel_figure(correct, [f"seed-{run}" for run in range(9)], "t", examples=50)
    assert figure.axes[0].images[0].get_array().shape[0] == 50
    assert "50 of 500 images" in said(figure)
    assert "6 of 9 networks shown" in said(figure)


def test_panel_marks_planted_labels():
    correct = np.array([[[1, 0, 0]]], bool)
    figure = panel.panel_figure(correct, ["seed-0"], "t", is_corrupt=np.array([False, False, True]))
    (marks,) = by_gid(figure, "corrupt")
    assert [segment[0][1] for segment in marks.get_segments()] == [2.5]


def test_panel_without_images_says_so():
    assert "no predictions" in said(panel.panel_figure(np.zeros((2, 3, 0), bool), ["a", "b"], "t"))


# Agreement: the worked example:  three runs and three images.

AGREEMENT = pd.DataFrame(
    {
        "role": "test",
        "epoch": [1, 2, 3],
        "runs": 3,
        "examples": 3,
        "agreement": [0, 1 / 2, 2 / 3],
        "mean_accuracy": [2 / 9, 5 / 9, 7 / 9],
        "std_accuracy": [0.157, 0.157, 0.157],
        "lower_bound": [0, 0, 1 / 3],
        "upper_bound": [0, 1 / 2, 2 / 3],
        "independent": [0, 0.16, 0.45],
        "independent_within_class": [np.nan] * 3,
        "chance_corrected": [np.nan, 1, 1],
    }
)


def test_agreement_draws_every_curve_for_the_roles_that_there_are():
    figure = agreement.agreement_figure(AGREEMENT, "t")
    for column in ("agreement", "mean_accuracy", "independent"):
        (line,) = by_gid(figure, column)
        np.testing.assert_allclose(line.get_ydata(), AGREEMENT[column])
    assert "test: 3 images" in texts_of(figure)
    assert len(figure.axes) == 2
    both = pd.concat([AGREEMENT, AGREEMENT.assign(role="train")])
    assert len(agreement.agreement_figure(both, "t").axes) == 4


def test_agreement_says_where_chance_correction_is_undefined():
    assert "undefined" in said(agreement.agreement_figure(AGREEMENT[:1], "t"))
    assert "no group of runs" in said(agreement.agreement_figure(AGREEMENT[:0], "t"))


# Data map


def test_data_map_draws_defined_examples_and_circles_planted_ones():
    confidence = np.array([0.9, 0.5, 0.1, np.nan])
    variability = np.array([0.1, 0.4, 0.0, 0.2])
    correctness = np.array([1.0, 0.5, 0.0, 0.5])
    figure = data_map.data_map_figure(
        confidence, variability, correctness, "t", np.array([False, False, True, True]), 3
    )
    (points,) = by_gid(figure, "examples")
    assert sorted(points.get_offsets().tolist()) == [[0.0, 0.1], [0.1, 0.9], [0.4, 0.5]]
    (circles,) = by_gid(figure, "corrupt")
    assert circles.get_offsets().tolist() == [[0.0, 0.1]]
    assert "3 examples, means over 3 runs; 1 (33.3 %) with a planted wrong label; 1 example with undefined" in said(
        figure
    )


@pytest.mark.parametrize("count", [0, 1])
def test_data_map_of_hardly_any_examples(count):
    figure = data_map.data_map_figure(*np.full((3, count), 0.5), "t")
    assert ("no example" in said(figure)) == (count == 0)


# Correlation


def make_correlation(names, directions, values, role="train"):
    index = pd.MultiIndex.from_product([names, names]).to_frame(index=False, name=["score_a", "score_b"])
    direction = dict(zip(names, directions, strict=True))
    flat = np.asarray(values, float).ravel()
    return index.assign(
        role=role,
        direction_a=index["score_a"].map(direction),
        direction_b=index["score_b"].map(direction),
        spearman=flat,
        low=flat - 0.1,
        high=flat + 0.05,
        examples=100,
    )


CORRELATION = make_correlation(["loss", "aum", "el2n"], [1, -1, 1], [[1, -0.9, 0.5], [-0.9, 1, -0.4], [0.5, -0.4, 1]])


def test_correlations_are_turned_so_that_higher_is_harder():
    names, (center, low, high) = correlation.hardness_correlations(CORRELATION)
    assert names == ["loss", "−aum", "el2n"]
    np.testing.assert_allclose(center, [[1, 0.9, 0.5], [0.9, 1, 0.4], [0.5, 0.4, 1]])
    assert low[0, 1] == pytest.approx(0.85)  # the upper end of the turned interval, -0.9 + 0.05
    assert high[0, 1] == pytest.approx(1.0)
    assert low[0, 2] == pytest.approx(0.4)


def test_correlation_cells_have_numbers_and_intervals():
    texts = texts_of(correlation.correlation_figure(CORRELATION, "t"))
    assert {".90", ".50", ".40", ".85, 1.00", ".40, .55"} <= set(texts)
    assert texts.count("loss") == 1  # the lower triangle: the first score has a column and no row
    assert texts.count("−aum") == 2


def test_correlation_of_a_constant_score_is_a_dash():
    table = CORRELATION.copy()
    table.loc[(table["score_a"] == "el2n") | (table["score_b"] == "el2n"), ["spearman", "low", "high"]] = np.nan
    assert texts_of(correlation.correlation_figure(table, "t")).count("–") == 2


def test_correlation_has_a_matrix_per_role_and_needs_two_scores():
    both = pd.concat([CORRELATION, CORRELATION.assign(role="test")])
    texts = texts_of(correlation.correlation_figure(both, "t"))
    assert {"train: 100 examples", "test: 100 examples"} <= set(texts)
    assert "fewer than two" in said(correlation.correlation_figure(CORRELATION[:1], "t"))
    assert "fewer than two" in said(correlation.correlation_figure(CORRELATION[:0], "t"))


def test_correlation_of_many_scores_has_no_numbers():
    names = [f"score_{number}" for number in range(32)]
    figure = correlation.correlation_figure(make_correlation(names, [1] * 32, np.ones((32, 32))), "t")
    assert "1.00" not in texts_of(figure)


# Stability


def make_stability(sizes, scores=("aum", "loss"), role="train"):
    rows = [(role, score, size, 3, 0.5 + 0.1 * size + 0.01 * n) for n, score in enumerate(scores) for size in sizes]
    table = pd.DataFrame(rows, columns=["role", "score", "seeds_per_half", "splits", "spearman_mean"])
    mean = table["spearman_mean"]
    return table.assign(spearman_std=0.05, spearman_min=mean - 0.1, spearman_max=mean + 0.1, examples=100)


def test_stability_with_halves_of_one_size_is_a_row_per_score_best_first():
    figure = stability.stability_figure(pd.concat([make_stability([1]), make_stability([1], role="test")]), "t")
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["loss", "aum"]
    (dots,) = by_gid(figure, "mean train")
    np.testing.assert_allclose(dots.get_xdata(), [0.61, 0.60])
    assert "mean over 1 seed" in said(figure)


def test_stability_with_several_sizes_is_a_curve_per_score():
    figure = stability.stability_figure(make_stability([1, 2, 3]), "t")
    curves = by_gid(figure, "mean train")
    assert [curve.get_xdata().tolist() for curve in curves] == [[1, 2, 3]] * 2
    np.testing.assert_allclose(curves[0].get_ydata(), [0.61, 0.71, 0.81])


def test_stability_of_one_seed_or_of_constant_scores_says_so():
    table = make_stability([1])
    assert "at least two seeds" in said(stability.stability_figure(table[:0], "t"))
    assert "at least two seeds" in said(stability.stability_figure(table.assign(spearman_mean=np.nan), "t"))
    single = table.assign(spearman_std=np.nan, splits=1)
    assert "1 pair" in said(stability.stability_figure(single, "t"))


# Detection


def make_detection(scores=("aum", "loss"), runs=("seed-0", "seed-1"), positives=10):
    rows = []
    for number, score in enumerate(scores):
        for run in ("all", *runs):
            value = 0.6 + 0.1 * number if positives else np.nan
            interval = 0.05 if run == "all" else np.nan
            row = {"score": score, "run": run, "direction": 1 if number else -1, "examples": 100}
            row |= {"positives": positives, "prevalence": positives / 100}
            for metric in ("auroc", "average_precision"):
                row |= {metric: value, f"{metric}_low": value - interval, f"{metric}_high": value + interval}
            rows.append(row)
    return pd.DataFrame(rows)


def make_curves(scores=("aum", "loss")):
    inspected = np.linspace(0, 1, 11)
    return pd.concat([pd.DataFrame({"score": s, "inspected": inspected, "found": inspected**0.5}) for s in scores])


def test_detection_draws_each_curve_with_chance_and_perfection():
    figure = detection.detection_figure(make_detection(), make_curves(), "t")
    (curve,) = by_gid(figure, "aum")
    np.testing.assert_allclose(curve.get_ydata(), np.linspace(0, 1, 11) ** 0.5)
    (perfect,) = by_gid(figure, "perfect")
    assert list(perfect.get_xdata()) == [0, 0.1, 1]
    chance = by_gid(figure, "chance")
    assert list(chance[0].get_xdata()) == [0, 1]
    assert [line.get_xdata()[0] for line in chance[1:]] == [0.1, 0.5]


def test_detection_rows_are_sorted_and_in_the_colour_of_their_curve():
    figure = detection.detection_figure(make_detection(), make_curves(), "t")
    assert [label.get_text() for label in figure.axes[1].get_yticklabels()] == ["loss ↑", "aum ↓"]
    for score in ("aum", "loss"):
        (curve,), (dot,) = by_gid(figure, score), by_gid(figure, f"average_precision {score}")
        assert curve.get_color() == dot.get_color()
    assert {"0.600", "0.700"} <= set(texts_of(figure))


def test_detection_without_positives_or_scores():
    nothing_hard = detection.detection_figure(make_detection(positives=0), make_curves().assign(found=np.nan), "t")
    assert texts_of(nothing_hard).count("–") == 4
    assert not by_gid(nothing_hard, "perfect")
    assert "no score" in said(detection.detection_figure(make_detection()[:0], make_curves()[:0], "t"))


def test_line_styles_are_different():
    assert len(set(line_styles(32))) == 32
    assert len(line_styles(40)) == 40


# Images


def make_images(count, height=4, width=4, channels=1):
    values = np.arange(count, dtype=np.uint8)[:, None, None, None]
    return np.broadcast_to(values, (count, height, width, channels)).copy()


def test_thumbnails_enlarge_by_whole_factors_and_shrink_by_areas():
    images = np.random.default_rng(0).integers(0, 256, (2, 3, 5, 1), dtype=np.uint8)
    large = thumbnails(images, 16)
    assert large.shape == (2, 9, 15, 3)
    np.testing.assert_array_equal(large[:, 1::3, 1::3, 0], images[..., 0])
    checks = np.kron(np.indices((8, 12)).sum(axis=0) % 2, np.ones((2, 2)))[None, ..., None].astype(np.uint8) * 200
    small = thumbnails(np.repeat(checks, 3, axis=3), 6)
    assert small.shape == (1, 4, 6, 3)
    assert np.unique(small).tolist() == [100]  # each pixel is the mean of as many 0 as 200


def test_paint_frames_a_tile():
    canvas = blank_canvas(20, 20)
    paint(canvas, np.zeros((4, 4, 3), np.uint8), 8, 8, CORRUPT)
    np.testing.assert_array_equal(canvas[8 - FRAME, 8 - FRAME], np.round(np.array(to_rgb(CORRUPT)) * 255))
    assert canvas[8:12, 8:12].max() == 0
    assert canvas[8 - FRAME - 1].min() == 255


def test_spread_out_includes_both_ends():
    assert spread_out(3, 10).tolist() == [0, 1, 2]
    assert spread_out(1000, 5).tolist() == [0, 250, 500, 749, 999]


def make_examples(classes, per_class, split="train"):
    label = np.repeat(np.arange(classes), per_class)
    return pd.DataFrame({"label": label, "class_name": [f"class {c}" for c in label], "split": split})


def test_samples_are_of_their_class_and_do_not_depend_on_what_else_is_shown():
    examples = make_examples(20, 30)
    chosen = samples.choose_samples(examples, 5, 4, seed=1)
    assert [set(examples["label"].iloc[rows]) for rows in chosen] == [{0}, {6}, {13}, {19}]
    np.testing.assert_array_equal(chosen[0], samples.choose_samples(examples[:30], 5, 10, seed=1)[0])
    assert (chosen[0] != samples.choose_samples(examples, 5, 4, seed=2)[0]).any()


def test_class_names_are_no_formulas(tmp_path):
    examples = make_examples(1, 1).assign(class_name=r"US$ \frac{a$")
    save_figure(samples.sample_sheet(examples, make_images(1), "t"), [tmp_path / "sheet.png"], 30)


def test_sample_sheet_counts_examples_per_class_and_split():
    examples = pd.concat([make_examples(3, 7), make_examples(3, 2, "test")])
    texts = texts_of(samples.sample_sheet(examples, make_images(27), "t"))
    assert texts.count("7") == 3
    assert texts.count("2") == 3
    assert {"class 0", "class 1", "class 2"} <= set(texts)


@pytest.mark.parametrize(("classes", "per_class"), [(1, 1), (1000, 1), (2, 40), (0, 0)])
def test_sample_sheet_of_any_size(classes, per_class):
    examples = make_examples(classes, per_class)
    figure = samples.sample_sheet(examples, make_images(len(examples), 3, 5, 3), "t", 4, 5)
    assert ("no examples" in said(figure)) == (classes == 0)
    assert ("5 of 1,000 classes" in said(figure)) == (classes == 1000)


def make_gallery(classes=2, per_class=6):
    label = np.repeat(np.arange(classes), per_class)
    columns = {"label": label, "predicted": pd.array(label, "Int64"), "clean_label": label, "is_corrupt": False}
    return pd.DataFrame({**columns, "value": np.tile(np.arange(per_class, dtype=float), classes)})


def test_extremes_follow_hardness_and_never_overlap():
    hardness = np.array([3.0, 1.0, 2.0, np.nan, 5.0, 4.0])
    easy, hard = gallery.choose_extremes(hardness, np.zeros(6, int), 2)[0]
    assert (easy.tolist(), hard.tolist()) == ([1, 2], [4, 5])
    easy, hard = gallery.choose_extremes(hardness, np.zeros(6, int), 25)[0]
    assert (easy.tolist(), hard.tolist()) == ([1, 2, 0], [4, 5])


def test_gallery_paints_hardest_images_by_direction():
    table, images = make_gallery(1, 6), make_images(6, 64, 64)
    for direction, easiest in ((1, 0), (-1, 5)):
        figure = gallery.gallery_figure(table, images, {0: "cat"}, "t", "aum", direction, 1)
        canvas = figure.axes[0].images[0].get_array()
        assert set(np.unique(canvas)) == {0, 5, 255}
        assert canvas[:, : canvas.shape[1] // 2].min() == easiest


def test_gallery_captions_are_red_where_wrong_and_name_the_clean_label():
    table = make_gallery(2, 4)
    table.loc[0, "predicted"] = 1
    table.loc[3, ["is_corrupt", "clean_label"]] = [True, 1]
    table.loc[7, "predicted"] = None
    figure = gallery.gallery_figure(table, make_images(8), {0: "cat", 1: "dog"}, "t", "loss", 1, 2)
    axes = figure.axes[0]
    wrong = [text.get_text() for text in axes.texts if text.get_color() == WRONG_TEXT]
    assert wrong == ["dog"]
    captions = [text.get_text() for text in axes.texts]
    assert captions.count("(dog)") == 1
    assert captions.count("cat") == 3
    assert captions.count("dog") == 1 + 3
    frame = np.round(np.array(to_rgb(CORRUPT)) * 255)
    assert (axes.images[0].get_array() == frame).all(axis=2).any()


@pytest.mark.parametrize(("classes", "per_class"), [(1, 1), (1000, 1), (3, 60)])
def test_gallery_of_any_size(classes, per_class):
    table = make_gallery(classes, per_class)
    names = {label: f"a rather long name of class {label}" for label in range(classes)}
    figure = gallery.gallery_figure(table, make_images(len(table), 3, 7, 3), names, "t", "aum", -1, 4, 3)
    headings = [text for text in texts_of(figure) if text.startswith("given label")]
    assert len(headings) == min(classes, 3)


def test_gallery_of_an_undefined_score_says_so():
    table = make_gallery().assign(value=np.nan)
    assert "no example has a defined aum" in said(gallery.gallery_figure(table, make_images(12), {}, "t", "aum", -1))


def test_majority_prediction_prefers_the_lowest_of_equally_frequent_classes():
    predicted = np.array([[2, 5, -1, 1], [2, 3, -1, -1], [1, 4, -1, -1]])
    assert gallery.majority_prediction(predicted).to_numpy(na_value=-9, dtype=int).tolist() == [2, 3, -9, 1]


# Files

KINDS = ("png", "pdf", "svg")


def draw_to(folder):
    values = np.linspace(0, 1, 50)
    figure = data_map.data_map_figure(values, values * (1 - values), values, "t", values < 0.1)
    save_figure(figure, [Path(folder, f"a.{kind}") for kind in KINDS], 50, {"code": "x"})


def test_another_process_gives_identical_bytes_and_needs_no_pyplot(tmp_path):
    code = (
        f"import sys; sys.path[:0] = [{str(SCRIPTS)!r}, {str(Path(__file__).parent)!r}]\n"
        f"import test_figures; test_figures.draw_to({str(tmp_path / 'there')!r})\n"
        "sys.exit('matplotlib.pyplot' in sys.modules or 'torch' in sys.modules)"
    )
    hash_seed = "1" if os.environ.get("PYTHONHASHSEED") == "0" else "0"
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONHASHSEED": hash_seed})
    draw_to(tmp_path / "here")
    for kind in KINDS:
        assert (tmp_path / "here" / f"a.{kind}").read_bytes() == (tmp_path / "there" / f"a.{kind}").read_bytes()


def test_saving_is_all_or_nothing(tmp_path):
    figure = samples.sample_sheet(make_examples(1, 1), make_images(1), "t")
    with pytest.raises(ValueError, match=r"\.png, \.pdf or \.svg"):
        save_figure(figure, [tmp_path / "a.gif"], 50)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "a.png").write_bytes(b"old")
    save_figure(figure, [tmp_path / "a.png"], 50)
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
