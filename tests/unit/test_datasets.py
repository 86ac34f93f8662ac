"""Every source gives stable examples, lossless or linked files, and names what is broken."""

import io
import shutil

import numpy as np
import pandas as pd
import PIL.Image
import pytest
from sklearn.datasets import load_digits

from difficulty.datasets import digits, image_folder
from difficulty.datasets.pixels import channel_histogram, channel_statistics, read_pixels, write_pixels
from difficulty.datasets.preparation import prepare
from difficulty.errors import UserError
from difficulty.tables import TableError


def picture(side=8, mode="RGB", seed=0, format="PNG"):
    generator = np.random.default_rng(seed)
    shape = (side, side + 1, 3) if mode == "RGB" else (side, side + 1)
    buffer = io.BytesIO()
    PIL.Image.fromarray(generator.integers(0, 256, shape, dtype=np.uint8)).save(buffer, format)
    return buffer.getvalue()


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "photos"
    for split, count in (("train", 3), ("val", 1)):
        for name in ("ant", "b'ee \"x"):
            (root / split / name).mkdir(parents=True)
            for number in range(count):
                (root / split / name / f"{number}.png").write_bytes(picture(seed=number))
    return root


def prepared(source, tmp_path, **settings):
    return prepare(source, settings, tmp_path / "images")


def test_digits_are_scikit_learns_in_a_fixed_stratified_split(tmp_path):
    result = prepared(digits.read({}), tmp_path)
    examples = result.examples
    assert (examples["split"] == "train").sum() == 1437 and (examples["split"] == "test").sum() == 360
    assert examples["example_id"].tolist() == list(range(1797))
    reference = load_digits()
    order = examples["original_index"]
    assert sorted(order) == list(range(1797))
    np.testing.assert_array_equal(np.rint(result.images[:, :, :, 0] * (16 / 255)), reference.images[order])
    np.testing.assert_array_equal(examples["label"], reference.target[order])
    train, test = (np.bincount(examples["label"][examples["split"] == split]) for split in ("train", "test"))
    assert np.abs(train / train.sum() - test / test.sum()).max() < 0.005
    with PIL.Image.open(tmp_path / "images" / examples["file"][7]) as image:
        np.testing.assert_array_equal(np.asarray(image), result.images[7, :, :, 0])


def test_image_folder_links_the_original_files(folder, tmp_path):
    result = prepared(image_folder.read({"path": folder}), tmp_path, color="rgb")
    assert result.examples["split"].tolist() == ["train"] * 6 + ["test"] * 2
    assert result.examples["class_name"].unique().tolist() == ["ant", "b'ee \"x"]
    assert result.images.shape == (8, 8, 9, 3)
    for key, file in zip(result.examples["key"], result.examples["file"], strict=True):
        split = {"train": "train", "test": "val"}[file.split("/")[0]]
        assert (tmp_path / "images" / file).samefile(folder / split / key)


@pytest.mark.parametrize("link", ["copy", "symlink"])
def test_other_links(folder, tmp_path, link):
    result = prepared(image_folder.read({"path": folder}), tmp_path, color="rgb", link=link)
    path = tmp_path / "images" / result.examples["file"][0]
    assert path.is_symlink() == (link == "symlink") and path.read_bytes() == picture(seed=0)
    assert path.samefile(folder / "train" / "ant" / "0.png") == (link == "symlink")


def test_mixed_sizes_and_colours_need_a_setting(folder, tmp_path):
    (folder / "train" / "ant" / "9.png").write_bytes(picture(12, "L"))
    with pytest.raises(UserError, match=r"2 different shapes.*set size \(pixels\) and color"):
        prepared(image_folder.read({"path": folder}), tmp_path)
    assert prepared(image_folder.read({"path": folder}), tmp_path, size=6, color="grey").images.shape == (9, 6, 6, 1)


def test_sixteen_bit_images_are_scaled_not_clipped(tmp_path):
    ramp = np.linspace(0, 65_535, 256).round().astype(np.uint16).reshape(16, 16)
    (tmp_path / "train" / "a").mkdir(parents=True)
    PIL.Image.fromarray(ramp).save(tmp_path / "train" / "a" / "x.png")
    result = prepared(image_folder.read({"path": tmp_path}), tmp_path)
    np.testing.assert_array_equal(result.images[0, :, :, 0].ravel(), np.arange(256))


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "is empty"), (b"plain text", "cannot be identified"), (picture()[:60], ""), (picture()[:-30], "")],
)
def test_broken_images_are_named_or_skipped(folder, tmp_path, content, reason):
    (folder / "train" / "ant" / "1.png").write_bytes(content)
    source = image_folder.read({"path": folder})
    with pytest.raises(UserError, match=rf"1 broken image: .*ant/1\.png.*{reason}.*set on_bad_image: skip"):
        prepared(source, tmp_path, color="rgb")
    result = prepared(source, tmp_path, color="rgb", on_bad_image="skip")
    assert len(result.examples) == len(result.images) == 7
    assert list(result.bad) == [str(folder / "train" / "ant" / "1.png")]
    assert 1 not in result.examples["example_id"].tolist()


