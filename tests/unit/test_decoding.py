"""Decoding keeps what an image shows: what is transparent, has more than 8 bits, or has faulty metadata."""

import logging
import os
import struct
import zlib

import numpy as np
import pandas as pd
import PIL.Image
import PIL.ImageCms
import PIL.PngImagePlugin
import pytest
from skimage.color import lab2xyz, xyz2rgb

from difficulty.datasets.decoding import FRAMES, TRANSPARENT, opened
from difficulty.datasets.deep_levels import found_range
from difficulty.datasets.preparation import prepare
from difficulty.datasets.source import Source
from difficulty.errors import UserError
from tests.support.encoded_pictures import ALPHA, COLORS, DRAWS, encoded, read


def laid_over(pixels, alpha, background):
    """Porter and Duff 1984, the operator over, on an opaque background."""
    share = np.asarray(alpha, float)[..., None] / 255
    return pixels * share + np.asarray(background, float) * (1 - share)


@pytest.mark.parametrize(
    ("background", "color"), [("white", (255,) * 3), ("black", (0,) * 3), ("#204080", (0x20, 0x40, 0x80))]
)
def test_alpha_is_laid_over_the_background(background, color):
    data = encoded(np.dstack([COLORS, ALPHA]))
    np.testing.assert_allclose(read(data, background=background), laid_over(COLORS, ALPHA, color), atol=1)
    assert opened(data).remarks == {TRANSPARENT}
    grey = read(data, background=background, color="grey")
    np.testing.assert_allclose(grey, laid_over(COLORS, ALPHA, color) @ [0.299, 0.587, 0.114], atol=1.5)


def test_grey_with_alpha_stays_grey():
    picture = PIL.Image.fromarray(np.dstack([COLORS[..., 0], ALPHA]), "LA")
    pixels = read(encoded(picture))
    assert pixels.ndim == 2
    np.testing.assert_allclose(pixels, laid_over(COLORS[..., :1], ALPHA, [255])[..., 0], atol=1)


def test_full_opacity_changes_nothing():
    data = encoded(np.dstack([COLORS, np.full((7, 9), 255, np.uint8)]))
    np.testing.assert_array_equal(read(data), COLORS)
    assert opened(data).remarks == set()


@pytest.mark.parametrize("format", ["PNG", "GIF"])
def test_a_transparent_colour_of_a_palette_shows_the_background(format):
    indices = DRAWS.integers(0, 4, (7, 9), dtype=np.uint8)
    palette = DRAWS.integers(0, 200, (4, 3), dtype=np.uint8)
    picture = PIL.Image.fromarray(indices)
    picture.putpalette(palette.tobytes())
    expected = palette[indices]
    expected[indices == 2] = 255
    np.testing.assert_array_equal(read(encoded(picture, format, transparency=2)), expected)


def test_opacities_of_a_palette():
    indices = DRAWS.integers(0, 4, (7, 9), dtype=np.uint8)
    palette = DRAWS.integers(0, 200, (4, 3), dtype=np.uint8)
    picture = PIL.Image.fromarray(indices)
    picture.putpalette(palette.tobytes())
    opacity = np.array([0, 100, 255, 30], np.uint8)
    data = encoded(picture, transparency=opacity.tobytes())
    np.testing.assert_allclose(read(data), laid_over(palette[indices], opacity[indices], [255] * 3), atol=1)


def test_a_transparent_level_or_colour():
    grey = DRAWS.integers(0, 5, (7, 9), dtype=np.uint8)
    np.testing.assert_array_equal(read(encoded(grey, transparency=3)), np.where(grey == 3, 255, grey))
    colors = np.where((ALPHA < 100)[..., None], np.array([1, 2, 3], np.uint8), COLORS)
    expected = np.where((ALPHA < 100)[..., None], 255, COLORS)
    np.testing.assert_array_equal(read(encoded(colors, transparency=(1, 2, 3))), expected)


