"""A stage that is killed in the middle goes on, and writes the same bytes as one that is not."""

import re
import shutil
import signal
import tracemalloc

import numpy as np
import pandas as pd
import PIL.Image
import pytest

from difficulty import parts, progress
from difficulty.datasets import image_folder, pixels, taken_images
from difficulty.datasets.preparation import preparing
from difficulty.datasets.source import Source
from tests.support.damage import digests
from tests.support.encoded_pictures import encoded
from tests.support.killed_jobs import run_until_killed
from tests.support.scripts import run_script, succeed

DRAWS = np.random.default_rng(0)


def write_photos(root, count=12, side=40, deep=False):
    """Pictures in two classes; the third is broken, the fourth has 16 bits if asked."""
    for number in range(count):
        path = root / ("test" if number % 4 == 3 else "train") / f"class {number % 2}" / f"{number:02d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        PIL.Image.fromarray(DRAWS.integers(0, 256, (side, side, 3), np.uint8)).save(path)
    (root / "train" / "class 0" / "02.png").write_bytes(b"no picture")
    if deep:
        levels = DRAWS.integers(0, 4000, (side, side), np.uint16)
        (root / "test" / "class 1" / "03.png").write_bytes(encoded(levels))
    return root


def prepare_options(root, folder, storage, link="hard"):
    settings = {"source": "image_folder", "path": str(root), "color": "rgb", "on_bad_image": "skip"}
    tables = {name: folder / "photos" / f"{name}.parquet" for name in ("examples", "pixels", "files")}
    places = {**tables, "images": folder / "photos" / "images", "log": folder / "prepare.log"}
    return {"settings": {**settings, "storage": storage, "link": link}, **places}


def make(folder):
    folder.mkdir()
    return folder


def contents(folder):
    return {name: digest for name, digest in digests(folder).items() if name != "files.parquet"}


@pytest.fixture
def photos(tmp_path):
    return write_photos(tmp_path / "source", deep=True)


@pytest.mark.parametrize("done", [7, 12])
@pytest.mark.parametrize(("storage", "link"), [("memory", "hard"), ("files", "copy")])
def test_preparation_goes_on_to_the_same_bytes(photos, tmp_path, storage, link, done):
    whole = prepare_options(photos, tmp_path / "whole", storage, link)
    assert run_script("prepare_dataset", **whole).returncode == 0
    options = prepare_options(photos, tmp_path / "killed", storage, link)
    assert run_until_killed("prepare_dataset", done, **options).returncode == -signal.SIGKILL
    folder = tmp_path / "killed" / "photos"
    assert [path.name for path in folder.iterdir()] == [".partial"]
    (folder / ".partial" / "images" / "images" / "train" / "class 1" / "left over.png").write_bytes(b"half")
    assert run_script("prepare_dataset", **options).returncode == 0
    assert f"goes on after {done} of 12 images" in options["log"].read_text()
    assert contents(folder) == contents(tmp_path / "whole" / "photos") and not (folder / ".partial").exists()


def test_other_images_in_the_source_start_again_and_leave_no_folder_of_theirs(photos, tmp_path):
    PIL.Image.fromarray(np.zeros((40, 40, 3), np.uint8)).save(make(photos / "train" / "class -1") / "00.png")
    options = prepare_options(photos, tmp_path / "killed", "memory", "copy")
    assert run_until_killed("prepare_dataset", 6, **options).returncode == -signal.SIGKILL
    shutil.rmtree(photos / "train" / "class -1")
    whole = prepare_options(photos, tmp_path / "whole", "memory", "copy")
    for each in (options, whole):
        assert run_script("prepare_dataset", **each).returncode == 0
    assert "goes on after" not in options["log"].read_text()
    assert contents(tmp_path / "killed" / "photos") == contents(tmp_path / "whole" / "photos")
    assert not (options["images"] / "train" / "class -1").exists()


@pytest.mark.parametrize("changed", ["source", "placed", "lost", "repaired"])
def test_images_that_changed_meanwhile_are_taken_again(photos, tmp_path, changed):
    options = prepare_options(photos, tmp_path / "killed", "memory", "copy")
    run_until_killed("prepare_dataset", 6, **options)
    placed = tmp_path / "killed" / "photos" / ".partial" / "images" / "images" / "train" / "class 0" / "04.png"
    if changed == "source":
        shutil.copy(photos / "train" / "class 1" / "01.png", photos / "train" / "class 0" / "04.png")
    elif changed == "placed":
        placed.write_bytes(placed.read_bytes()[:-5])
    elif changed == "lost":
        placed.unlink()
    else:
        shutil.copy(photos / "train" / "class 1" / "01.png", photos / "train" / "class 0" / "02.png")
    whole = prepare_options(photos, tmp_path / "whole", "memory", "copy")
    for each in (options, whole):
        assert run_script("prepare_dataset", **each).returncode == 0
    assert "goes on after" in options["log"].read_text()
    assert contents(tmp_path / "killed" / "photos") == contents(tmp_path / "whole" / "photos")


def test_sigterm_keeps_what_is_done(photos, tmp_path):
    options = prepare_options(photos, tmp_path, "memory")
    done = run_until_killed("prepare_dataset", 3, signal.SIGTERM, **options)
    assert done.returncode == 1 and "of 12 images; the next attempt goes on from there" in done.stderr


