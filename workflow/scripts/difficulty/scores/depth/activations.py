"""Activations of a whole data set at some probes of a network, in memory or, where they do not fit, in a file."""

import logging
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from difficulty.datasets.images import ImageFiles
from difficulty.errors import UserError
from difficulty.models.probing import Probes, repeated
from difficulty.scores.depth.neighbors import ArrayRows, Rows, column_means

logger = logging.getLogger(__name__)

_MEMORY_SHARE = 2  # activations take at most this part of the memory; the rest is for comparing them
_AT_ONCE = 1 << 22  # bytes that a file takes or gives at once
_ROWS_AT_ONCE = 1024


class FileRows:
    """float32 rows (n, d) in an open file, less their `mean` (d,)."""

    def __init__(self, file, dimension: int, device: torch.device):
        self.file, self.dimension, self.device = file, dimension, device
        self.count = 0
        self.mean: torch.Tensor | float = 0.0

    def append(self, rows: torch.Tensor) -> None:
        view = memoryview(rows.cpu().numpy()).cast("B")
        while len(view):
            view = view[self.file.write(view[:_AT_ONCE]) :]
        self.count += len(rows)

    def read(self, start: int, rows: torch.Tensor) -> torch.Tensor:
        self.file.seek(4 * start * self.dimension)
        for part in rows.split(max(1, _AT_ONCE // (4 * self.dimension))):
            values = np.empty(part.shape, np.float32)
            view = memoryview(values).cast("B")
            while len(view):
                if not (size := self.file.readinto(view)):
                    raise UserError("activations that were kept in a file cannot be read back; run again")
                view = view[size:]
            part.copy_(torch.from_numpy(values)).sub_(self.mean)
        return rows


class PartOfRows:
    """The rows of another from `start` on, `count` of them."""

    def __init__(self, rows: Rows, start: int, count: int):
        self.rows, self.start, self.count, self.dimension = rows, start, count, rows.dimension
        self.device = rows.device

    def read(self, start: int, rows: torch.Tensor) -> torch.Tensor:
        return self.rows.read(self.start + start, rows)


def distinct_probes(probes: Probes, images: torch.Tensor) -> tuple[dict[str, int], dict[str, list[str]]]:
    """(probe -> numbers per image, probe -> itself and later ones that give the same), of the probes that differ.

    images: (B, C, H, W), a few on which the probes are compared.
    """
    activations, _ = probes(images)
    same = repeated(activations)
    distinct = {name: values.shape[1] for name, values in activations.items() if name not in same}
    return distinct, {name: [name, *(other for other, first in same.items() if first == name)] for name in distinct}


def memory_beside(images: torch.Tensor | ImageFiles, wanted: int) -> int:
    """Bytes that are left of `wanted` MiB beside the images; UserError if these take more than half."""
    memory = (wanted << 20) - (images.nbytes if isinstance(images, torch.Tensor) else 0)
    if memory < wanted << 19:
        least = (2 * images.nbytes >> 20) + 1
        raise UserError(f"analyses.prediction_depth.memory: images alone take half of {wanted} MiB; set {least}")
    return memory


@dataclass
class Activations:
    """A network's activations on a data set at its probes.

    dimensions: probe -> numbers per image, of `distinct_probes`. batches: gives all images, normalised, again at each
    call: `count` of them, of which the mean of the first `bank` is subtracted. predicted: int64 (count,), what the
    network predicts, known as soon as `rows` gives the first probe.
    """

    probes: Probes
    dimensions: Mapping[str, int]
    batches: Callable[[], Iterable[torch.Tensor]]
    count: int
    bank: int
    device: torch.device
    predicted: torch.Tensor = field(init=False)

    def __post_init__(self):
        self.predicted = torch.full((self.count,), -1, dtype=torch.int64, device=self.device)

    def rows(self, memory: int, folder: Path) -> Iterator[tuple[str, Rows, int]]:
        """(probe, its activations, bytes of the memory that are left) of all probes, in their order.

        As many probes as fit into half of the memory come from one pass over the images; one that is larger is kept
        in a nameless file in `folder`. Raises UserError if the disk has no room for it.
        """
        for group in probe_groups(self.dimensions, 4 * self.count, memory // _MEMORY_SHARE):
            size = sum(4 * self.count * self.dimensions[name] for name in group)
            if size <= memory // _MEMORY_SHARE:
                yield from ((name, rows, memory - size) for name, rows in self._in_memory(group))
                continue
            if size > (free := shutil.disk_usage(folder).free):
                raise UserError(
                    f"{folder}: no space left for the activations at {group[0]!r}, {size / 2**30:.1f} GiB where "
                    f"{free / 2**30:.1f} are free; free some, or set a higher analyses.prediction_depth.memory"
                )
            logger.info("%s: %.1f GiB of activations go through a file", group[0], size / 2**30)
            with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
                yield group[0], self._in_file(group[0], file, memory), memory

    def _in_memory(self, names: Sequence[str]) -> Iterator[tuple[str, Rows]]:
        sizes = {name: (self.count, self.dimensions[name]) for name in names}
        values = {name: torch.empty(size, device=self.device) for name, size in sizes.items()}
        for place, activations in self._passed(names):
            for name, rows in activations.items():
                values[name][place] = rows
        for name in names:
            mean = column_means(values[name][: self.bank].split(_ROWS_AT_ONCE))
            yield name, ArrayRows(values.pop(name), mean)

    def _in_file(self, name: str, file, memory: int) -> Rows:
        rows = FileRows(file, self.dimensions[name], self.device)
        for _, activations in self._passed([name]):
            rows.append(activations[name])
        step = max(1, min(_ROWS_AT_ONCE, memory // (16 * rows.dimension)))
        part = torch.empty(step, rows.dimension, device=self.device)
        starts = range(0, self.bank, step)
        rows.mean = column_means(rows.read(start, part[: self.bank - start]) for start in starts)
        return rows

    def _passed(self, names: Sequence[str]) -> Iterator[tuple[slice, dict[str, torch.Tensor]]]:
        start = 0
        for images in self.batches():
            place = slice(start, start + len(images))
            activations, self.predicted[place] = self.probes(images, names)
            yield place, activations
            start = place.stop


def probe_groups(dimensions: Mapping[str, int], row: int, limit: int) -> list[list[str]]:
    """Probes in their order, in groups of at most `limit` bytes; larger ones alone. row: bytes of one number each."""
    groups: list[list[str]] = []
    free = -1
    for name, dimension in dimensions.items():
        if row * dimension > free:
            groups.append([])
            free = limit
        groups[-1].append(name)
        free -= row * dimension
    return groups