def png_of_16_bits(levels, *chunks):
    """A PNG of levels (H, W, C) of 16 bits, which Pillow cannot write in colour; C is 1 to 4."""
    height, width, channels = levels.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in levels)
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    header = (b"IHDR", struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0))
    parts = [header, *chunks, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        for name, content in parts
    )


def tiff(levels, order="<", compression=None):
    """A TIFF of levels (H, W, C): written by Pillow if it is grey, else by hand; of 16 bits."""
    height, width, channels = levels.shape
    pixels = levels.astype(order + "u2").tobytes()
    tags = [(256, 3, 1, width), (257, 3, 1, height), (258, 3, channels, None), (259, 3, 1, 1), (262, 3, 1, 2)]
    tags += [(273, 4, 1, None), (277, 3, 1, channels), (278, 3, 1, height), (279, 4, 1, len(pixels)), (284, 3, 1, 1)]
    bits_at = 8 + 2 + 12 * len(tags) + 4
    pixels_at = bits_at + 2 * channels
    entries = b""
    for tag, kind, count, value in tags:
        value = {258: bits_at, 273: pixels_at}.get(tag, value)
        packed = struct.pack(order + "HH", value, 0) if kind == 3 and count == 1 else struct.pack(order + "I", value)
        entries += struct.pack(order + "HHI", tag, kind, count) + packed
    start = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 8)
    directory = struct.pack(order + "H", len(tags)) + entries + struct.pack(order + "I", 0)
    return start + directory + struct.pack(order + f"{channels}H", *[16] * channels) + pixels


LEVELS = DRAWS.integers(0, 4096, (7, 9, 3), dtype=np.uint16)
TWELVE = {"integer": (0, 4095)}
EXPECTED = np.rint(LEVELS / (4095 / 255))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (encoded(LEVELS[..., 0]), EXPECTED[..., 0]),
        (encoded(LEVELS[..., 0], "TIFF"), EXPECTED[..., 0]),
        (encoded(LEVELS[..., 0], "TIFF", compression="tiff_lzw"), EXPECTED[..., 0]),
        (encoded(LEVELS[..., 0].astype(np.int32), "TIFF"), EXPECTED[..., 0]),
        (png_of_16_bits(LEVELS), EXPECTED),
        (tiff(LEVELS), EXPECTED),
        (tiff(LEVELS, ">"), EXPECTED),
    ],
    ids=["grey png", "grey tiff", "grey lzw tiff", "32 bits", "rgb png", "rgb tiff", "rgb big-endian tiff"],
)
def test_levels_of_12_bits_in_wider_files(data, expected):
    np.testing.assert_array_equal(read(data, levels=TWELVE), expected)


def test_16_bits_with_opacity():
    opacity = DRAWS.integers(0, 65_536, (7, 9, 1), dtype=np.uint16)
    share = opacity / 65_535
    expected = EXPECTED * share + 255 * (1 - share)
    for levels, wanted in ((LEVELS, expected), (LEVELS[..., :1], expected[..., [0, 0, 0]])):
        data = png_of_16_bits(np.concatenate([levels, opacity], axis=-1))
        np.testing.assert_allclose(read(data, levels=TWELVE), wanted, atol=1.5)
        assert opened(data).remarks == {TRANSPARENT}


def test_a_transparent_level_or_colour_of_16_bits():
    level = int(LEVELS[2, 3, 0])
    grey = png_of_16_bits(LEVELS[..., :1], (b"tRNS", struct.pack(">H", level)))
    np.testing.assert_array_equal(read(grey, levels=TWELVE), np.where(LEVELS[..., 0] == level, 255, EXPECTED[..., 0]))
    color = png_of_16_bits(LEVELS, (b"tRNS", struct.pack(">HHH", *LEVELS[2, 3])))
    hidden = (LEVELS[2, 3] == LEVELS).all(-1, keepdims=True)
    np.testing.assert_array_equal(read(color, levels=TWELVE), np.where(hidden, 255, EXPECTED))


