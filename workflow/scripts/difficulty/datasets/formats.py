"""The picture formats that are read, and how a file is recognised as one of them.

Pillow tries every decoder that it has unless it is given a list, among them one that starts Ghostscript on PostScript.
"""

import re
import struct

# Names of Pillow's decoders; nothing else is ever tried.
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
EXTENSIONS = {
    *(".apng", ".bmp", ".gif", ".jfif", ".jpe", ".jpeg", ".jpg", ".pbm", ".pgm"),
    *(".png", ".pnm", ".ppm", ".tif", ".tiff", ".webp"),
}
# Pictures in other formats, which are reported as such.
OTHER_EXTENSIONS = {
    *(".arw", ".avif", ".cr2", ".cr3", ".dcm", ".dng", ".eps", ".exr", ".fits", ".hdr", ".heic", ".heif", ".ico"),
    *(".j2k", ".jp2", ".jxl", ".nef", ".nii", ".nrrd", ".orf", ".pcx", ".psd", ".raf", ".rw2", ".svg", ".tga", ".xcf"),
}
HEAD = 32  # bytes that `format_of` looks at

_EXTENSION_OF = {"JPEG": ".jpg"}
_BMP_HEADERS = {12, 40, 52, 56, 64, 108, 124}  # lengths of the header that follows the file's


def format_of(head: bytes) -> str | None:
    """One of FORMATS by the first HEAD bytes of a file; None if it is something else."""
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if head.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        return "TIFF"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "WEBP"
    if head.startswith(b"BM") and len(head) >= 18 and struct.unpack("<I", head[14:18])[0] in _BMP_HEADERS:
        return "BMP"
    return "PPM" if re.match(rb"P[1-6]\s+[\d#]", head) else None


def extension_of(head: bytes) -> str:
    """What the name of an encoded image ends with, e.g. .jpg; .bin if its format is none of FORMATS."""
    name = format_of(head)
    return _EXTENSION_OF.get(name, f".{name.lower()}") if name else ".bin"
