"""Exact nearest neighbours, tile by tile within a memory budget.

Squared distances of a tile of rows to another come from one matrix product, |a|^2 + |b|^2 - 2ab, after the mean of the
bank is subtracted, without which most digits would cancel. Where rows lie so near to each other that float32 loses what
tells them apart, as the softmax of a network does that is sure of everything, the product is float64. Among rows and
themselves each pair of tiles is multiplied once and serves both. Limit: 2 n m d floating-point operations, half of that
for rows among themselves.
"""

import math
from collections.abc import Callable, Iterable
from typing import Protocol

import numpy as np
import torch
from torch import nn

_LARGEST_TILE = 1024  # query rows of one matrix product
_TILES = 4  # at most so many times as many bank rows
_SMALLEST_SPAN = 16  # bank rows of a product, where each is very long
_SPAN_SHARE = 8  # they take at most this part of the memory
_PRODUCTS = 6  # matrices of the size of a product that are alive at once
_STATE = 48  # bytes for each neighbour of each query
_GROUP = 16  # bank rows of which only the nearest is looked at first
_MANY = 4  # times as many groups as there are neighbours: then all rows are compared
_NONE = torch.iinfo(torch.int64).max
_SAMPLE, _SAMPLED = 256, 1 << 22  # rows, numbers
_ROUNDING = 1e-14  # of float64, relative to the squared norm
_NEAR = 1e-3  # squared distance of neighbours, relative to the squared norm, below which float32 is not enough


class MemoryShortage(ValueError):
    """A job does not fit into its memory. missing: bytes."""

    def __init__(self, missing: int):
        super().__init__(f"the memory is too little by {math.ceil(missing / 2**20)} MiB")
        self.missing = missing