@pytest.mark.parametrize(
    ("kind", "low", "high", "expected"),
    [
        ("integer", 0, 1, (0, 1)),
        ("integer", 0, 2, (0, 255)),
        ("integer", 10, 255, (0, 255)),
        ("integer", 10, 256, (0, 1023)),
        ("integer", 0, 4095, (0, 4095)),
        ("integer", 0, 4096, (0, 16_383)),
        ("integer", 0, 65_535, (0, 65_535)),
        ("integer", 0, 2**31 - 1, (0, 2**32 - 1)),
        ("integer", -1024, 3071, (-1024, 3071)),
        ("float", 0, 0.7, (0, 1)),
        ("float", 0, 200.5, (0, 255)),
        ("float", -1, 1, (-1, 1)),
        ("float", 0, 1e12, (0, 1e12)),
        ("integer", -3, -3, (-3, -2)),
    ],
)
def test_range_of_levels(kind, low, high, expected):
    assert found_range(kind, low, high) == expected


def source(*images):
    """A data set of one class with these encoded images, all for training."""
    names = [f"{number}.png" for number in range(len(images))]
    columns = {"split": "train", "key": names, "original_index": range(len(names)), "label": 0, "class_name": "a"}
    return Source(pd.DataFrame(columns), lambda row: images[row])


def test_one_range_for_all_images_of_a_data_set(tmp_path):
    dark, bright = np.full((4, 4), 100, np.uint16), np.full((4, 4), 1000, np.uint16)
    eight = np.full((4, 4), 7, np.uint8)
    found = prepare(source(*map(encoded, (dark, bright, eight))), {}, tmp_path)
    assert found.images[:, 0, 0, 0].tolist() == [25, 249, 7]  # 255 x 100 / 1023
    assert found.remarks == (
        "images with more than 8 bits: 2 (train/0.png, train/1.png); levels 0 to 1,023 become 0 to 255 (`levels`)",
    )
    given = prepare(source(*map(encoded, (dark, bright))), {"levels": [0, 2000]}, tmp_path)
    assert given.images[:, 0, 0, 0].tolist() == [13, 128]
    whole = prepare(source(encoded(np.full((4, 4), 65_535, np.uint16))), {}, tmp_path)
    assert whole.remarks == ()


def test_floats_are_scaled_unless_they_are_no_numbers(tmp_path):
    levels = np.linspace(0, 1, 16, dtype=np.float32).reshape(4, 4)
    found = prepare(source(encoded(levels, "TIFF")), {}, tmp_path)
    np.testing.assert_array_equal(found.images[0, :, :, 0], np.rint(levels * 255))
    levels[1, 1] = np.nan
    with pytest.raises(UserError, match=r"train/0\.png has pixels that are no finite numbers"):
        prepare(source(encoded(levels, "TIFF")), {}, tmp_path)


# Bradford's adaptation of the white of D50 to that of sRGB (Lindbloom, Chromatic Adaptation).
D50_TO_D65 = np.array(
    [[0.9555766, -0.0230393, 0.0631636], [-0.0282895, 1.0099416, 0.0210077], [0.0122982, -0.0204830, 1.3299098]]
)


def test_lab_is_converted_from_the_white_of_d50():
    lightness, chroma = DRAWS.integers(100, 200, (7, 9, 1)), DRAWS.integers(-20, 21, (7, 9, 2))
    levels = np.dstack([lightness, chroma % 256]).astype(np.uint8)  # a* and b* are signed in TIFF
    found = read(encoded(PIL.Image.frombytes("LAB", (9, 7), levels.tobytes()), "TIFF"))
    expected = xyz2rgb(lab2xyz(np.dstack([lightness / 2.55, chroma]), illuminant="D50") @ D50_TO_D65.T) * 255
    np.testing.assert_allclose(found, expected, atol=2)


