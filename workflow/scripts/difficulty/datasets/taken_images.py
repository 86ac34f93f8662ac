"""The images of a source, taken in one after the other: decoded, named and placed, in parts that outlive the job."""

import json
import logging
import os
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from difficulty.datasets.decoded_images import Decoded, Wish, decoded_ahead
from difficulty.datasets.decoding import DECODING_ERRORS, Reading, kind_of
from difficulty.datasets.deep_levels import FLOAT, INTEGER
from difficulty.datasets.image_remarks import DEEP, NOT_UTF8, levels_of, reason_of
from difficulty.datasets.images import IN_FILES, stored_in
from difficulty.datasets.path_names import is_utf8, printable
from difficulty.datasets.pixels import channel_histogram
from difficulty.datasets.placing import FileNames, is_placed, place
from difficulty.datasets.source import Image, Source
from difficulty.datasets.stored_rows import StoredRows
from difficulty.errors import UserError
from difficulty.parts import Columns, Parts
from difficulty.progress import Progress

logger = logging.getLogger(__name__)
_MEMORY = 4 << 30  # bytes of decoded images that are kept in memory unless `storage` says otherwise
_RECORD, _PIXELS, _LEVELS = "record", "pixels", "levels"


class TakenImages:
    """The images of a data set.

    files, digests: path below `folder` and SHA-256 of each image, None for one that cannot be used. shapes: (H, W, C)
    of each usable one. bad: name -> what is wrong. remarks: kind -> names of the images that it is about, see
    `described`. reading: how they become 8 bits. in_files: whether they are too many to be kept in memory.
    """

    def __init__(self, source: Source, settings: Mapping, folder: Path, examples: pd.DataFrame, name: str):
        """name: what progress lines call the data set."""
        self.source, self.settings, self.folder, self.examples = source, settings, folder, examples
        self._comparing = Progress(name, None, "images")
        self.reading = _reading(settings)
        self.files: list[str | None] = []
        self.digests: list[str | None] = []
        self.shapes: list[tuple[int, int, int]] = []
        self.bad: dict[str, str] = {}
        self.remarks: dict[str, list[str]] = {}
        self.in_files = False
        self._names = FileNames()

    def accept(self, part: Columns) -> bool:
        """Whether the images of a part, the next ones, are as they were, and their files in place."""
        records = [json.loads(record) for record in part[_RECORD]]
        rows = self.examples.index[len(self.files) :]
        for record, row in zip(records, rows, strict=False):
            if not self._is_as_it_was(record, row):
                return False
            self._comparing.update(1, "compares what an earlier attempt has taken in")
        for record in records:
            self._note(record)
            if record["file"]:
                self._names.take(Path(record["file"]))
        return True

    def take(self, parts: Parts, processes: int) -> Iterator[None]:
        """Takes in those that are left, and yields after each."""
        self._remove_others()
        waiting = []  # for the shape of the first good one
        for row, example, image, ahead in self._ahead(processes):
            record, found = self._taken(row, example, image, ahead)
            self._note(record)
            waiting.append((record, found, example.split == "train"))
            if self.shapes:
                for each in waiting:
                    parts.add(*self._row(*each))
                waiting = []
            yield

    def pixels(self, parts: Parts) -> StoredRows:
        """The good ones, if they are not left in their files, indexed like an array, uint8 (N, H, W, C).

        They are read from the parts when they are asked for. Their shapes must be the same.
        """
        good = np.flatnonzero([file is not None for file in self.files])
        return StoredRows(_PixelParts(parts, self.shapes[0]), good)

    def histogram(self, parts: Parts) -> np.ndarray:
        """Levels of the good training images, by channel, int64 (C, 256), if they stay in their files."""
        return parts.sum(_LEVELS)

    def _ahead(self, processes: int) -> Iterator[tuple]:
        """(row, example, image, decoded) of those that are left; None where it is to be found out what is wrong."""
        left = self.examples.iloc[len(self.files) :]
        images, size = deque(), 0

        def wishes():
            for row in left.index[1:]:
                wish = self._wish(row)
                images.append(wish and wish.image)
                yield wish

        for number, (row, example) in enumerate(zip(left.index, left.itertuples(), strict=True)):
            if number == 0:  # alone: it says how large they are, and how they are kept
                wish = self._wish(row)
                found = next(decoded_ahead([wish], 0, 1))
                size = found.size if found and not isinstance(wish.image, np.ndarray) else 0
                yield row, example, wish and wish.image, found
                others = decoded_ahead(wishes(), len(left) * size, processes)
            else:
                found = next(others)
                yield row, example, images.popleft(), found

    def _wish(self, row: int) -> Wish | None:
        try:
            image = _checked(self.source.image(row))
        except Exception:  # raised again when it is its turn
            return None
        counts = self.in_files and self.examples.loc[row, "split"] == "train"
        return Wish(image, self.reading, self.settings.get("size"), not self.in_files, counts)

    def _taken(self, row: int, example, image: Image | None, ahead: Decoded | None) -> tuple[dict, Decoded | None]:
        """(record, decoded) of an image, which gets its file; example: the row, as a tuple."""
        try:
            image = self.source.image(row) if image is None else image
            found = self._decoded(_checked(image)) if ahead is None else ahead
        except MemoryError as error:
            raise MemoryError(f"while decoding {_name(image, example)}") from error
        except Exception as error:  # whatever is wrong with one image, the others are good and this one is named
            if not isinstance(error, (*DECODING_ERRORS, UserError)):
                logger.info("%s", _name(image, example), exc_info=error)
            return {"file": None, "bad": reason_of(image, error), "name": _name(image, example)}, None
        file = self._names.of(example.split, example.class_name, example.key, image).as_posix()
        digest = place(image, self.folder / file, self.settings.get("link", "hard"))
        record = {"file": file, "sha256": digest, "shape": found.shape}
        if found.remarks:
            record |= {"remarks": sorted(found.remarks), "name": _name(image, example)}
        if DEEP in found.remarks:
            record["levels"] = self.reading.facts()["levels"]
        return record, found

    def _decoded(self, image: Image) -> Decoded:
        wish = Wish(image, self.reading, self.settings.get("size"))
        try:
            return wish.decoded()
        except KeyError:
            if self.reading.levels or kind_of(image) is None:
                raise
        self._find_levels()
        return replace(wish, reading=self.reading).decoded()

    def _find_levels(self) -> None:
        self.reading = replace(self.reading, levels=levels_of(self.source, self.examples.index))

    def _note(self, record: Mapping) -> None:
        self.files.append(record["file"])
        self.digests.append(record.get("sha256"))
        if "bad" in record:
            self.bad[record["name"]] = record["bad"]
            return
        shape = tuple(record["shape"])
        if not self.shapes:
            self.in_files = stored_in(self.settings, len(self.examples), shape, _MEMORY) == IN_FILES
        self.shapes.append(self.shapes[0] if self.shapes and self.shapes[0] == shape else shape)
        for remark in record.get("remarks", ()):
            self.remarks.setdefault(remark, []).append(record["name"])

    def _row(self, record: Mapping, found: Decoded | None, is_trained: bool) -> tuple[Columns, Columns]:
        """(columns, sums) of an image, as `Parts.add` takes them; images of another shape are refused in the end."""
        shape, row = self.shapes[0], {_RECORD: np.array([json.dumps(record).encode()])}
        is_like_others = found is not None and found.shape == shape
        if not self.in_files:
            return row | {_PIXELS: (found.pixels if is_like_others else np.zeros(shape, np.uint8))[None]}, {}
        if not is_like_others or not is_trained:
            return row, {}
        return row, {_LEVELS: channel_histogram(found.pixels[None]) if found.histogram is None else found.histogram}

    def _is_as_it_was(self, record: Mapping, row: int) -> bool:
        """Whether a record still holds: its image and its file are the same, or its image is still a bad one."""
        image = None
        try:
            image = self.source.image(row)
            if not record["file"]:
                self._decoded(_checked(image))
                return False
            if not is_placed(image, self.folder / record["file"], record["sha256"]):
                return False
        except MemoryError:
            raise
        except Exception as error:
            return record.get("bad") == reason_of(image, error)
        if "levels" in record and not self.reading.levels:
            self._find_levels()
        return "levels" not in record or record["levels"] == self.reading.facts()["levels"]

    def _remove_others(self) -> None:
        """Removes the files that no record names: of an attempt that was killed before it had written them down."""
        known = {self.folder / file for file in self.files if file}
        for folder, _, files in os.walk(self.folder, topdown=False):
            for path in (Path(folder, file) for file in files):
                if path not in known:
                    path.unlink()
            if not any(Path(folder).iterdir()):  # of a class that is no longer there
                Path(folder).rmdir()


