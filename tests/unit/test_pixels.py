"""Decoded images that stay in their table until they are asked for, against the array that was written."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from difficulty.atlas.thumbnails import THUMBNAILS, sheets, tiles_for, write_sheets
from difficulty.datasets import pixels
from difficulty.datasets.images import open_images, take
from difficulty.datasets.pixels import read_pixels, write_pixels
from difficulty.figures.data.samples import sample_sheet
from difficulty.figures.prediction_depth.plane import depth_plane_figure
from difficulty.figures.reading import images_of
from difficulty.figures.scores.gallery import gallery_figure
from difficulty.scores.images.statistics import image_statistics_table
from difficulty.table_parts import RowGroups, row_count
from difficulty.tables import TableError, read_arrow

COUNT, PER_GROUP, SHAPE = 50, 8, (6, 5, 3)


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (COUNT, *SHAPE), np.uint8)


@pytest.fixture
def path(tmp_path, images, monkeypatch):
    """A table of seven row groups."""
    monkeypatch.setattr(pixels, "_BYTES_PER_ROW_GROUP", PER_GROUP * images[0].size)
    write_pixels(tmp_path / "pixels.parquet", np.arange(COUNT) + 100, images, {"mean": [0.5]})
    return tmp_path / "pixels.parquet"


@pytest.fixture
def reads(monkeypatch):
    """Numbers of the row groups that are read, in their order."""
    numbers, batches = [], RowGroups.batches

    def counted(self, group, *options):
        numbers.append(int(group))
        return batches(self, group, *options)

    monkeypatch.setattr(RowGroups, "batches", counted)
    return numbers


def test_stored_images_are_indexed_like_an_array(path, images):
    example_ids, stored = open_images(path)
    assert example_ids.tolist() == list(range(100, 150)) and stored.shape == images.shape and len(stored) == COUNT
    for rows in (np.s_[:], np.s_[5:20], np.s_[45:80], np.array([49, 0, 17, 16, 0]), [3, 1], np.array([], int)):
        np.testing.assert_array_equal(stored[rows], images[rows])
    chosen = np.array([40, 2, 3, 41])
    some = take(stored, chosen)
    assert some.shape == (4, *SHAPE)
    np.testing.assert_array_equal(some[[3, 0]], images[[41, 40]])
    np.testing.assert_array_equal(take(some, np.s_[1:3])[:], images[[2, 3]])


@pytest.mark.parametrize(("rows", "found"), [(1, 7), (0, 9)])
def test_a_group_that_has_more_or_fewer_images_than_the_file_says_is_damaged(path, monkeypatch, rows, found):
    batches = RowGroups.batches

    def miscounted(self, group, column, at_once):
        yield from batches(self, group, column, at_once) if rows == 0 else ()
        yield next(batches(self, group, column, 1 if rows == 0 else at_once))[rows:]

    monkeypatch.setattr(RowGroups, "batches", miscounted)
    with pytest.raises(TableError, match=rf"pixels\.parquet: has {found} rows in a row group of 8; delete it"):
        open_images(path)[1][:]


def test_few_images_are_read_from_their_row_groups_alone(path, images, reads):
    np.testing.assert_array_equal(images_of(path, [149, 101, 148])[:], images[[49, 1, 48]])
    assert reads == [0, 6]


def test_images_in_their_order_are_read_once(path, images, reads):
    _, stored = open_images(path)
    assert reads == []
    for start in range(0, COUNT, 3):
        np.testing.assert_array_equal(stored[start : start + 3], images[start : start + 3])
    assert reads == list(range(7))


def test_a_table_of_some_stored_images_is_the_one_of_their_pixels(path, images, tmp_path, reads):
    rows, facts = np.flatnonzero(np.arange(COUNT) % 3 == 0), {"mean": [0.5]}
    write_pixels(tmp_path / "whole.parquet", rows, images[rows], facts)
    write_pixels(tmp_path / "streamed.parquet", pd.Series(rows), take(open_images(path)[1], rows), facts)
    assert (tmp_path / "streamed.parquet").read_bytes() == (tmp_path / "whole.parquet").read_bytes()
    assert reads == list(range(7))
    np.testing.assert_array_equal(read_pixels(tmp_path / "streamed.parquet")[1], images[rows])


def test_sheets_are_written_as_they_are_made_and_images_read_once(path, images, tmp_path, reads, monkeypatch):
    monkeypatch.setattr("difficulty.atlas.thumbnails._SHEET_SIDE", 12)
    tiles = tiles_for(COUNT, *SHAPE[:2])
    packed = list(sheets(images, tiles))
    for size, groups in ((1 << 20, 1), (1, len(packed))):
        monkeypatch.setattr("difficulty.atlas.thumbnails._BYTES_PER_ROW_GROUP", size)
        reads.clear()
        count, written = write_sheets(tmp_path / f"{size}.parquet", sheets(open_images(path)[1], tiles), {})
        table = read_arrow(tmp_path / f"{size}.parquet", THUMBNAILS)
        assert table["image"].to_pylist() == packed and table["sheet"].to_pylist() == list(range(len(packed)))
        assert (count, written) == (len(packed), sum(map(len, packed))) and len(packed) > 5
        assert table["image"].num_chunks == groups and reads == list(range(7))
    assert row_count(tmp_path / "1.parquet") == len(packed)


@pytest.mark.parametrize("processes", [1, 2])
def test_statistics_of_stored_images_are_those_of_an_array(tmp_path, processes, monkeypatch):
    images = np.random.default_rng(0).integers(0, 256, (40, 24, 24, 3), np.uint8)
    write_pixels(tmp_path / "pixels.parquet", np.arange(40), images, {})
    monkeypatch.setattr("difficulty.scores.images.statistics._PIXELS_AT_ONCE", 24 * 24 * 3)
    wanted = ["edge_strength", "local_entropy"]
    found = image_statistics_table(open_images(tmp_path / "pixels.parquet")[1], processes, wanted)
    pd.testing.assert_frame_equal(found, image_statistics_table(images, 1, wanted))


class AskedOnce:
    """Images that may be asked for once, as they are all over a table."""

    def __init__(self, images):
        self.images, self.shape, self.asked = images, images.shape, 0

    def __getitem__(self, rows):
        self.asked += 1
        return self.images[rows]


def drawn(figure):
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())


def test_figures_ask_once_for_the_images_that_they_show(images):
    labels = np.arange(COUNT) % 4
    split = np.where(np.arange(COUNT) < 40, "train", "test")
    examples = pd.DataFrame({"label": labels, "class_name": labels.astype(str), "split": split})
    table = pd.DataFrame({"label": labels, "clean_label": labels, "is_corrupt": labels == 1, "predicted": 0})
    table["value"] = np.random.default_rng(1).random(COUNT)
    depths = table.assign(validation=np.arange(COUNT) % 5, training=np.arange(COUNT) // 10)
    for draw in (
        lambda given: depth_plane_figure(depths, given, {}, list("abcde"), "plane"),
        lambda given: sample_sheet(examples, given, "samples", 3),
        lambda given: gallery_figure(table, given, {}, "gallery", "score", 1, 4),
    ):
        given = AskedOnce(images)
        np.testing.assert_array_equal(drawn(draw(given)), drawn(draw(images)))
        assert given.asked == 1
