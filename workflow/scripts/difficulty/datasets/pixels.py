"""The decoded images of a data set as one table, whose row groups are read as they are asked for."""

import numpy as np
import pyarrow as pa

from difficulty.datasets.example_tables import PIXELS
from difficulty.table_parts import RowGroups, table_writer
from difficulty.tables import TableError, read_arrow, read_provenance, write_table

_BYTES_PER_ROW_GROUP = 64 << 20
_COUNTED_AT_ONCE = 64  # images


def write_pixels(path, example_ids: np.ndarray, images, provenance: dict) -> None:
    """Writes images in the order of example_ids, int64 (N,), a row group at a time.

    images: uint8 (N, H, W, C), or anything that has this shape and gives such slices.
    """
    count, *shape = images.shape
    size, example_ids = int(np.prod(shape)), np.asarray(example_ids)
    rows = max(1, _BYTES_PER_ROW_GROUP // max(size, 1))
    with table_writer(path, PIXELS, {**provenance, "shape": shape}, compression="none") as write:
        for start in range(0, count, rows):
            part = np.s_[start : start + rows]
            write({"example_id": example_ids[part], "pixels": _binary(np.ascontiguousarray(images[part]), size)})


class StoredPixels:
    """N images of a table of pixels, indexed like an array (N, H, W, C), of which only what is asked for is read.

    The row group that was read last stays in memory: images that are asked for in their order are read once. Whoever
    wants images from all over the table asks for all of them at once.
    """

    def __init__(self, groups: "PixelGroups", rows: np.ndarray):
        """rows: positions in the table (N,)."""
        self._groups, self._rows = groups, rows

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(N, H, W, C)."""
        return (len(self), *self._groups.shape)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, rows) -> np.ndarray:
        """uint8 (B, H, W, C) of a slice or of positions (B,); TableError if the table is damaged."""
        wanted = self._rows[rows]
        images = np.empty((len(wanted), *self._groups.shape), np.uint8)
        group = np.searchsorted(self._groups.starts, wanted, side="right") - 1
        for number in np.unique(group):
            members = np.flatnonzero(group == number)
            images[members] = self._groups.read(number)[wanted[members] - self._groups.starts[number]]
        return images

    def select(self, rows) -> "StoredPixels":
        """Only the images at these positions; nothing is read."""
        return StoredPixels(self._groups, self._rows[rows])


class PixelGroups:
    """The row groups of a table of pixels, of which the last one that was read stays in memory.

    shape: (H, W, C) of each image. starts: position of each group's first image, and the number of images at the end.
    """

    def __init__(self, path):
        self.path, self._table = path, RowGroups(path, PIXELS)
        self.shape = tuple(read_provenance(path).get("shape", ()))
        self.starts = np.cumsum([0, *self._table.rows])
        self._last: tuple[int, np.ndarray] | None = None

    def read(self, number: int) -> np.ndarray:
        """uint8 (n, H, W, C), the images of a group; TableError if they are damaged or not of the shape."""
        if self._last is None or self._last[0] != number:
            self._last = None  # not two of them at a time
            self._last = number, self._decoded(number)
        return self._last[1]

    def _decoded(self, number: int) -> np.ndarray:
        column = self._table.read_arrow([number], ["pixels"])["pixels"].combine_chunks()
        _, offsets, data = column.buffers()
        bounds = np.frombuffer(offsets, np.int32)[column.offset : column.offset + len(column) + 1]
        if len(self.shape) != 3 or np.any(np.diff(bounds) != int(np.prod(self.shape))):
            raise TableError(self.path, f"has images that are not of shape {self.shape}")
        return np.frombuffer(data, np.uint8)[bounds[0] : bounds[-1]].reshape(-1, *self.shape)


def open_pixels(path) -> tuple[np.ndarray, StoredPixels]:
    """(example_ids int64 (N,), the images) of a table of pixels, none of which is read; TableError if it is damaged."""
    example_ids = read_arrow(path, PIXELS, columns=["example_id"])["example_id"].to_numpy()
    return example_ids, StoredPixels(PixelGroups(path), np.arange(len(example_ids)))


def read_pixels(path) -> tuple[np.ndarray, np.ndarray]:
    """(example_ids int64 (N,), all images, uint8 (N, H, W, C)) of a table of pixels; TableError if it is damaged."""
    example_ids, images = open_pixels(path)
    return example_ids, images[:]


def write_example_ids(path, example_ids: np.ndarray, provenance: dict) -> None:
    """Writes a table without pixels for images that stay in their files; see difficulty.datasets.images."""
    table = pa.table({"example_id": example_ids, "pixels": pa.repeat(b"", len(example_ids))})
    write_table(table, path, PIXELS, provenance)


def channel_histogram(images: np.ndarray) -> np.ndarray:
    """How often each level occurs in each channel of images, uint8 (N, H, W, C): int64 (C, 256)."""
    total = np.zeros((images.shape[-1], 256), np.int64)
    for start in range(0, len(images), _COUNTED_AT_ONCE):
        some = images[start : start + _COUNTED_AT_ONCE]  # counting takes eight bytes for each level
        total += [np.bincount(some[..., channel].ravel(), minlength=256) for channel in range(images.shape[-1])]
    return total


def channel_statistics(histogram: np.ndarray) -> dict[str, list[float]]:
    """Mean and standard deviation of each channel, on a scale of 0 to 1, from its histogram, (C, 256).

    A constant channel gets the deviation 1, so that dividing by it is safe.
    """
    levels = np.arange(256) / 255
    means, deviations = [], []
    for counts in histogram:
        share = counts / counts.sum()
        mean = float(share @ levels)
        means.append(mean)
        deviations.append(float(share @ (levels - mean) ** 2) ** 0.5 or 1.0)
    return {"mean": means, "std": deviations}


def _binary(images: np.ndarray, size: int) -> pa.Array:
    """Contiguous images of `size` bytes each."""
    offsets = np.arange(len(images) + 1, dtype=np.int32) * size
    return pa.Array.from_buffers(pa.binary(), len(images), [None, pa.py_buffer(offsets), pa.py_buffer(images)])
