"""Maps of images as a figure: which images, in which colours, with which numbers; and the script that draws it."""

import itertools

import matplotlib
import numpy as np
import pandas as pd
import PIL.Image
import pytest
from matplotlib.colors import to_rgb

from difficulty.datasets.images import ImageFiles
from difficulty.errors import UserError
from difficulty.figures import reading
from difficulty.figures.images import maps
from difficulty.figures.images.map_tiles import (
    NOTHING,
    OUTLINE,
    color_scale,
    map_tile,
    mean_colors,
    outlined,
    spread_over,
    ticks,
)
from difficulty.figures.images.maps import PARTS, choose_images, image_maps_figure
from difficulty.figures.style.palette import CORRUPT
from difficulty.scores.images.statistics import STATISTICS, image_maps, image_statistics, shrunk
from difficulty.tables import Column, Schema
from tests.support.drawn_figures import drawn_figure
from tests.support.figure_reading import by_gid, said, texts_of

MAPPED = ["local_entropy", "segments", "edge_strength", "dct_coefficients"]
NAMES = {0: "cat", 1: "a class with a name that takes more than two lines of text beside its image"}


def make_images(count, height=12, width=16, channels=3):
    return np.random.default_rng(0).integers(0, 256, (count, height, width, channels)).astype(np.uint8)


def make_table(images, parts):
    columns = {"part": parts, "label": 0, "clean_label": 1, "is_corrupt": False, "value": np.arange(float(len(parts)))}
    statistics = pd.DataFrame([image_statistics(image, MAPPED) for image in images], columns=MAPPED)
    return pd.DataFrame(columns).join(statistics)


def draw(table, images, statistics=MAPPED):
    maps = [image_maps(image, statistics) for image in images]
    return image_maps_figure(table, images, maps, NAMES, "t", "aum", -1)


def test_chosen_images_go_from_easy_to_hard_and_none_occurs_twice():
    hardness = np.array([5.0, np.nan, 1.0, 3.0, 2.0, 4.0, 0.0, 6.0, 7.0, 8.0])
    chosen = choose_images(hardness, 2)
    assert {part: hardness[rows].tolist() for part, rows in chosen.items()} == {
        "easiest": [0, 1],
        "middle": [3, 4],
        "hardest": [7, 8],
    }
    for count in range(1, 20):
        for size in range(len(hardness)):
            rows = np.concatenate(list(choose_images(hardness[:size], count).values()))
            values = hardness[rows]
            assert (np.diff(values) > 0).all() and not np.isnan(values).any()
            assert len(rows) == min(3 * count, np.count_nonzero(~np.isnan(hardness[:size])))
    assert [len(rows) for rows in choose_images(np.zeros(2), 3).values()] == [1, 0, 1]
    assert choose_images(np.zeros(9), 3)["easiest"].tolist() == [0, 1, 2]


def test_values_of_windows_are_drawn_in_their_middle():
    placed = spread_over(np.arange(6.0).reshape(2, 3), (11, 12))
    np.testing.assert_array_equal(placed[4:6, 4:7], np.arange(6).reshape(2, 3))
    assert np.isnan(placed).sum() == 11 * 12 - 6
    np.testing.assert_array_equal(spread_over(np.array([[7.0]]), (8, 5)), np.full((8, 5), 7))
    wide = spread_over(np.array([[1.0, 2.0]]), (8, 11))
    assert (wide[:, 4] == 1).all() and (wide[:, 5] == 2).all() and np.isnan(wide[:, [3, 6]]).all()


