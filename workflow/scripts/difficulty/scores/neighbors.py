"""Exact nearest neighbours, tile by tile within a memory budget.

Squared distances of a tile of rows to another come from one matrix product, |a|^2 + |b|^2 - 2ab in float32, after the
mean of the bank is subtracted, without which most digits would cancel. Among rows and themselves each pair of tiles
is multiplied once and serves both. Limit: 2 n m d floating-point operations, half of that for rows among themselves.
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
_PRODUCTS = 3  # matrices of the size of a product that are alive at once
_GROUP = 16  # bank rows of which only the nearest is looked at first


class Rows(Protocol):
    """Vectors somewhere: in memory, or in a file."""

    count: int
    dimension: int

    def read(self, start: int, stop: int) -> torch.Tensor:
        """float32 (stop - start, dimension) on the device that computes; not to be changed."""
        ...


class ArrayRows:
    """The rows of an array or tensor (n, d), less `mean` (d,) if given."""

    def __init__(self, values: np.ndarray | torch.Tensor, mean: torch.Tensor | None = None):
        self.values = values if isinstance(values, torch.Tensor) else torch.as_tensor(np.asarray(values))
        self.mean = mean
        self.count, self.dimension = self.values.shape

    def read(self, start: int, stop: int) -> torch.Tensor:
        rows = self.values[start:stop].float()
        return rows if self.mean is None else rows - self.mean


def nearest_neighbors(
    bank: np.ndarray | torch.Tensor,
    queries: np.ndarray | torch.Tensor,
    k: int,
    exclude_self: np.ndarray | torch.Tensor | None = None,
    memory: int = 1 << 30,
) -> tuple[np.ndarray | torch.Tensor, np.ndarray | torch.Tensor]:
    """(indices int64 (m, k), distances float32 (m, k)) of the k bank rows nearest to each query, nearest first.

    bank: (n, d); queries: (m, d), on the same device. Distances are Euclidean, up to float32 rounding of squared
    norms: differences below about a thousandth of a vector's norm are noise. Of rows at the same distance the one with
    the lower index comes first. exclude_self: int (m,), the index of each query in the bank, which is then not
    its own neighbour (other rows with the same values are). Where `queries` is `bank` itself and each row excludes
    itself, the distance of a pair is computed once. memory: bytes that may be used beyond the arguments and results.
    Arrays give arrays, tensors give tensors. Raises ValueError if shapes do not fit, k is not within what the bank
    has, `memory` is too little for a few rows, or a value is not finite.
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
    tile, span, resident = _sizes(bank.dimension, queries.count, k, memory)
    best = None
    for first in range(0, queries.count, resident):
        last = min(first + resident, queries.count)
        held = queries.read(first, last)
        norms = _norms(held)
        best = best or _Best(queries.count, k, held.device)
        for start in range(0, bank.count, span):
            part = bank.read(start, min(start + span, bank.count))
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
    tile, span, resident = _sizes(bank.dimension, bank.count, k, memory)
    best = None
    for first in range(0, bank.count, resident):
        last = min(first + resident, bank.count)
        held = bank.read(first, last)
        norms = _norms(held)
        best = best or _Best(bank.count, k, held.device)
        for start in range(first, bank.count, span):
            stop = min(start + span, bank.count)
            part = held[start - first : stop - first] if stop <= last else bank.read(start, stop)
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
    """The k smallest squared distances of each of m rows among all that it was offered."""

    def __init__(self, m: int, k: int, device: torch.device):
        self.squares = torch.full((m, k), math.inf, device=device)
        self.indices = torch.full((m, k), -1, dtype=torch.int32, device=device)
        self.bounds = torch.full((m,), math.inf, device=device)

    def offer(self, first: int, start: int, squares: torch.Tensor, by_column: bool = False) -> None:
        """squares: (q, t), or (t, q) by column: of the rows from `first` on and the bank rows from `start` on.

        A group of bank rows counts only if its smallest value is not beyond the k-th so far, or, as long as there is
        none, not beyond the k-th of the groups' smallest values.
        """
        axis, k = (0, self.squares.shape[1]) if by_column else (1, self.squares.shape[1])
        rows = slice(first, first + squares.shape[1 - axis])
        bounds = self.bounds[rows]
        is_first = bool(bounds.isinf().any())
        if is_first and squares.shape[axis] < k * _GROUP:
            values, columns = squares.topk(min(k, squares.shape[axis]), axis, largest=False, sorted=False)
            values, columns = (values.t(), columns.t()) if by_column else (values, columns)
            row = torch.arange(len(values), device=values.device).repeat_interleave(values.shape[1])
            self._merge(rows, row, columns.flatten() + start, values.flatten())
            return
        if rest := -squares.shape[axis] % _GROUP:
            padding = (0, 0, 0, rest) if by_column else (0, rest)
            squares = nn.functional.pad(squares, padding, value=math.inf)
        grouped = squares.unflatten(axis, (_GROUP, -1))
        smallest = grouped.amin(axis)
        smallest = smallest.t().contiguous() if by_column else smallest
        if is_first:
            bounds = bounds.minimum(smallest.kthvalue(k, dim=1).values)
        row, group = (smallest <= bounds[:, None]).nonzero(as_tuple=True)
        values = grouped[:, group, row].t() if by_column else grouped[row, :, group]
        kept, member = (values <= bounds[row][:, None]).nonzero(as_tuple=True)
        row, values = row[kept], values[kept, member]
        columns = member * smallest.shape[1] + group[kept] + start
        self._merge(rows, row, columns, values)

    def _merge(self, rows: slice, row: torch.Tensor, columns: torch.Tensor, values: torch.Tensor) -> None:
        """Takes over values of some of the rows, in their order, as many of each as there are."""
        if not len(row):
            return
        counts = row.bincount(minlength=rows.stop - rows.start)
        place = torch.arange(len(row), device=row.device) - (counts.cumsum(0) - counts)[row]
        squares = torch.full((len(counts), int(counts.max())), math.inf, device=row.device)
        indices = torch.zeros_like(squares, dtype=torch.int32)
        squares[row, place], indices[row, place] = values, columns.int()
        squares = torch.cat([self.squares[rows], squares], 1)
        indices = torch.cat([self.indices[rows], indices], 1)
        self.squares[rows], chosen = squares.topk(self.squares.shape[1], largest=False, sorted=False)
        self.indices[rows] = indices.gather(1, chosen)
        self.bounds[rows] = self.squares[rows].amax(1)

    def results(self) -> tuple[torch.Tensor, torch.Tensor]:
        """(indices int64, distances), by distance, then by index."""
        by_index = self.indices.argsort(1)
        squares = self.squares.gather(1, by_index).clamp_(min=0)
        squares, by_distance = squares.sort(dim=1, stable=True)
        return self.indices.gather(1, by_index.gather(1, by_distance)).long(), squares.sqrt_()


