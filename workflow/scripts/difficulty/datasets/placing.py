"""The images of a data set as files {split}/{class}/{name}: what they are called and how they get there."""

import hashlib
import io
from pathlib import Path

import numpy as np
import PIL.Image

from difficulty.datasets.files import link_file
from difficulty.datasets.formats import HEAD, extension_of
from difficulty.datasets.path_names import composed
from difficulty.datasets.source import Image
from difficulty.file_digests import sha256_of

_LONGEST = 240  # bytes of a name in UTF-8; file systems take 255
_DIGITS = 12


class FileNames:
    """Gives every image a file name of its own, on file systems too that ignore case or Unicode forms."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def of(self, split: str, class_name: str, key: str, image: Image) -> Path:
        """{split}/{class}/{name}, relative: the key without its class, where / becomes _, with an extension.

        A name that is another image's already gets a digest of its key, e.g. of a_b/c.png beside a/b_c.png.
        """
        stem = _as_file_name(key.removeprefix(f"{class_name}/"))
        extension = _extension(image, stem)
        folder = Path(split, _shortened(_as_file_name(class_name), ""))
        path = folder / _shortened(stem, extension)
        if self._form(path) in self._taken:
            whole = stem + extension
            suffix = Path(whole).suffix
            digest = hashlib.sha256(f"{class_name}/{key}".encode()).hexdigest()[:_DIGITS]
            path = folder / _shortened(whole.removesuffix(suffix), f"-{digest}{suffix}")
        self.take(path)
        return path

    def take(self, path: Path) -> None:
        """Counts a name as given, as it was by an earlier attempt."""
        self._taken.add(self._form(path))

    @staticmethod
    def _form(path: Path) -> str:
        return composed(path.as_posix()).casefold()


def place(image: Image, path: Path, link: str) -> str:
    """Puts the image's file at `path`; returns its SHA-256."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(image, Path):
        link_file(image, path, link)
        return sha256_of(image)
    content = _encoded(image)
    path.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def is_placed(image: Image, path: Path, sha256: str) -> bool:
    """Whether the image has this SHA-256, and so has its file at `path`."""
    own = sha256_of(image) if isinstance(image, Path) else hashlib.sha256(_encoded(image)).hexdigest()
    return own == sha256 and sha256_of(path) == sha256


def _encoded(image: np.ndarray | bytes) -> bytes:
    if isinstance(image, bytes):
        return image
    buffer = io.BytesIO()
    PIL.Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()


def _extension(image: Image, stem: str) -> str:
    """What the file name lacks: of files on disk their extension, unless it is there; else that of the format."""
    if isinstance(image, Path):
        return "" if stem.endswith(image.suffix) else image.suffix
    return ".png" if isinstance(image, np.ndarray) else extension_of(image[:HEAD])


def _as_file_name(name: str) -> str:
    return name.replace("/", "_").replace("\0", "_").lstrip(".") or "_"


def _shortened(stem: str, ending: str) -> str:
    """stem + ending, with a digest in place of the end of a stem that is too long."""
    whole = stem + ending
    if len(whole.encode()) <= _LONGEST:
        return whole
    suffix = ending or Path(stem).suffix
    suffix = suffix if len(suffix.encode()) < _LONGEST // 2 else ""
    digest = hashlib.sha256(whole.encode()).hexdigest()[:_DIGITS]
    room = _LONGEST - len(suffix.encode()) - _DIGITS - 1
    return f"{stem.encode()[:room].decode(errors='ignore')}-{digest}{suffix}"
