"""Figures of prediction depth with images and classes: what is drawn is what the tables say, whatever the sizes."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from matplotlib.colors import to_rgb

from difficulty.datasets.example_tables import EXAMPLES
from difficulty.datasets.pixels import write_pixels
from difficulty.figures import depth_classes, depth_plane, depth_votes
from difficulty.figures.appearance import CORRUPT
from difficulty.scores.collect import RUN_SCORES, SCORES
from difficulty.scores.probe_tables import VOTES, depth_columns
from difficulty.tables import Column, write_table
from difficulty.training.run_tables import RECORDS
from tests.unit.figure_reading import by_gid, said, texts_of

SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"
PROBES = ["input", "stem", "block", "features", "softmax"]
EASY, OTHER_CLASS = (next(c for c in depth_plane.CORNERS if c.name == n) for n in ("easy", "looks like another class"))
COLOR, GREY = (32, 32, 3), (8, 8, 1)


def make_images(count, shape=GREY):
    """The image of row i is of the one value i."""
    values = np.arange(count, dtype=np.uint8)[:, None, None, None]
    return np.broadcast_to(values, (count, *shape)).copy()


def make_labels(count, classes=10):
    label = np.arange(count) % classes
    return pd.DataFrame({"label": label, "clean_label": label, "is_corrupt": False})


def long_names(count):
    return [f"a_rather_long_name.stage.{number}" for number in range(count)]


# The plane


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


# Classes


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


# Votes


def make_votes(depth, probes=5, epochs=4, classes=10):
    """Votes that give these depths (NaN: undefined): before, the class above the predicted one; predicted as given."""
    depth = np.asarray(depth, float)
    predicted = np.arange(len(depth)) % classes
    reached = np.arange(probes) >= np.where(np.isnan(depth), probes, depth)[:, None]
    vote = np.where(reached, predicted[:, None], (predicted[:, None] + 1) % classes)
    by_epoch = np.tile(predicted, (epochs, 1))
    return depth_votes.Votes(vote, np.zeros(vote.shape, bool), predicted, by_epoch)


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


# Command lines


def write_dataset(folder, count, classes):
    label = np.arange(count) % classes
    examples = pd.DataFrame(
        {
            "example_id": np.arange(count),
            "split": np.where(np.arange(count) < count - 4, "train", "test"),
            "key": [str(number) for number in range(count)],
            "original_index": np.arange(count),
            "label": label,
            "class_name": [f"class {number}" for number in label],
            "file": "",
            "sha256": "",
            "duplicate_of": pd.array([None] * count, "Int64"),
        }
    )
    write_table(examples, folder / "examples.parquet", EXAMPLES)
    write_pixels(folder / "pixels.parquet", examples["example_id"].to_numpy(), make_images(count), {})
    return examples


def write_experiment(folder, examples, depth):
    """Scores, a family and the votes and records of one run; the records are of another order than the votes."""
    count, runs = len(examples), {f"runs_{role}": np.int16(1) for role in ("train", "validation", "test")}
    scores = examples[["example_id", "split", "class_name", "label"]]
    scores = scores.assign(clean_label=scores["label"], is_corrupt=False, **runs)
    columns = {"prediction_depth": depth, "prediction_depth_validation": depth[::-1]}
    described = {name: Column(pa.float32(), "mean", nullable=True) for name in columns}
    write_table(scores.assign(**columns), folder / "scores.parquet", SCORES.extended(described))
    family = examples[["example_id"]].assign(run="seed-3", role=examples["split"], prediction_depth=depth)
    family = family.assign(prediction_depth_undefined=np.isnan(depth), probe_ties=0.0)
    schema = RUN_SCORES.extended(depth_columns(len(PROBES)))
    write_table(family, folder / "family.parquet", schema, {"probes": PROBES})
    made = make_votes(depth)
    votes = pd.DataFrame({"example_id": np.repeat(np.arange(count), len(PROBES)), "tied": False})
    votes["probe"] = np.tile(np.arange(len(PROBES)), count)
    votes["predicted"], votes["vote"] = np.repeat(made.predicted, len(PROBES)), made.vote.ravel()
    provenance = {"probes": PROBES, "settings": {"k": 30}}
    write_table(votes, folder / "seed-3" / "votes" / "epoch-2.parquet", VOTES, provenance)
    records = pd.DataFrame({"epoch": np.repeat([1, 2], count), "example_id": np.tile(np.arange(count)[::-1], 2)})
    records["role"] = examples["split"].to_numpy()[records["example_id"]]
    records["predicted"] = made.predicted[records["example_id"]]
    rest = {"correct": True, **dict.fromkeys(["probability", "margin", "loss", "el2n", "entropy", "feature_norm"], 0.5)}
    write_table(records.assign(**rest), folder / "seed-3" / "records.parquet", RECORDS)


def test_scripts_draw_what_the_rules_ask_for(tmp_path):
    folder = tmp_path / "noisy"
    write_experiment(
        folder, write_dataset(tmp_path, 34, 3), np.where(np.arange(34) % 9 == 5, np.nan, np.arange(34) % 5)
    )
    files = {"scores": folder / "scores.parquet", "family": folder / "family.parquet"}
    files |= {"votes": folder / "seed-3/votes/epoch-2.parquet", "records": folder / "seed-3/records.parquet"}
    files |= {"examples": tmp_path / "examples.parquet", "pixels": tmp_path / "pixels.parquet"}
    taken = {
        "plot_depth_plane": ("scores", "family", "examples", "pixels"),
        "plot_depth_classes": ("scores", "family"),
        "plot_depth_votes": ("votes", "records", "scores", "examples", "pixels"),
    }
    for name, options in taken.items():
        outputs = {"png": tmp_path / f"{name}.png", "pdf": tmp_path / f"{name}.pdf", "log": tmp_path / "log"}
        named = {"settings": json.dumps({"dpi": 40}), "code": "c", "upstream": "u", **outputs}
        named |= {option: files[option] for option in options}
        command = [sys.executable, str(SCRIPTS / f"{name}.py")]
        command += [str(part) for option, value in named.items() for part in (f"--{option}", value)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        assert outputs["png"].read_bytes().startswith(b"\x89PNG")
        assert outputs["pdf"].read_bytes().startswith(b"%PDF")