def test_empty_classes_and_missing_folders_are_named(folder, tmp_path):
    shutil.rmtree(folder / "train" / "ant")
    with pytest.raises(UserError, match=r"train/ant: class 'ant' has no training images"):
        image_folder.read({"path": folder})
    source = image_folder.read({"path": folder, "on_bad_image": "skip"})
    assert source.notes and set(source.examples["label"]) == {0}
    assert set(source.examples["class_name"]) == {"b'ee \"x"}  # test images of a class never seen are left out
    shutil.rmtree(folder / "train")
    with pytest.raises(UserError, match="no folder train/"):
        image_folder.read({"path": folder})


def test_limits_draw_without_replacement_and_keep_ids(tmp_path):
    source = digits.read({})
    result = prepared(source, tmp_path, limit={"train": 100, "test": 10}, limit_seed=3)
    same = prepared(source, tmp_path, limit={"train": 100, "test": 10}, limit_seed=3)
    other = prepared(source, tmp_path, limit={"train": 100, "test": 10}, limit_seed=4)
    assert result.examples.groupby("split").size().to_dict() == {"train": 100, "test": 10}
    pd.testing.assert_frame_equal(result.examples, same.examples)
    assert result.examples["example_id"].tolist() != other.examples["example_id"].tolist()
    everything = source.examples.reset_index()
    assert (everything["key"][result.examples["example_id"]].tolist()) == result.examples["key"].tolist()
    with pytest.raises(UserError, match=r"limit.test: expected at most 360"):
        prepared(source, tmp_path, limit={"test": 361})


def test_pixels_round_trip_and_damage(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (500, 9, 7, 3), dtype=np.uint8)
    path = tmp_path / "pixels.parquet"
    write_pixels(path, np.arange(500), images, {"mean": [0.5]})
    ids, back = read_pixels(path)
    np.testing.assert_array_equal(back, images)
    np.testing.assert_array_equal(ids, np.arange(500))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(TableError, match=r"pixels\.parquet: is damaged"):
        read_pixels(path)


def test_channel_statistics_equal_numpys():
    images = np.random.default_rng(0).integers(0, 256, (50, 9, 7, 3), dtype=np.uint8)
    result = channel_statistics(channel_histogram(images))
    np.testing.assert_allclose(result["mean"], (images / 255).mean((0, 1, 2)))
    np.testing.assert_allclose(result["std"], (images / 255).std((0, 1, 2)))
    assert channel_statistics(channel_histogram(np.zeros((2, 3, 3, 1), np.uint8)))["std"] == [1.0]


def decoded(tmp_path, picture, name, **settings):
    (tmp_path / "train" / "a").mkdir(parents=True)
    picture.save(tmp_path / "train" / "a" / name)
    return prepared(image_folder.read({"path": tmp_path}), tmp_path, **settings).images[0]


INKS = np.random.default_rng(0).integers(0, 256, (8, 9, 4), dtype=np.uint8)


def test_cmyk_is_converted_by_the_formula_of_its_inks(tmp_path):
    pixels = decoded(tmp_path, PIL.Image.fromarray(INKS, "CMYK"), "x.tif")
    inks = INKS.astype(float)
    np.testing.assert_allclose(pixels, (255 - inks[:, :, :3]) * (255 - inks[:, :, 3:]) / 255, atol=1)


def test_cmyk_jpeg_is_not_inverted(tmp_path):
    inks = np.empty((16, 16, 4), np.uint8)
    inks[:] = (0, 200, 255, 30)
    pixels = decoded(tmp_path, PIL.Image.fromarray(inks, "CMYK"), "x.jpg")
    np.testing.assert_allclose(pixels.mean(axis=(0, 1)), [225, 55 * 225 / 255, 0], atol=3)


def test_cmyk_as_grey_is_the_luma_of_its_colours(tmp_path):
    pixels = decoded(tmp_path, PIL.Image.fromarray(INKS, "CMYK"), "x.tif", color="grey")
    inks = INKS.astype(float)
    rgb = (255 - inks[:, :, :3]) * (255 - inks[:, :, 3:]) / 255
    np.testing.assert_allclose(pixels[:, :, 0], rgb @ [0.299, 0.587, 0.114], atol=2)  # ITU-R BT.601


@pytest.mark.parametrize("name", ["x.png", "x.gif"])
@pytest.mark.parametrize("color", [None, "rgb", "grey"])
def test_palette_images_have_the_colours_of_their_palette(tmp_path, name, color):
    palette = np.random.default_rng(1).integers(0, 256, (256, 3), dtype=np.uint8)
    indices = np.random.default_rng(0).integers(0, 256, (8, 9), dtype=np.uint8)
    picture = PIL.Image.fromarray(indices)
    picture.putpalette(palette.tobytes())
    pixels = decoded(tmp_path, picture, name, **({"color": color} if color else {}))
    if color == "grey":
        np.testing.assert_allclose(pixels[:, :, 0], palette[indices] @ [0.299, 0.587, 0.114], atol=1)
    else:
        np.testing.assert_array_equal(pixels, palette[indices])


def test_identical_files_are_noted_by_the_first_of_them(folder, tmp_path):
    result = prepared(image_folder.read({"path": folder}), tmp_path, color="rgb")
    assert result.examples["duplicate_of"].tolist() == [pd.NA, pd.NA, pd.NA, 0, 1, 2, 0, 0]
