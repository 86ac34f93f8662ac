"""The nearest rows among those seen so far.

A row that is near is kept as a key: the float32 of its squared distance, whose bits order like a number where it is
not negative, and then its index. So keys order by distance and then by index.
"""

from typing import Protocol

import numpy as np
import torch

_GROUP = 16  # at most so many distances of which the smallest bounds the k-th of all
_GROUPS = 4  # at least so many times as many groups as there are neighbours
_MANY = 4  # a part of all distances from which on they are merged without choosing
_NONE = torch.iinfo(torch.int64).max


class NearestSoFar(Protocol):
    def offer(self, first: int, start: int, squares: torch.Tensor, by_column: bool = False) -> None:
        """Squared distances (q, t), or (t, q) by column, of the rows from `first` on and the bank rows from `start` on.

        Bank rows must be offered to a row in ascending order. An infinite distance is none.
        """
        ...

    def results(self) -> tuple[torch.Tensor, torch.Tensor]:
        """(indices int64 (m, k), distances float32 (m, k)), by distance, then by index."""
        ...


def nearest_so_far(m: int, k: int, device: torch.device) -> NearestSoFar:
    """The k nearest bank rows of each of m rows."""
    return _ByBounds(m, k) if device.type == "cpu" else _ByMerging(m, k, device)


class _ByBounds:
    """On the processor: only what is below the k-th so far is looked at, with NumPy, whose comparisons, partitions and
    lists of positions are several times faster there than torch's."""

    def __init__(self, m: int, k: int):
        self.keys = np.full((m, k), _NONE)
        self.bounds = np.full(m, np.inf, np.float32)

    def offer(self, first: int, start: int, squares: torch.Tensor, by_column: bool = False) -> None:
        values = squares.numpy()
        if not values.size:
            return
        rows = slice(first, first + values.shape[1 if by_column else 0])
        bounds = self._bounds(rows, values.T if by_column else values)
        near = values < (bounds[None] if by_column else bounds[:, None])
        if np.count_nonzero(near) > near.size // _MANY:
            values = values.T if by_column else values
            return self._merge(rows, _keys(values, start + np.arange(values.shape[1])))
        position, other = np.divmod(np.flatnonzero(near), near.shape[1])
        keys = values[position, other]
        if by_column:
            order = np.argsort(other.astype(_smallest_unsigned(near.shape[1])), kind="stable")
            position, other, keys = other[order], position[order], keys[order]
        if len(keys):
            self._merge(rows, _padded(position, _keys(keys, start + other), len(bounds)))

    def _bounds(self, rows: slice, values: np.ndarray) -> np.ndarray:
        """float32 (q,): only a distance below it can be among the k smallest. values: (q, t)."""
        bounds, k = self.bounds[rows], self.keys.shape[1]
        size = min(_GROUP, values.shape[1] // (_GROUPS * k))
        if not size or np.isfinite(bounds).all():
            return bounds
        groups = values.shape[1] // size
        parts = [values[:, at * groups : (at + 1) * groups] for at in range(size)]
        smallest = parts[0].copy()
        for part in parts[1:]:
            np.minimum(smallest, part, out=smallest)
        smallest.partition(k - 1, axis=1)
        return np.minimum(bounds, np.nextafter(smallest[:, k - 1], np.float32(np.inf)))

    def _merge(self, rows: slice, keys: np.ndarray) -> None:
        """keys: (q, any number)."""
        k = self.keys.shape[1]
        keys = np.concatenate([self.keys[rows], keys], axis=1)
        keys.partition(k - 1, axis=1)
        self.keys[rows] = keys[:, :k]
        last = keys[:, k - 1]
        self.bounds[rows] = np.where(last == _NONE, np.inf, (last >> 32).astype(np.int32).view(np.float32))

    def results(self) -> tuple[torch.Tensor, torch.Tensor]:
        self.keys.sort(axis=1)
        return _results(torch.from_numpy(self.keys))


class _ByMerging:
    """On any device: what is there and what comes, merged."""

    def __init__(self, m: int, k: int, device: torch.device):
        self.keys = torch.full((m, k), _NONE, device=device)

    def offer(self, first: int, start: int, squares: torch.Tensor, by_column: bool = False) -> None:
        squares = squares.t() if by_column else squares
        rows = slice(first, first + len(squares))
        index = torch.arange(start, start + squares.shape[1], device=squares.device)
        bits = squares.clamp(min=0).add(0.0).contiguous().view(torch.int32).long()
        keys = torch.where(squares == torch.inf, _NONE, (bits << 32) + index)
        together = torch.cat([self.keys[rows], keys], 1)
        self.keys[rows] = together.topk(self.keys.shape[1], largest=False, sorted=False).values

    def results(self) -> tuple[torch.Tensor, torch.Tensor]:
        return _results(self.keys.sort(dim=1).values)


def _results(keys: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return keys & 0x7FFFFFFF, (keys >> 32).int().view(torch.float32).sqrt_()


def _keys(squares: np.ndarray, index: np.ndarray) -> np.ndarray:
    """int64 of the shape of `squares`, float32."""
    bits = (np.maximum(squares, 0) + np.float32(0)).view(np.int32).astype(np.int64)  # adding 0 takes the sign of -0
    return np.where(squares == np.inf, _NONE, (bits << 32) + index)


def _padded(row: np.ndarray, keys: np.ndarray, count: int) -> np.ndarray:
    """(count, most) of keys that belong to rows 0 ... count - 1, in ascending order; the rest is no key."""
    counts = np.bincount(row, minlength=count)
    place = np.arange(len(row)) - np.repeat(counts.cumsum() - counts, counts)
    table = np.full((count, counts.max()), _NONE)
    table[row, place] = keys
    return table


def _smallest_unsigned(count: int) -> type:
    """A type for numbers below `count`; NumPy sorts those of 16 bits fastest."""
    return np.uint16 if count <= 1 << 16 else np.int64
