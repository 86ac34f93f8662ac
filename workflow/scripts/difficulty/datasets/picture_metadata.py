"""Metadata of encoded images: reads the orientation, and removes everything else.

Cameras, scanners and editors write metadata that break the rules of their formats, and decoders stumble over them.
"""

import struct
import zlib

import PIL.ExifTags
import PIL.Image

from difficulty.datasets.formats import format_of

_ORIENTATION = PIL.ExifTags.Base.Orientation
_PNG_START = 8
_PNG_PIXELS = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS"}  # chunks that pixels depend on
_ADOBE, _FIRST_APP, _LAST_APP, _COMMENT, _SCAN = 0xEE, 0xE1, 0xEF, 0xFE, 0xDA
_ALONE = {0x01, *range(0xD0, 0xD9)}  # JPEG markers without a segment
# TIFF tags that pixels depend on, from NewSubfileType to the tables of JPEG in TIFF.
_TIFF_PIXELS = {
    *(254, 256, 257, 258, 259, 262, 266, 273, 274, 277, 278, 279, 284, 292, 293, 317, 320, 322, 323, 324, 325, 332),
    *(338, 339, 347, 512, 513, 514, 515, 517, 518, 519, 520, 521, 529, 530, 531, 532),
}
_TIFF_ENTRY = 12


def orientation(picture: PIL.Image.Image) -> tuple[int, bool]:
    """How an image is turned, 1 to 8 as EXIF numbers it, and whether its metadata could be read."""
    try:
        turn = picture.getexif().get(_ORIENTATION, 1)
        return (turn if turn in range(1, 9) else 1), True
    except Exception:  # damaged metadata raise anything; the pixels are good
        return 1, False


def without_metadata(data: bytes) -> bytes | None:
    """An encoded JPEG, PNG or TIFF with its pixels and orientation alone; None if there is nothing to leave out.

    Broken pixels stay broken.
    """
    strip = {"JPEG": _strip_jpeg, "PNG": _strip_png, "TIFF": _strip_tiff}.get(format_of(data[:32]))
    try:
        stripped = strip(data) if strip else None
    except (struct.error, IndexError, OverflowError):  # it ends too early: its pixels are broken as well
        return None
    return None if stripped == data else stripped


def _strip_jpeg(data: bytes) -> bytes:
    """Without application segments, but for JFIF's and Adobe's, and without comments."""
    kept, exif, position = [data[:2]], b"", 2
    while data[position] == 0xFF and (marker := data[position + 1]) != _SCAN:
        if marker == 0xFF:  # a byte to fill
            position += 1
            continue
        length = 2 if marker in _ALONE else 2 + struct.unpack_from(">H", data, position + 2)[0]
        segment = data[position : position + length]
        if segment[4:10] == b"Exif\0\0":
            exif = segment[4:]
        is_metadata = _FIRST_APP <= marker <= _LAST_APP and marker != _ADOBE
        if not (is_metadata or marker == _COMMENT):
            kept.append(segment)
        position += length
    turned = _exif_of_orientation(exif)
    header = b"\xff\xe1" + struct.pack(">H", len(turned) + 2) + turned if turned else b""
    return kept[0] + header + b"".join(kept[1:]) + data[position:]


def _exif_of_orientation(exif: bytes) -> bytes:
    """EXIF with the orientation alone, of EXIF that may be damaged; empty if it names none."""
    found, alone = PIL.Image.Exif(), PIL.Image.Exif()
    try:
        found.load(exif)
        turn = found.get(_ORIENTATION)
    except Exception:  # damaged metadata raise anything
        return b""
    if turn not in range(1, 9):
        return b""
    alone[_ORIENTATION] = turn
    return alone.tobytes()


def _strip_png(data: bytes) -> bytes:
    """The chunks that pixels depend on, and a plain eXIf if one names the orientation."""
    kept, position, exif = [data[:_PNG_START]], _PNG_START, b""
    while position < len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        chunk = data[position : position + length + 12]
        if kind in _PNG_PIXELS:
            kept.append(chunk)
        elif kind == b"eXIf":
            exif = b"Exif\0\0" + chunk[8:-4]
        position += length + 12
        if kind == b"IEND":
            break
    if turned := _exif_of_orientation(exif).removeprefix(b"Exif\0\0"):
        kept.insert(2, _png_chunk(b"eXIf", turned))
    return b"".join(kept)


def _png_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _strip_tiff(data: bytes) -> bytes | None:
    """The first page's tags that pixels depend on; offsets of what they refer to stay as they are."""
    order = "<" if data[:2] == b"II" else ">"
    if struct.unpack_from(order + "H", data, 2)[0] != 42:  # BigTIFF
        return None
    (start,) = struct.unpack_from(order + "I", data, 4)
    (count,) = struct.unpack_from(order + "H", data, start)
    ends = range(start + 2, start + 2 + count * _TIFF_ENTRY, _TIFF_ENTRY)
    entries = [data[position : position + _TIFF_ENTRY] for position in ends]
    kept = [entry for entry in entries if struct.unpack(order + "H", entry[:2])[0] in _TIFF_PIXELS]
    directory = struct.pack(order + "H", len(kept)) + b"".join(kept) + struct.pack(order + "I", 0)
    return data[:start] + directory + data[start + len(directory) :]
