"""The decoded images of a data set as one table, so that a job reads them all in well under a second."""

import numpy as np
import pyarrow as pa

from difficulty.datasets.example_tables import PIXELS
from difficulty.table_parts import read_parts, row_count
from difficulty.tables import TableError, read_provenance, write_table

_BYTES_PER_ROW_GROUP = 64 << 20
_COUNTED_AT_ONCE = 64  # images


def write_pixels(path, example_ids: np.ndarray, images: np.ndarray, provenance: dict) -> None:
    """Writes images, uint8 (N, H, W, C), in the order of example_ids, int64 (N,)."""
    count, *shape = images.shape
    size = int(np.prod(shape))
    rows = max(1, _BYTES_PER_ROW_GROUP // max(size, 1))
    flat = np.ascontiguousarray(images).reshape(count, size)
    chunks = [_binary(flat[start : start + rows]) for start in range(0, count, rows)]
    table = pa.table({"example_id": example_ids, "pixels": pa.chunked_array(chunks, pa.binary())})
    write_table(table, path, PIXELS, {**provenance, "shape": shape}, rows, compression="none", dictionary=False)


def read_pixels(path) -> tuple[np.ndarray, np.ndarray]:
    """Reads (example_ids int64 (N,), images uint8 (N, H, W, C)); TableError if the table is damaged."""
    shape = tuple(read_provenance(path).get("shape", ()))
    size, count, row = int(np.prod(shape)), row_count(path), 0
    images, example_ids = np.empty((count, size), np.uint8), np.empty(count, np.int64)
    for part in read_parts(path, PIXELS, max(1, _BYTES_PER_ROW_GROUP // max(size, 1))):
        (chunk,) = part["pixels"].chunks
        _, offsets, data = chunk.buffers()
        bounds = np.frombuffer(offsets, np.int32)[chunk.offset : chunk.offset + len(chunk) + 1]
        if len(shape) != 3 or np.any(np.diff(bounds) != size):
            raise TableError(path, f"has images that are not of shape {shape}")
        rows = np.s_[row : row + len(chunk)]
        images[rows] = np.frombuffer(data, np.uint8)[bounds[0] : bounds[-1]].reshape(-1, size)
        example_ids[rows] = part["example_id"].to_numpy()
        row += len(chunk)
    return example_ids, images.reshape(-1, *shape)


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


def _binary(rows: np.ndarray) -> pa.Array:
    offsets = np.arange(len(rows) + 1, dtype=np.int32) * rows.shape[1]
    return pa.Array.from_buffers(pa.binary(), len(rows), [None, pa.py_buffer(offsets), pa.py_buffer(rows)])