def test_segments_have_their_mean_colour_and_an_outline():
    image = np.array([[[0, 10, 20], [100, 30, 20]], [[4, 10, 20], [101, 30, 23]]], np.uint8)
    colors = mean_colors(image, np.array([[0, 1], [0, 1]]))
    np.testing.assert_array_equal(colors, [[[2, 10, 20], [100, 30, 22]]] * 2)
    tile = outlined(colors, np.array([[0, 1], [0, 1]]))
    line = (tile == np.round(np.array(to_rgb(OUTLINE)) * 255)).all(axis=2)
    assert line[:, tile.shape[1] // 2].all() and line.sum() == len(tile)
    assert mean_colors(image[..., :1], np.zeros((2, 2), int)).tolist() == [[[51] * 3] * 2] * 2
    plain = outlined(np.full((300, 500, 3), 9, np.uint8), np.zeros((300, 500), int))
    assert plain.shape == (96, 160, 3) and (plain == 9).all()


def test_maps_of_a_column_share_a_scale_and_what_is_left_out_is_grey():
    first, second = np.array([[1.0, np.nan], [10.0, 1.0]]), np.array([[0.01, 1.0], [1.0, 1.0]])
    scale = color_scale("dct_coefficients", [first, second])
    assert (scale.vmin, scale.vmax) == (0.01, 10)
    image = np.zeros((2, 2, 1), np.uint8)
    tiles = [map_tile("dct_coefficients", values, image, scale)[::80, ::80] for values in (first, second)]
    colors = [np.array(matplotlib.colormaps["cividis"](share, bytes=True)[:3]) for share in (0, 2 / 3, 1.0)]
    np.testing.assert_array_equal(tiles[0], [[colors[1], [NOTHING] * 3], [colors[2], colors[1]]])
    np.testing.assert_array_equal(tiles[1], [[colors[0], colors[1]], [colors[1], colors[1]]])
    assert color_scale("segments", [first]) is None
    edges = color_scale("edge_strength", [first[1:], second[1:]])
    assert (float(edges(0)), float(edges(2.5)), float(edges(10))) == (0, 0.5, 1)


@pytest.mark.parametrize("name", ["local_entropy", "edge_strength", "dct_coefficients"])
@pytest.mark.parametrize("values", [[3.0, 3.0], [np.nan, np.nan], [0.5, 0.5000001], [1e-7, 3e2]])
def test_every_scale_has_ticks_within_it(name, values):
    scale = color_scale(name, [np.array([values])])
    found = ticks(scale)
    assert 1 <= len(found) <= 6 and found == sorted(found)
    assert all(-1e-6 <= float(scale(tick)) <= 1 + 1e-6 for tick in found)


def test_figure_has_the_numbers_of_the_table():
    images = make_images(4)
    table = make_table(images, ["easiest", "easiest", "middle", "hardest"])
    table.loc[3, "dct_coefficients"] = np.nan
    table.loc[1, "segments"] = 1234
    figure = draw(table, images)
    values = [text.get_text() for text in by_gid(figure, "value")]
    assert len(values) == 16 and values[-1] == "undefined" and values[5] == "1,234 segments"
    assert values[0] == f"{table['local_entropy'][0]:.2f} bits" and values[2] == f"{table['edge_strength'][0]:.4g}"
    texts = texts_of(figure)
    assert {*PARTS, *MAPPED, "cat", "aum 3"} <= set(texts)
    assert "12 × 16 pixels, by aum (lower is harder)" in said(figure)


def test_planted_labels_are_framed_and_the_clean_one_is_named():
    images = make_images(2)
    table = make_table(images, ["easiest", "hardest"])
    framed = np.round(np.array(to_rgb(CORRUPT)) * 255)
    pictures = []
    for corrupt in (False, True):
        figure = draw(table.assign(is_corrupt=[corrupt, False]), images, ["segments"])
        pictures.append((figure.axes[0].images[0].get_array() == framed).all(axis=2).any())
        assert ("(a class with a" in said(figure)) == ("Amber frame" in said(figure)) == corrupt
    assert pictures == [False, True]


@pytest.mark.parametrize("shape", [(8, 8, 1), (1, 1, 3), (9, 40, 3), (90, 210, 3)], ids=str)
def test_images_of_any_size(shape):
    images = make_images(2, *shape)
    images[0] = 0  # black: no cosine coefficient at all
    figure = draw(make_table(images, ["easiest", "hardest"]), images)
    assert said(figure).count("undefined") == 1
    assert ("Entropy: of the whole image" in said(figure)) == (max(shape) <= 10)


def test_texts_of_a_column_do_not_reach_the_next():
    images = make_images(1, 32, 32)
    figure = draw(make_table(images, ["easiest"]), images)
    figure.canvas.draw()
    axes, explanations = figure.axes[0], [column.explanation for column in maps._COLUMNS.values()]
    found = sorted(
        (text.get_window_extent() for text in axes.texts if text.get_text() in explanations), key=lambda box: box.x0
    )
    assert len(found) == 4
    assert all(left.x1 < right.x0 for left, right in itertools.pairwise(found))


def test_undefined_score_is_said():
    figure = image_maps_figure(pd.DataFrame(), make_images(0), [], NAMES, "t", "aum", -1)
    assert "no example has a defined aum" in said(figure)


@pytest.fixture
def drawn(tmp_path, monkeypatch):
    """The figure of tables in place of files; images in files, of which it decodes those that it shows."""
    images = make_images(12, 40, 30)
    for number, image in enumerate(images):
        PIL.Image.fromarray(image).save(tmp_path / f"{number}.png")
    (tmp_path / "11.png").write_bytes(b"broken, but without a score and so never shown")
    files = ImageFiles(tmp_path, [f"{number}.png" for number in range(12)], (40, 30, 3))
    statistics = pd.DataFrame([image_statistics(shrunk(image[None], 20)[0]) for image in images])
    scores = pd.DataFrame({"example_id": np.arange(12) + 100, "label": 0, "clean_label": 0, "is_corrupt": False})
    scores["runs_train"], scores["aum"] = 2, -np.arange(12.0)
    scores.loc[10, "runs_train"] = 0
    scores.loc[11, "aum"] = np.nan
    columns = {"aum": Column(None, "", True, -1), **{name: Column(None, "") for name in STATISTICS}}
    tables = {"scores": scores.join(statistics), "examples": pd.DataFrame({"label": [0], "class_name": ["cat"]})}
    for module in (maps, reading):
        monkeypatch.setattr(module, "read_table", lambda path, schema, wanted: tables[path.stem][wanted])
    monkeypatch.setattr(reading, "read_schema", lambda path: Schema("scores", columns))
    monkeypatch.setattr(reading, "open_images", lambda path: (np.arange(12) + 100, files))

    def draw_with(**settings):
        settings = {"score": "aum", "count": 1, "statistics": ["segments", "edge_strength"], "size": 20} | settings
        inputs = {name: tmp_path / "noisy" / f"{name}.parquet" for name in ("scores", "examples", "pixels")}
        return drawn_figure("images.maps", settings, **inputs), statistics

    return draw_with


def test_images_are_shown_as_statistics_see_them(drawn):
    figure, statistics = drawn()
    values = [text.get_text() for text in by_gid(figure, "value")]
    assert values[1::2] == [f"{statistics['edge_strength'][row]:.4g}" for row in (0, 4, 9)]
    assert "3 training images of 20 × 15 pixels" in said(figure)


def test_a_score_that_is_missing_is_named_with_those_there_are(drawn):
    with pytest.raises(UserError, match=r"figures\.image_maps\.score: .* has no score 'vog_late'; choose one of aum"):
        drawn(score="vog_late")