class Rows(Protocol):
    """Vectors somewhere: in memory, or in a file."""

    count: int
    dimension: int

    def read(self, start: int, stop: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
        """(stop - start, dimension) on the device that computes, centred."""
        ...


class ArrayRows:
    """The rows of an array or tensor (n, d), less `mean` (d,)."""

    def __init__(self, values: np.ndarray | torch.Tensor, mean: torch.Tensor | float = 0.0):
        self.values = values if isinstance(values, torch.Tensor) else torch.as_tensor(np.asarray(values))
        self.mean = mean
        self.count, self.dimension = self.values.shape

    def read(self, start: int, stop: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
        return self.values[start:stop].to(dtype) - self.mean


def nearest_neighbors(
    bank: np.ndarray | torch.Tensor,
    queries: np.ndarray | torch.Tensor,
    k: int,
    exclude_self: np.ndarray | torch.Tensor | None = None,
    memory: int = 1 << 30,
) -> tuple[np.ndarray | torch.Tensor, np.ndarray | torch.Tensor]:
    """(indices int64 (m, k), distances float32 (m, k)) of the k bank rows nearest to each query, nearest first.

    bank: (n, d); queries: (m, d), on the same device. Distances are Euclidean; of rows at the same distance, as float32
    numbers, the one with the lower index comes first. exclude_self: int (m,), the index of each query in the bank,
    which is then not its own neighbour (other rows with the same values are). Where `queries` is `bank` itself and each
    row excludes itself, the distance of a pair is computed once. memory: bytes that may be used beyond the arguments
    and results. Arrays give arrays, tensors give tensors. Raises ValueError if shapes do not fit, k is not within what
    the bank has, or a value is not finite, MemoryShortage if `memory` is too little for a few rows.
    """
    if bank.ndim != 2 or queries.ndim != 2 or bank.shape[1] != queries.shape[1]:
        raise ValueError(f"bank {tuple(bank.shape)} and queries {tuple(queries.shape)} are not (n, d) and (m, d)")
    own = None if exclude_self is None else torch.as_tensor(exclude_self)
    if own is not None and own.shape != (len(queries),):
        raise ValueError(f"exclude_self is {tuple(own.shape)}, not one index for each of {len(queries)} queries")
    step = max(1, min(_LARGEST_TILE, memory // (16 * max(1, bank.shape[1]))))
    values = ArrayRows(bank)
    mean = column_means(values.read(start, start + step) for start in range(0, len(bank), step))
    rows = ArrayRows(bank, mean)
    if queries is bank and own is not None and torch.equal(own.cpu(), torch.arange(len(bank))):
        indices, distances = self_neighbors(rows, k, memory)
    else:
        indices, distances = query_neighbors(rows, ArrayRows(queries, mean), k, own, memory)
    if isinstance(queries, torch.Tensor):
        return indices, distances
    return indices.numpy(), distances.numpy()


def query_neighbors(
    bank: Rows,
    queries: Rows,
    k: int,
    exclude_self: torch.Tensor | None = None,
    memory: int = 1 << 30,
    progress: Callable[[int], None] | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """As `nearest_neighbors`, of rows that are centred already. progress: called with numbers of pairs, as they go."""
    _check_count(k, bank.count - (exclude_self is not None), bank.count)
    dtype = _precision(bank)
    tile, span, resident = _sizes(bank.dimension * dtype.itemsize, queries.count, k, memory)
    best = None
    for first in range(0, queries.count, resident):
        last = min(first + resident, queries.count)
        held = queries.read(first, last, dtype)
        norms = _norms(held)
        best = best or _Best(queries.count, k, held.device)
        for start in range(0, bank.count, span):
            part = bank.read(start, min(start + span, bank.count), dtype)
            part_norms = _norms(part)
            for at in range(0, last - first, tile):
                rows = slice(at, min(at + tile, last - first))
                squares = _squared_distances(held[rows], norms[rows], part, part_norms)
                if exclude_self is not None:
                    own = exclude_self[first + rows.start : first + rows.stop].to(squares.device) - start
                    inside = ((own >= 0) & (own < len(part))).nonzero().ravel()
                    squares[inside, own[inside]] = math.inf
                best.offer(first + at, start, squares)
                if progress:
                    progress(squares.numel())
    return best.results()


def self_neighbors(
    bank: Rows, k: int, memory: int = 1 << 30, progress: Callable[[int], None] | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """`query_neighbors` of the bank's own rows, each less itself, for half the work."""
    _check_count(k, bank.count - 1, bank.count)
    dtype = _precision(bank)
    tile, span, resident = _sizes(bank.dimension * dtype.itemsize, bank.count, k, memory)
    best = None
    for first in range(0, bank.count, resident):
        last = min(first + resident, bank.count)
        held = bank.read(first, last, dtype)
        norms = _norms(held)
        best = best or _Best(bank.count, k, held.device)
        for start in range(first, bank.count, span):
            stop = min(start + span, bank.count)
            part = held[start - first : stop - first] if stop <= last else bank.read(start, stop, dtype)
            part_norms = _norms(part)
            for at in range(first, min(last, stop), tile):  # of the pairs, those whose second is not before the first
                rows = slice(at - first, min(at + tile, last) - first)
                after = max(0, at - start)
                squares = _squared_distances(held[rows], norms[rows], part[after:], part_norms[after:])
                size = len(squares) if at >= start else 0
                squares[:, :size].fill_diagonal_(math.inf)
                best.offer(at, start + after, squares)
                best.offer(start + after + size, at, squares[:, size:], by_column=True)
                if progress:
                    progress(2 * squares.numel() - size**2)
    return best.results()


def column_means(parts: Iterable[torch.Tensor]) -> torch.Tensor:
    """Means float32 (d,) of the rows of all parts, each (n, d)."""
    total, count = 0.0, 0
    for part in parts:
        total = total + part.sum(0).double()
        count += len(part)
    return (total / count).float()


class _Best:
    """The k nearest bank rows of each of m rows among all that it was offered, as keys that order them.

    A key is the float32 of a squared distance, whose bits order like a number where it is not negative, and then the
    index of the bank row.
    """

    def __init__(self, m: int, k: int, device: torch.device):
        self.keys = torch.full((m, k), _NONE, device=device)
        self.bounds = torch.full((m,), math.inf, device=device)

    def offer(self, first: int, start: int, squares: torch.Tensor, by_column: bool = False) -> None:
        """squares: (q, t), or (t, q) by column: of the rows from `first` on and the bank rows from `start` on.

        Bank rows must be offered to a row in ascending order. A group of them counts only if its smallest value is
        below the k-th so far, or, as long as there is none, not beyond the k-th of the groups' smallest values.
        """
        axis, k = (0 if by_column else 1), self.keys.shape[1]
        rows = slice(first, first + squares.shape[1 - axis])
        bounds = self.bounds[rows]
        if rest := -squares.shape[axis] % _GROUP:
            squares = nn.functional.pad(squares, (0, 0, 0, rest) if by_column else (0, rest), value=math.inf)
        grouped = squares.unflatten(axis, (_GROUP, -1))
        smallest = grouped.amin(axis)
        smallest = smallest.t().contiguous() if by_column else smallest
        if bounds.isinf().any():
            if smallest.shape[1] < k:
                return self._merge(rows, _keys(squares.t() if by_column else squares, start))
            bounds = torch.nextafter(bounds.minimum(smallest.kthvalue(k, dim=1).values), bounds.new_tensor(math.inf))
        row, group = (smallest < bounds[:, None]).nonzero(as_tuple=True)
        if len(row) > _MANY * k * len(bounds):
            return self._merge(rows, _keys(squares.t() if by_column else squares, start))
        values = grouped[:, group, row].t() if by_column else grouped[row, :, group]
        kept, member = (values < bounds[row][:, None]).nonzero(as_tuple=True)
        if len(kept):
            columns = member * smallest.shape[1] + group[kept]
            keys = _keys(values[kept, member], start, columns)
            self._merge(rows, _padded(row[kept], keys, len(bounds)))

    def _merge(self, rows: slice, keys: torch.Tensor) -> None:
        """keys: (q, any number)."""
        keys = torch.cat([self.keys[rows], keys], 1)
        self.keys[rows] = keys.topk(self.keys.shape[1], largest=False, sorted=False).values
        last = self.keys[rows].amax(1)
        self.bounds[rows] = torch.where(last == _NONE, math.inf, _squares(last))

    def results(self) -> tuple[torch.Tensor, torch.Tensor]:
        """(indices int64, distances), by distance, then by index."""
        keys = self.keys.sort(dim=1).values
        return keys & 0x7FFFFFFF, _squares(keys).sqrt_()


def _keys(squares: torch.Tensor, start: int, columns: torch.Tensor | None = None) -> torch.Tensor:
    """int64 of the shape of `squares`, float32. columns: bank rows from `start` on; None: those of the last axis."""
    columns = torch.arange(squares.shape[-1], device=squares.device) if columns is None else columns
    bits = squares.clamp(min=0).contiguous().view(torch.int32).long()
    return torch.where(squares == math.inf, _NONE, (bits << 32) + columns + start)


def _squares(keys: torch.Tensor) -> torch.Tensor:
    return (keys >> 32).int().view(torch.float32)


def _padded(row: torch.Tensor, keys: torch.Tensor, count: int) -> torch.Tensor:
    """(count, most) of keys that belong to rows 0 ... count - 1, in ascending order; the rest is no key."""
    counts = row.bincount(minlength=count)
    place = torch.arange(len(row), device=row.device) - (counts.cumsum(0) - counts)[row]
    table = torch.full((count, int(counts.max())), _NONE, device=row.device)
    table[row, place] = keys
    return table


def _precision(bank: Rows) -> torch.dtype:
    """float64 where the nearest of a sample of rows is so near that float32 would not tell how near."""
    sample = bank.read(0, min(_SAMPLE, bank.count, max(2, _SAMPLED // bank.dimension)), torch.float64)
    squares = torch.cdist(sample, sample).square_().fill_diagonal_(math.inf)
    near = squares.amin(1).median() < _NEAR * torch.linalg.vector_norm(sample, dim=1).square().median()
    return torch.float64 if near else torch.float32


def _squared_distances(
    rows: torch.Tensor, norms: torch.Tensor, others: torch.Tensor, other_norms: torch.Tensor
) -> torch.Tensor:
    squares = torch.mm(rows, others.t()).mul_(-2).add_(norms[:, None]).add_(other_norms[None])
    if squares.dtype == torch.float64:  # rows that are equal are at distance 0, not at one that rounding makes
        squares[squares < _ROUNDING * norms[:, None]] = 0
    return squares.float()


def _norms(rows: torch.Tensor) -> torch.Tensor:
    norms = torch.linalg.vector_norm(rows, dim=1).square_()
    if not norms.isfinite().all():
        raise ValueError("a vector is not finite, or too large for float32")
    return norms


def _sizes(row: int, queries: int, k: int, memory: int) -> tuple[int, int, int]:
    """(query rows, bank rows) of one product, and query rows that are held at once, so that all fits into the memory.

    The second and the third are multiples of the first. row: bytes of one.
    """
    span = _TILES * _LARGEST_TILE
    while True:
        tile = min(_LARGEST_TILE, span)
        taken = _STATE * queries * k + span * row + _PRODUCTS * 4 * tile * span
        resident = (memory - taken) // row // tile * tile
        if resident >= tile and span * row <= memory / _SPAN_SHARE:
            return tile, span, resident
        if span <= _SMALLEST_SPAN:
            raise MemoryShortage(max(taken + tile * row, _SPAN_SHARE * span * row) - memory)
        span //= 2


def _check_count(k: int, available: int, count: int) -> None:
    if not 1 <= k <= available:
        raise ValueError(f"k is {k}, but each query has {available} neighbours among {count} rows")
