"""The decoded images of a data set as one table, whose row groups are read as they are asked for."""

import numpy as np
import pyarrow as pa

from difficulty.datasets.example_tables import PIXELS
from difficulty.datasets.stored_rows import GroupReader, StoredRows
from difficulty.table_parts import table_writer
from difficulty.tables import TableError, read_arrow, read_provenance, write_table

_BYTES_PER_ROW_GROUP = 64 << 20
_COUNTED_AT_ONCE = 1 << 18  # pixels; counting takes eight bytes for each level


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


class _PixelGroups(GroupReader):
    """The row groups of a table of pixels as images, uint8 (n, H, W, C)."""

    def __init__(self, path):
        super().__init__(path, PIXELS, "pixels", tuple(read_provenance(path).get("shape", ())), np.uint8)

    def _decoded(self, column: pa.Array) -> np.ndarray:
        _, offsets, data = column.buffers()
        bounds = np.frombuffer(offsets, np.int32)[column.offset : column.offset + len(column) + 1]
        if len(self.shape) != 3 or np.any(np.diff(bounds) != int(np.prod(self.shape))):
            raise TableError(self.path, f"has images that are not of shape {self.shape}")
        return np.frombuffer(data, np.uint8)[bounds[0] : bounds[-1]].reshape(-1, *self.shape)


def open_pixels(path) -> tuple[np.ndarray, StoredRows]:
    """(example_ids int64 (N,), the images, indexed like an array (N, H, W, C) and read when they are asked for).

    Raises TableError if the table is damaged.
    """
    example_ids = read_arrow(path, PIXELS, columns=["example_id"])["example_id"].to_numpy()
    return example_ids, StoredRows(_PixelGroups(path), np.arange(len(example_ids)))


def read_pixels(path) -> tuple[np.ndarray, np.ndarray]:
    """(example_ids int64 (N,), all images, uint8 (N, H, W, C)) of a table of pixels; TableError if it is damaged."""
    example_ids, images = open_pixels(path)
    return example_ids, images[:]


def write_example_ids(path, example_ids: np.ndarray, provenance: dict) -> None:
    """Writes a table without pixels for images that stay in their files; see difficulty.datasets.images."""
    table = pa.table({"example_id": example_ids, "pixels": pa.repeat(b"", len(example_ids))})
    write_table(table, path, PIXELS, provenance)


def channel_histogram(images) -> np.ndarray:
    """How often each level occurs in each channel of images, uint8 (N, H, W, C): int64 (C, 256).

    images: an array, or anything that has this shape and gives such slices.
    """
    _, height, width, channels = images.shape
    total, at_once = np.zeros((channels, 256), np.int64), max(1, _COUNTED_AT_ONCE // max(height * width, 1))
    for start in range(0, len(images), at_once):
        some = images[start : start + at_once]
        total += [np.bincount(some[..., channel].ravel(), minlength=256) for channel in range(channels)]
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