@pytest.mark.parametrize("entry", [(282, 5, 1, 4_000_000), (305, 2, 30, 4_000_000), (34675, 7, 9, 4_000_000)])
def test_tiff_with_tags_that_lead_nowhere(entry):
    data = tiff(LEVELS)
    (count,) = struct.unpack_from("<H", data, 8)
    end = 10 + 12 * count
    moved = bytearray(
        data[:8] + struct.pack("<H", count + 1) + data[10:end] + struct.pack("<HHII", *entry) + data[end:]
    )
    for place in range(10, end, 12):
        if struct.unpack_from("<H", moved, place)[0] in (258, 273):
            struct.pack_into("<I", moved, place + 8, struct.unpack_from("<I", moved, place + 8)[0] + 12)
    np.testing.assert_array_equal(read(bytes(moved), levels=TWELVE), EXPECTED)


def test_the_first_frame_is_used_and_remarked():
    frames = [PIL.Image.fromarray(DRAWS.integers(0, 256, (7, 9), dtype=np.uint8)) for _ in range(3)]
    for format in ("GIF", "TIFF", "WEBP", "PNG"):
        more = {"lossless": True} if format == "WEBP" else {}
        data = encoded(frames[0], format, save_all=True, append_images=frames[1:], **more)
        assert opened(data).remarks == {FRAMES}
        np.testing.assert_array_equal(read(data, color="grey"), np.asarray(frames[0]))


def test_no_decoder_beyond_the_list_is_tried(tmp_path):
    postscript = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 7\n%%EndComments\nshowpage\n"
    for data in (postscript, encoded(COLORS, "TGA"), encoded(COLORS, "ICO"), encoded(COLORS, "JPEG2000")):
        with pytest.raises(UserError, match=r"train/0\.png cannot be identified as an image \(BMP, GIF, JPEG, PNG"):
            prepare(source(data), {}, tmp_path)


def test_bombs_pipes_and_links_are_named(tmp_path):
    bomb = bytearray(encoded(PIL.Image.new("1", (8, 8)), "BMP"))
    struct.pack_into("<ii", bomb, 18, 30_000, 30_000)
    with pytest.raises(UserError, match=r"train/0\.png .*900000000 pixels"):
        prepare(source(bytes(bomb)), {}, tmp_path / "out")
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "link.png").symlink_to(tmp_path / "nowhere.png")
    (tmp_path / "self.png").symlink_to(tmp_path / "self.png")
    (tmp_path / "folder.png").mkdir()
    for name, reason in (("pipe", "no regular file"), ("link", "a dangling link"), ("self", "a dangling link")):
        with pytest.raises(UserError, match=rf"{name}\.png is {reason}"):
            prepare(source(tmp_path / f"{name}.png"), {}, tmp_path / "out")
    found = prepare(source(tmp_path / "pipe.png", encoded(COLORS)), {"on_bad_image": "skip"}, tmp_path / "out")
    assert len(found.images) == 1 and list(found.bad) == [str(tmp_path / "pipe.png")]


def test_whatever_a_decoder_raises_is_a_bad_image(tmp_path, monkeypatch):
    def broken(image):
        raise AttributeError("no such thing")

    monkeypatch.setattr("difficulty.datasets.decoded_images.opened", broken)
    with pytest.raises(UserError, match=r"1 broken image: train/0\.png no such thing"):
        prepare(source(encoded(COLORS)), {}, tmp_path)


def test_what_a_source_says_of_an_image_is_logged_without_a_traceback(tmp_path, caplog):
    def missing(row):
        raise UserError("a.parquet: row 0 has only a path")

    caplog.set_level(logging.INFO)
    with pytest.raises(UserError, match=r"1 broken image: train/0\.png a\.parquet: row 0 has only a path"):
        prepare(Source(source(b"").examples, missing), {}, tmp_path)
    assert "row 0 has only a path" in caplog.text and "Traceback" not in caplog.text
