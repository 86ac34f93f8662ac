"""Faulty metadata cost neither pixels nor orientation."""

import struct
import zlib

import numpy as np
import PIL.Image
import PIL.ImageCms
import PIL.PngImagePlugin
import pytest

from difficulty.datasets.decoding import METADATA, opened
from tests.support.encoded_pictures import COLORS, encoded, read


def exif(*entries):
    """EXIF of (tag, type, count, bytes), little-endian."""
    head, extra, start = b"II*\0" + struct.pack("<IH", 8, len(entries)), b"", 8 + 2 + 12 * len(entries) + 4
    for tag, kind, count, value in entries:
        if len(value) > 4:
            head += struct.pack("<HHII", tag, kind, count, start + len(extra))
            extra += value
        else:
            head += struct.pack("<HHI", tag, kind, count) + value.ljust(4, b"\0")
    return b"Exif\0\0" + head + struct.pack("<I", 0) + extra


TURNED = (274, 3, 1, struct.pack("<H", 6))
ODD_EXIF = {
    "rational of zero": exif(TURNED, (282, 5, 1, struct.pack("<II", 1, 0)), (283, 10, 1, struct.pack("<ii", -1, 0))),
    "copyright that is a number": exif(TURNED, (33432, 5, 1, struct.pack("<II", 1, 2))),
    "text without end": exif(TURNED, (306, 2, 20, b"2020")),
    "offset beyond the end": exif(TURNED, (315, 2, 400, b"\xff\xff\xff\x7f")),
    "unknown type": exif(TURNED, (270, 99, 1, b"abcd")),
    "huge count": exif(TURNED, (37500, 7, 2**31, b"abcd")),
    "cut directory": exif(TURNED)[:-2],
}


@pytest.mark.parametrize("name", ODD_EXIF)
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_odd_exif_costs_neither_pixels_nor_orientation(name, format):
    upright = read(encoded(COLORS, format))
    np.testing.assert_array_equal(read(encoded(COLORS, format, exif=ODD_EXIF[name])), np.rot90(upright, -1))


def test_exif_that_is_no_exif_leaves_the_image_as_it_is():
    for content in (b"Exif\0\0nonsense", b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff"):
        np.testing.assert_array_equal(read(encoded(COLORS, "JPEG", exif=content)), read(encoded(COLORS, "JPEG")))


@pytest.mark.parametrize("turn", range(1, 9))
def test_orientations(turn):
    alone = PIL.Image.Exif()
    alone[274] = turn
    ways = [lambda p: p, np.fliplr, lambda p: np.rot90(p, 2), np.flipud, lambda p: p.transpose(1, 0, 2)]
    ways += [lambda p: np.rot90(p, -1), lambda p: np.rot90(p, 2).transpose(1, 0, 2), np.rot90]
    for format in ("PNG", "TIFF"):
        found = read(encoded(COLORS, format, exif=alone))
        np.testing.assert_array_equal(found, ways[turn - 1](COLORS))
    levels = {"integer": (0, 65_535)}
    deep = read(encoded(COLORS[..., 0].astype(np.uint16) * 257, exif=alone), levels=levels)
    np.testing.assert_array_equal(deep, ways[turn - 1](COLORS[..., :1])[..., 0])


def with_segment(marker, content):
    """A JPEG with one more segment at its start."""
    data = encoded(COLORS, "JPEG")
    return data[:2] + b"\xff" + bytes([marker]) + struct.pack(">H", len(content) + 2) + content + data[2:]


def with_chunk(name, content, checksum=None):
    """A PNG with one more chunk after its header."""
    data = encoded(COLORS)
    checksum = zlib.crc32(name + content) if checksum is None else checksum
    return data[:33] + struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum) + data[33:]


@pytest.mark.parametrize(
    "data",
    [
        with_segment(0xE2, b"ICC_PROFILE\0"),
        with_segment(0xE2, b"ICC_PROFILE\0\1\1nonsense"),
        with_segment(0xE2, b"MPF\0nonsense"),
        with_segment(0xED, b"Photoshop 3.0\x008BIM\4\4"),
        with_segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0\xff\xfe"),
    ],
    ids=["empty profile", "no profile", "no mpf", "cut photoshop", "xmp of no text"],
)
def test_jpeg_with_faulty_segments(data):
    np.testing.assert_array_equal(read(data), read(encoded(COLORS, "JPEG")))


@pytest.mark.parametrize(
    "data",
    [
        with_chunk(b"tEXt", b"Comment\0text", checksum=1),
        with_chunk(b"iTXt", b"no zeros"),
        with_chunk(b"zTXt", b"key\0\0nonsense"),
        with_chunk(b"zTXt", b"key\0\0" + zlib.compress(bytes(1 << 22))),
        with_chunk(b"iCCP", b"name\0\0nonsense"),
        with_chunk(b"pHYs", b"\0"),
        with_chunk(b"gAMA", b""),
        with_chunk(b"cHRM", b"\0\1"),
    ],
    ids=["checksum", "itxt", "ztxt", "bomb", "profile", "resolution", "gamma", "primaries"],
)
def test_png_with_faulty_chunks(data):
    np.testing.assert_array_equal(read(data), COLORS)


def test_metadata_that_stop_the_decoder_are_remarked():
    assert opened(with_chunk(b"tEXt", b"Comment\0text", checksum=1)).remarks == {METADATA}
    turned = with_chunk(b"eXIf", exif(TURNED)[6:])
    np.testing.assert_array_equal(read(turned), np.rot90(COLORS, -1))
    both = turned[:33] + with_chunk(b"zTXt", b"key\0\0nonsense")[33 : -len(turned) + 33] + turned[33:]
    np.testing.assert_array_equal(read(both), np.rot90(COLORS, -1))