def _squared_distances(
    rows: torch.Tensor, norms: torch.Tensor, others: torch.Tensor, other_norms: torch.Tensor
) -> torch.Tensor:
    return torch.mm(rows, others.t()).mul_(-2).add_(norms[:, None]).add_(other_norms[None])


def _norms(rows: torch.Tensor) -> torch.Tensor:
    norms = torch.linalg.vector_norm(rows, dim=1).square_()
    if not norms.isfinite().all():
        raise ValueError("a vector is not finite, or too large for float32")
    return norms


def _sizes(dimension: int, queries: int, k: int, memory: int) -> tuple[int, int, int]:
    """(query rows, bank rows) of one product, and query rows that are held at once, so that all fits into the memory.

    The second and the third are multiples of the first.
    """
    row, state = 4 * dimension, 2 * 8 * queries * k
    span = _TILES * _LARGEST_TILE
    while True:
        tile = min(_LARGEST_TILE, span)
        held = memory - state - span * row - _PRODUCTS * 4 * tile * span
        resident = held // row // tile * tile
        if resident >= tile and span * row <= memory / _SPAN_SHARE:
            return tile, span, resident
        if span <= _SMALLEST_SPAN:
            least = state + _SPAN_SHARE * span * row + _PRODUCTS * 4 * tile * span
            raise ValueError(
                f"{memory / 2**20:.0f} MiB of memory are too little for {queries} queries of {dimension} numbers; "
                f"give at least {math.ceil(least / 2**20)} MiB"
            )
        span //= 2


def _check_count(k: int, available: int, count: int) -> None:
    if not 1 <= k <= available:
        raise ValueError(f"k is {k}, but each query has {available} neighbours among {count} rows")
