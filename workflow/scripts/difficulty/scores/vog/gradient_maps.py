"""Gradient maps of one checkpoint on disk: half precision, one row per example."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pyarrow as pa

from difficulty.errors import UserError
from difficulty.table_parts import read_parts, table_writer
from difficulty.tables import Column, Schema, TableError, read_provenance

_LARGEST_EXPONENT = 15  # float16 ends at 65504
_BYTES_IN_MEMORY = 64 << 20


def gradients_schema(height: int, width: int) -> Schema:
    """Maps of height x width pixels."""
    return Schema(
        "gradients",
        {
            "example_id": Column(pa.int64(), "as in the examples"),
            "predicted": Column(pa.int32(), "class with the largest logit at this checkpoint"),
            "confidence": Column(pa.float32(), "softmax probability of that class"),
            "exponent": Column(pa.int16(), "the map is `gradient` times 2 to this power"),
            "gradient": Column(
                pa.list_(pa.float16(), height * width),
                "d logit / d image by the normalised image, averaged over channels, row by row",
            ),
        },
    )


def halves(maps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(float16 maps, int16 exponents (N,)) of float32 maps (N, H, W) = float16 x 2^exponent.

    Each image's largest value comes to just under 2^15, so that none overflows and a value is exact to 11 bits down
    to a 2^29th of the largest. Raises UserError if a value is not finite.
    """
    largest = np.abs(maps).max(axis=(1, 2), initial=0)
    if not np.isfinite(largest).all():
        raise UserError("a gradient is not finite; the network has diverged: lower optimizer.lr and train again")
    exponents = np.where(largest > 0, np.frexp(largest)[1] - _LARGEST_EXPONENT, 0).astype(np.int16)
    return np.ldexp(maps, -exponents[:, None, None].astype(np.int32)).astype(np.float16), exponents


@contextmanager
def maps_writer(path, size: tuple[int, int], provenance: dict) -> Iterator[Callable]:
    """Yields a function that appends example_ids, predicted, confidence, each (B,), and maps (B, H, W) to the table."""
    facts = {**provenance, "shape": list(size)}

    def append(example_ids: np.ndarray, predicted: np.ndarray, confidence: np.ndarray, maps: np.ndarray) -> None:
        small, exponents = halves(maps)
        gradient = pa.FixedSizeListArray.from_arrays(pa.array(small.ravel()), size[0] * size[1])
        columns = (example_ids, predicted.astype(np.int32), confidence.astype(np.float32), exponents)
        names = ("example_id", "predicted", "confidence", "exponent")
        write({"gradient": gradient, **{name: pa.array(values) for name, values in zip(names, columns, strict=True)}})

    with table_writer(path, gradients_schema(*size), facts, ["gradient.list.element"]) as write:
        yield append


def read_maps(paths: Sequence) -> Iterator[tuple[np.ndarray, ...]]:
    """(example_ids (B,), maps (K, B, H, W), predicted (K, B), confidence (K, B)) of K checkpoints, by and by.

    Raises TableError if the tables are damaged or not of the same examples in the same order.
    """
    size = tuple(read_provenance(paths[0]).get("shape", ()))
    if len(size) != 2:
        raise TableError(paths[0], "does not say how large its maps are")
    rows = max(1, _BYTES_IN_MEMORY // (4 * len(paths) * size[0] * size[1]))
    tables = [read_parts(path, gradients_schema(*size), rows) for path in paths]
    while any(parts := [next(table, None) for table in tables]):
        ids = [part["example_id"].to_numpy() if part else np.empty(0) for part in parts]
        if different := [path for path, own in zip(paths, ids, strict=True) if not np.array_equal(own, ids[0])]:
            raise TableError(different[0], f"has other examples than {paths[0]}")
        maps = np.stack([_maps(part, size) for part in parts])
        yield (
            ids[0],
            maps,
            *(np.stack([part[name].to_numpy() for part in parts]) for name in ("predicted", "confidence")),
        )


def _maps(part: pa.Table, size: tuple[int, int]) -> np.ndarray:
    gradient = part["gradient"].combine_chunks()
    values = gradient.flatten().to_numpy(zero_copy_only=False).reshape(-1, *size)
    return np.ldexp(values.astype(np.float32), part["exponent"].to_numpy().astype(np.int32)[:, None, None])