class _PixelParts:
    """Blocks of images as `StoredRows` reads them, of which the last one stays in memory."""

    dtype = np.dtype(np.uint8)

    def __init__(self, parts: Parts, shape: tuple[int, int, int]):
        self.shape, self.starts, self._parts = shape, np.array(parts.starts()), parts
        self._last: tuple[int, np.ndarray] | None = None

    def read(self, number: int) -> np.ndarray:
        """uint8 (n, H, W, C)."""
        if self._last is None or self._last[0] != number:
            self._last = None  # not two of them at a time
            self._last = number, self._parts.block(number)[_PIXELS]
        return self._last[1]


def _reading(settings: Mapping) -> Reading:
    """Levels that the user gives hold for whole numbers and for others; else they are found when they are needed."""
    levels = {kind: tuple(settings["levels"]) for kind in (INTEGER, FLOAT)} if settings.get("levels") else {}
    return Reading(settings.get("color"), settings.get("background") or "white", levels)


def _checked(image: Image) -> Image:
    """The image, unless the name of its file cannot stand in a table."""
    if isinstance(image, Path) and not is_utf8(str(image)):
        raise ValueError(NOT_UTF8)
    return image


def _name(image: Image | None, example) -> str:
    return printable(image) if isinstance(image, Path) else f"{example.split}/{printable(example.key)}"
