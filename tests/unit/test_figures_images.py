"""Sheets of images: thumbnails, samples, galleries; what is painted and what is written; and figures as files."""

import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from difficulty.figures.data import samples
from difficulty.figures.scores import data_map, gallery
from difficulty.figures.style.mosaic import FRAME, blank_canvas, paint, spread_out, thumbnails
from difficulty.figures.style.palette import CORRUPT, WRONG_TEXT
from difficulty.figures.style.saving import save_figure
from difficulty.training.majority import majority_prediction
from tests.support.figure_reading import said, texts_of

SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"


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


@pytest.mark.parametrize("sizes", [(60, 4), (60, 60, 5, 2), (3, 2, 2, 1, 1)])
def test_a_gallery_leaves_no_rows_for_images_that_a_class_does_not_have(sizes):
    table = pd.concat([make_gallery(1, size).assign(label=label) for label, size in enumerate(sizes)])
    figure = gallery.gallery_figure(table.reset_index(drop=True), make_images(len(table)) // 2, {}, "t", "aum", 1, 25)
    is_blank = (figure.axes[0].images[0].get_array() == 255).all(axis=(1, 2))
    (edges,) = np.nonzero(np.diff(is_blank, prepend=~is_blank[0], append=~is_blank[-1]))
    blank = [length for start, length in zip(edges, np.diff(edges), strict=False) if is_blank[start]]
    below, above = 14 + 12, 62  # the last images of a class, its heading
    assert set(blank) <= {below, above, below + above}


@pytest.mark.parametrize("examples_per_class", [1, 2, 25])
def test_what_stands_above_the_blocks_of_a_gallery_does_not_overlap(examples_per_class):
    table = make_gallery(2, 60)
    table["value"] = -0.98765 - table["value"] / 1000
    names = {label: f"a rather long name of class {label}" for label in range(2)}
    figure = gallery.gallery_figure(table, make_images(120), names, "t", "learning_epoch", -1, examples_per_class)
    figure.draw_without_rendering()
    rows = {}
    for text in figure.axes[0].texts:
        if re.search("^given label|easiest|hardest", text.get_text()):
            rows.setdefault(round(text.get_position()[1]), []).append(text.get_window_extent())
    assert sorted(map(len, rows.values())) == [2, 4]
    for boxes in rows.values():
        boxes.sort(key=lambda box: box.x0)
        assert all(left.x1 < right.x0 for left, right in pairwise(boxes))
        assert boxes[-1].x1 < figure.bbox.x1


def test_gallery_of_an_undefined_score_says_so():
    table = make_gallery().assign(value=np.nan)
    assert "no example has a defined aum" in said(gallery.gallery_figure(table, make_images(12), {}, "t", "aum", -1))


def test_majority_prediction_prefers_the_lowest_of_equally_frequent_classes():
    predicted = np.array([[2, 5, -1, 1], [2, 3, -1, -1], [1, 4, -1, -1]])
    assert majority_prediction(predicted).to_numpy(na_value=-9, dtype=int).tolist() == [2, 3, -9, 1]


# Files

KINDS = ("png", "pdf")


def draw_to(folder):
    values = np.linspace(0, 1, 50)
    figure = data_map.data_map_figure(values, values * (1 - values), values, "t", values < 0.1)
    save_figure(figure, [Path(folder, f"a.{kind}") for kind in KINDS], 50, {"code": "x"})


def test_another_process_gives_identical_bytes_and_needs_no_pyplot(tmp_path):
    code = (
        f"import sys; sys.path[:0] = [{str(SCRIPTS)!r}, {str(Path(__file__).parents[2])!r}]\n"
        f"from tests.unit import test_figures_images; test_figures_images.draw_to({str(tmp_path / 'there')!r})\n"
        "sys.exit('matplotlib.pyplot' in sys.modules or 'torch' in sys.modules)"
    )
    hash_seed = "1" if os.environ.get("PYTHONHASHSEED") == "0" else "0"
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONHASHSEED": hash_seed})
    draw_to(tmp_path / "here")
    for kind in KINDS:
        assert (tmp_path / "here" / f"a.{kind}").read_bytes() == (tmp_path / "there" / f"a.{kind}").read_bytes()


def test_saving_is_all_or_nothing(tmp_path):
    figure = samples.sample_sheet(make_examples(1, 1), make_images(1), "t")
    with pytest.raises(ValueError, match=r"\.png or \.pdf"):
        save_figure(figure, [tmp_path / "a.gif"], 50)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "a.png").write_bytes(b"old")
    save_figure(figure, [tmp_path / "a.png"], 50)
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
