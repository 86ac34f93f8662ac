"""Exact nearest neighbours, tile by tile within a memory budget.

Squared distances of a tile of rows to another come from one matrix product, |a|^2 + |b|^2 - 2ab, after the mean of the
bank is subtracted, without which most digits would cancel. Where rows lie so near to each other that float32 loses what
tells them apart, as the softmax of a network does that is sure of everything, the product is float64. Among rows and
themselves each pair of tiles is multiplied once and serves both. Limit: 2 n m d floating-point operations, half of that
for rows among themselves.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

import numpy as np
import torch

from difficulty.scores.depth.nearest_so_far import nearest_so_far

_LARGEST_TILE = 1024  # query rows of one matrix product
_LARGEST_SPAN = 4096  # bank rows of one
_SMALLEST = 16  # of either, where each is very long
_SPAN_SHARE = 8  # bank rows of a product take at most this part of the memory
_LIBRARY_SHARE = 10  # this part is left to the libraries that multiply, and to what has been freed but not given back
_AT_DIAGONAL = 4  # query rows of a product with themselves are fewer: half of their distances are not needed
_PRODUCTS = 8  # matrices of the size of a product that are alive at once
_STATE = 24  # bytes for each neighbour of each query
_SAMPLE, _SAMPLED = 256, 1 << 20  # rows, numbers
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
    device: torch.device  # the one that computes

    def read(self, start: int, rows: torch.Tensor) -> torch.Tensor:
        """Fills `rows` (n, dimension), float32 or float64 on the device, with those from `start` on, centred."""
        ...


class ArrayRows:
    """The rows of an array or tensor (n, d), less `mean` (d,)."""

    def __init__(self, values: np.ndarray | torch.Tensor, mean: torch.Tensor | float = 0.0):
        self.values = values if isinstance(values, torch.Tensor) else torch.as_tensor(np.asarray(values))
        self.mean = mean
        self.count, self.dimension = self.values.shape
        self.device = self.values.device

    def read(self, start: int, rows: torch.Tensor) -> torch.Tensor:
        values = self.values[start : start + len(rows)]
        if values.dtype == rows.dtype:
            return torch.sub(values, self.mean, out=rows)
        return rows.copy_(values).sub_(self.mean)


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
    mean = column_means(part.float() for part in ArrayRows(bank).values.split(step))
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
    tile, span, resident = _sizes(bank.dimension * dtype.itemsize, queries.count, bank.count, k, memory)
    best = nearest_so_far(queries.count, k, bank.device)
    products = _Products(tile, span, dtype, bank.device)
    held, part = (_empty((rows, bank.dimension), dtype, bank.device) for rows in (resident, span))
    for first in range(0, queries.count, resident):
        queried = queries.read(first, held[: queries.count - first])
        norms = _norms(queried)
        for start in range(0, bank.count, span):
            among = bank.read(start, part[: bank.count - start])
            among_norms = _norms(among)
            for at in range(0, len(queried), tile):
                rows = slice(at, at + tile)
                squares = products.squared_distances(queried[rows], norms[rows], among, among_norms)
                if exclude_self is not None:
                    own = exclude_self[first + at : first + at + len(squares)].to(squares.device) - start
                    inside = ((own >= 0) & (own < len(among))).nonzero().ravel()
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
    tile, span, resident = _sizes(bank.dimension * dtype.itemsize, bank.count, bank.count, k, memory)
    best = nearest_so_far(bank.count, k, bank.device)
    products = _Products(tile, span, dtype, bank.device)
    held, part = (_empty((rows, bank.dimension), dtype, bank.device) for rows in (resident, span))
    for first in range(0, bank.count, resident):
        ours = bank.read(first, held[: bank.count - first])
        norms, last = _norms(ours), first + len(ours)
        for start in range(first, bank.count, span):
            stop = min(start + span, bank.count)
            among = ours[start - first : stop - first] if stop <= last else bank.read(start, part[: stop - start])
            among_norms = _norms(among)
            # Of two rows the later is of `among`: up to `start` each of ours meets all of them, then those after it.
            for at, end in _steps(first, min(start, last), tile):
                mine = slice(at - first, end - first)
                squares = products.squared_distances(ours[mine], norms[mine], among, among_norms)
                best.offer(at, start, squares)
                best.offer(start, at, squares, by_column=True)
                if progress:
                    progress(2 * squares.numel())
            for at, end in _steps(start, min(stop, last), max(1, tile // _AT_DIAGONAL)):
                mine, after, size = slice(at - first, end - first), slice(at - start, None), end - at
                squares = products.squared_distances(ours[mine], norms[mine], among[after], among_norms[after])
                squares[:, :size].fill_diagonal_(math.inf)
                best.offer(at, at, squares)
                best.offer(end, at, squares[:, size:], by_column=True)
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


def _precision(bank: Rows) -> torch.dtype:
    """float64 where the nearest of a sample of rows is so near that float32 would not tell how near."""
    count = min(_SAMPLE, bank.count, max(2, _SAMPLED // bank.dimension))
    sample = bank.read(0, torch.empty(count, bank.dimension, dtype=torch.float64, device=bank.device))
    products = sample @ sample.t()
    norms = products.diag()
    squares = (norms[:, None] + norms[None] - 2 * products).fill_diagonal_(math.inf)
    near = squares.amin(1).median() < _NEAR * norms.median()
    return torch.float64 if near else torch.float32


class _Products:
    """Squared distances of at most `tile` rows to `span` others, each time in the same memory."""

    def __init__(self, tile: int, span: int, dtype: torch.dtype, device: torch.device):
        self.values = _empty((tile * span,), dtype, device)

    def squared_distances(
        self, rows: torch.Tensor, norms: torch.Tensor, others: torch.Tensor, other_norms: torch.Tensor
    ) -> torch.Tensor:
        """float32 (q, t) of rows (q, d) and others (t, d), with their squared norms (q,) and (t,)."""
        squares = self.values[: len(rows) * len(others)].view(len(rows), len(others))
        torch.add(norms[:, None], other_norms[None], out=squares).addmm_(rows, others.t(), alpha=-2)
        if squares.dtype == torch.float64:  # rows that are equal are at distance 0, not at one that rounding makes
            squares[squares < _ROUNDING * norms[:, None]] = 0
        return squares.float()


def _empty(shape: tuple[int, ...], dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    if device.type != "cpu":
        return torch.empty(shape, dtype=dtype, device=device)
    # NumPy asks for huge pages, of which a long array takes few.
    return torch.from_numpy(np.empty(shape, np.float64 if dtype == torch.float64 else np.float32))


def _steps(start: int, stop: int, step: int) -> Iterator[tuple[int, int]]:
    for at in range(start, stop, step):
        yield at, min(at + step, stop)


def _norms(rows: torch.Tensor) -> torch.Tensor:
    norms = torch.linalg.vector_norm(rows, dim=1).square_()
    if not norms.isfinite().all():
        raise ValueError("a vector is not finite, or too large for float32")
    return norms


def _sizes(row: int, queries: int, bank: int, k: int, memory: int) -> tuple[int, int, int]:
    """(query rows, bank rows) of one product, and query rows that are held at once, so that all fits into the memory.

    row: bytes of one.
    """
    tile, span = min(_LARGEST_TILE, queries), min(_LARGEST_SPAN, bank)
    own = memory - memory // _LIBRARY_SHARE
    while True:
        taken = _STATE * queries * k + span * row + _PRODUCTS * 4 * tile * span
        resident = min((own - taken) // row, queries)
        if resident >= tile and span * row <= own / _SPAN_SHARE:
            return tile, span, resident
        if tile <= _SMALLEST and span <= _SMALLEST:
            needed = max(taken + tile * row, _SPAN_SHARE * span * row)
            raise MemoryShortage(needed * _LIBRARY_SHARE // (_LIBRARY_SHARE - 1) + 1 - memory)
        if span > _SMALLEST and (span * row > own / _SPAN_SHARE or span >= tile):
            span = max(_SMALLEST, span // 2)
        else:
            tile = max(_SMALLEST, tile // 2)


def _check_count(k: int, available: int, count: int) -> None:
    if not 1 <= k <= available:
        raise ValueError(f"k is {k}, but each query has {available} neighbours among {count} rows")