def test_several_processes_prepare_the_same(photos, tmp_path, monkeypatch):
    monkeypatch.setattr("difficulty.datasets.decoded_images._ALONE", 0)
    settings = {"path": str(photos), "color": "rgb", "on_bad_image": "skip"}
    for storage in ("memory", "files"):
        found = []
        for processes in (1, 2):
            source = image_folder.read(settings)
            whole = {**settings, "storage": storage}
            with preparing(source, whole, tmp_path / f"{storage}-{processes}", processes=processes) as prepared:
                images = None if prepared.images is None else prepared.images[:]
                found.append((prepared, images))
        (one, images), (two, others) = found
        assert one.examples.equals(two.examples) and one.bad == two.bad and one.remarks == two.remarks
        assert np.array_equal(images, others) and np.array_equal(one.histogram, two.histogram)
        assert one.reading == two.reading and len(one.remarks) == 1
        assert digests(tmp_path / f"{storage}-1") == digests(tmp_path / f"{storage}-2")


def test_a_preparation_that_goes_on_says_how_far_it_has_compared(photos, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(parts, "_SECONDS_PER_PART", 0)
    monkeypatch.setattr(progress, "_SECONDS_BETWEEN_LINES", 0)
    settings = {"path": str(photos), "color": "rgb", "on_bad_image": "skip"}
    source = image_folder.read(settings)
    with pytest.raises(KeyboardInterrupt), preparing(source, settings, tmp_path / "images", "photos"):
        assert "compares" not in capsys.readouterr().err
        raise KeyboardInterrupt
    with preparing(source, settings, tmp_path / "images", "photos"):
        told = capsys.readouterr().err.splitlines()
    assert len(told) == 11, "one for each of the images but the first, which starts the clock"
    line = r"photos: compares what an earlier attempt has taken in, [\d,]+ images/s"
    assert all(re.fullmatch(line, each) for each in told)


def test_preparation_holds_a_part_of_the_images_at_a_time(tmp_path, monkeypatch):
    """Far less than the 4.6 MB of all pixels, most of it modules that are imported; it was more than twice as much."""
    draws = np.random.default_rng(0).integers(0, 256, (512, 1), np.uint8)
    images = np.broadcast_to(draws[:, :, None, None], (512, 55, 55, 3))
    examples = {"split": ["train"] * 400 + ["test"] * 112, "key": [f"{n:03d}" for n in range(512)], "label": 0}
    examples = pd.DataFrame({**examples, "original_index": range(512), "class_name": "a"})
    source = Source(examples, lambda row: np.ascontiguousarray(images[row]))
    monkeypatch.setattr(parts, "_BYTES_PER_PART", 10 * images[0].size)
    monkeypatch.setattr(pixels, "_BYTES_PER_ROW_GROUP", 15 * images[0].size)
    monkeypatch.setattr(pixels, "_COUNTED_AT_ONCE", 10 * 55 * 55)
    pixels.write_pixels(tmp_path / "whole.parquet", np.arange(512), images, {})
    tracemalloc.start()
    try:
        with preparing(source, {}, tmp_path / "images") as prepared:
            pixels.write_pixels(tmp_path / "streamed.parquet", prepared.examples["example_id"], prepared.images, {})
            _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (tmp_path / "streamed.parquet").read_bytes() == (tmp_path / "whole.parquet").read_bytes()
    np.testing.assert_array_equal(prepared.histogram, pixels.channel_histogram(images[:400]))
    assert peak < images.size / 2


def test_too_little_memory_is_no_broken_image(photos, tmp_path, monkeypatch):
    def short(picture, size):
        raise MemoryError

    monkeypatch.setattr("difficulty.datasets.decoded_images.sized", short)
    settings = {"path": str(photos), "on_bad_image": "skip"}
    with (
        pytest.raises(MemoryError, match=r"while decoding .*00\.png"),
        preparing(image_folder.read(settings), settings, tmp_path / "images"),
    ):
        pass
    assert taken_images._MEMORY == 4 << 30


@pytest.mark.parametrize("done", [3, 7])
@pytest.mark.parametrize("storage", ["memory", "files"])
def test_statistics_go_on_to_the_same_bytes(tmp_path, storage, done):
    prepared = prepare_options(write_photos(tmp_path / "source", 8, 400), tmp_path, storage)
    assert run_script("prepare_dataset", **prepared).returncode == 0
    options = {"settings": {"statistics": ["contrast", "dct_coefficients"]}, "log": tmp_path / "log"}
    options |= {
        "pixels": prepared["pixels"],
        "files": prepared["files"],
        "output": tmp_path / "s" / "statistics.parquet",
    }
    assert run_until_killed("compute_image_statistics", done, **options).returncode == -signal.SIGKILL
    succeed("compute_image_statistics", **options)
    assert f"goes on after {done} of 7 images" in options["log"].read_text()
    whole = options["output"].with_name("whole.parquet")
    succeed("compute_image_statistics", **options | {"output": whole})
    assert options["output"].read_bytes() == whole.read_bytes()
