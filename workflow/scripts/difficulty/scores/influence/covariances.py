"""Sums of a a^T over all patches a of a layer's inputs, without the patches where that is cheaper.

Two entries of the patches of a convolution, offsets i and j of the kernel, meet at all positions t as x[t + i] and
x[t + j]. So a block (i, j) of the sum is, but for the borders, the product of the image and itself shifted by j - i:
a 3 x 3 kernel has 81 blocks, 45 up to transposition, but only 13 shifts. Borders are exact: along each axis the range
of positions is cut where a block's range begins or ends, and each piece of the image is multiplied once for all blocks
that it belongs to. A convolution that skips pixels is one that does not, of an image in which each square of
stride x stride pixels is one pixel of as many times more channels.
"""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from difficulty.scores.influence.tracked_layers import TrackedLayer, channels_last, patches
from difficulty.scores.influence.workspace import Workspace

_BLOCK = 512  # columns of one product in a sum that is symmetric
_COPIES = 8  # of an image, shifted by columns, that are kept at once, at most
_FEWEST_CHANNELS = 16  # below it products of shifted images are too small to be fast


@dataclass(frozen=True)
class _Piece:
    """Pixels start ... stop - 1 of an axis, and the offsets of the kernel whose blocks they belong to."""

    start: int
    stop: int
    offsets: tuple[int, ...]


def zeros(like: torch.Tensor, *shape: int) -> torch.Tensor:
    """Zeros on the device of `like`, of its type or, where that has less precision, float32: room for a sum."""
    return like.new_zeros(shape, dtype=torch.promote_types(like.dtype, torch.float32))


def add_product(total: torch.Tensor, left: torch.Tensor, right: torch.Tensor) -> None:
    """Adds left @ right to `total`, all of two or three dimensions; a product of another type is rounded to it once."""
    if total.dtype != left.dtype:
        total += left @ right
    elif total.ndim == 3:
        total.baddbmm_(left, right)
    else:
        total.addmm_(left, right)


def gram(rows: torch.Tensor, total: torch.Tensor) -> None:
    """Adds rows^T rows to `total` (groups, d, d), upper blocks only. rows: (groups, n, d)."""
    size = rows.shape[-1]
    for start in range(0, size, _BLOCK):
        stop = min(start + _BLOCK, size)
        add_product(total[:, start:stop, start:], rows[..., start:stop].mT, rows[..., start:])


def mirrored(total: torch.Tensor) -> torch.Tensor:
    """The symmetric matrices (groups, d, d) with these upper blocks."""
    upper = total.triu()
    return upper + total.triu(1).mT


class PatchCovariance:
    """The sum over examples and positions of a a^T of a layer's patches, added up batch by batch."""

    def __init__(self, layer: TrackedLayer, memory: int, workspace: Workspace):
        self.layer, self.memory, self.workspace = layer, memory, workspace
        self.positions = 0
        self._total: torch.Tensor | None = None
        self._shifted: dict[tuple[int, int], _ShiftedSums] = {}

    def add(self, inputs: torch.Tensor) -> None:
        """inputs: (B, channels, H, W), or (B, ..., features) of a linear layer."""
        layer, places = self.layer, self.layer.places(inputs)
        self.positions += len(inputs) * places
        if layer.kind == "conv2d" and _shifts_pay(layer, *inputs.shape[2:]):
            size = tuple(inputs.shape[2:])
            if size not in self._shifted:
                self._shifted[size] = _ShiftedSums(layer, *size, inputs)
            for part in self._parts(inputs, _COPIES * inputs[0].numel()):
                self._shifted[size].add(channels_last(part))
            return
        if self._total is None:
            self._total = zeros(inputs, layer.groups, layer.inputs, layer.inputs)
        numbers = layer.groups * layer.inputs * places
        for part in self._parts(inputs, numbers):
            self.workspace.reserve(len(part) * numbers, inputs)
            gram(patches(layer, part, self.workspace).flatten(1, 2), self._total)

    def _parts(self, inputs: torch.Tensor, numbers: int) -> tuple[torch.Tensor, ...]:
        """As many examples at once as the memory is enough for, if each takes so many numbers."""
        return inputs.split(max(1, self.memory // (inputs.element_size() * numbers)))

    def total(self) -> torch.Tensor:
        """(groups, inputs, inputs), in the order of `patches`."""
        parts = [sums.total() for sums in self._shifted.values()]
        if self._total is not None:
            parts.append(mirrored(self._total))
        return sum(parts[1:], parts[0])


def _shifts_pay(layer: TrackedLayer, height: int, width: int) -> bool:
    """Whether products of shifted images take fewer operations than half of those of patches."""
    if layer.groups > 1 or layer.dilation != (1, 1) or layer.bias or layer.weight[1] < _FEWEST_CHANNELS:
        return False
    if layer.kernel == (1, 1):
        return False
    squares = _Squares(layer, height, width)
    area = sum((y.stop - y.start) * (x.stop - x.start) for _, _, y, x in _products(squares))
    blocks = math.ceil(layer.inputs / _BLOCK)
    return area * squares.channels**2 < math.prod(squares.out) * layer.inputs**2 * (blocks + 1) / (2 * blocks)


class _Squares:
    """The convolution of stride 1 that does what a layer does, on squares of stride x stride pixels.

    before: zeros that a patch may reach to before the first square; further ones are put into the squares.
    """

    def __init__(self, layer: TrackedLayer, height: int, width: int):
        self.stride = layer.stride
        self.channels = layer.weight[1] * math.prod(layer.stride)
        self.kernel = tuple(-(-k // s) for k, s in zip(layer.kernel, layer.stride, strict=True))
        self.out = layer.sizes(height, width)
        padding = layer.padding[0], layer.padding[2]
        self.inside = tuple(p % s and p for p, s in zip(padding, layer.stride, strict=True))
        self.before = tuple(0 if p % s else p // s for p, s in zip(padding, layer.stride, strict=True))
        self.size = tuple(
            -(-(n + put) // s) for n, put, s in zip((height, width), self.inside, layer.stride, strict=True)
        )

    def of(self, image: torch.Tensor) -> torch.Tensor:
        """(rows, B, columns, channels): rows first, so that a shift by rows needs no copy. image: channels last."""
        (down, across), (rows, columns) = self.stride, self.size
        top, left = self.inside
        below, right = rows * down - top - image.shape[1], columns * across - left - image.shape[2]
        if top or left or below or right:
            image = F.pad(image, (0, 0, left, right, top, below))
        squares = image.unflatten(1, (rows, down)).unflatten(3, (columns, across))
        return squares.permute(1, 0, 3, 2, 4, 5).flatten(3)


class _ShiftedSums:
    """Sums over a batch of products of an image and itself, shifted; one for each shift and piece."""

    def __init__(self, layer: TrackedLayer, height: int, width: int, like: torch.Tensor):
        self.layer, self.squares = layer, _Squares(layer, height, width)
        self.products = list(_products(self.squares))
        channels = self.squares.channels
        self.sums = zeros(like, len(self.products), channels, channels)

    def add(self, image: torch.Tensor) -> None:
        squares = self.squares.of(image)
        columns: dict[tuple[int, int], torch.Tensor] = {}

        def part(y: _Piece, x: _Piece, down: int, across: int) -> torch.Tensor:
            """(pixels, channels) of a piece, shifted."""
            at = x.start + across, x.stop + across
            if at not in columns:
                columns[at] = squares[:, :, at[0] : at[1]].contiguous()
            return columns[at][y.start + down : y.stop + down].flatten(0, 2)

        for total, (down, across, y, x) in zip(self.sums, self.products, strict=True):
            add_product(total, part(y, x, 0, 0).t(), part(y, x, down, across))

    def total(self) -> torch.Tensor:
        """(1, inputs, inputs), in the order of `patches`."""
        rows, columns = self.squares.kernel
        channels = self.squares.channels
        blocks = self.sums.new_zeros(rows, columns, channels, rows, columns, channels)
        for sums, (shift_y, shift_x, y, x) in zip(self.sums, self.products, strict=True):
            for row in y.offsets:
                for column in x.offsets:
                    blocks[row, column, :, row + shift_y, column + shift_x] += sums
                    if (shift_y, shift_x) != (0, 0):
                        blocks[row + shift_y, column + shift_x, :, row, column] += sums.t()
        of_left = self._inputs(blocks)  # (inputs, rows, columns, channels)
        of_both = self._inputs(of_left.movedim(0, -1))  # (inputs, inputs), right ones first
        return of_both.t().contiguous()[None]

    def _inputs(self, squares: torch.Tensor) -> torch.Tensor:
        """(rows, columns, channels, ...) by square of pixels -> (inputs, ...), without what is beyond the kernel."""
        down, across = self.squares.stride
        rows, columns = self.layer.kernel
        pixels = squares.unflatten(2, (down, across, -1)).movedim(2, 1)  # (rows, down, columns, across, channels, ...)
        return pixels.flatten(2, 3).flatten(0, 1)[:rows, :columns].flatten(0, 2)


def _products(squares: _Squares) -> Iterator[tuple[int, int, _Piece, _Piece]]:
    """(shift by rows, by columns, piece of the rows, of the columns) of all products, up to transposition."""
    rows, columns = squares.kernel
    for down in range(rows):
        for across in range(1 - columns if down else 0, columns):
            for y in _pieces(squares, 0, down):
                for x in _pieces(squares, 1, across):
                    yield down, across, y, x


def _pieces(squares: _Squares, axis: int, shift: int) -> list[_Piece]:
    """Where blocks (i, i + shift) take their pixels from along an axis, cut where one of them begins or ends.

    The block of offset i takes pixel t + i - before at position t, and the one that is shifted: both must be real.
    """
    size, before, out = squares.size[axis], squares.before[axis], squares.out[axis]
    ranges = {}
    for offset in range(max(0, -shift), squares.kernel[axis] - max(0, shift)):
        start = max(offset - before, 0, -shift)
        stop = min(offset - before + out, size, size - shift)
        if start < stop:
            ranges[offset] = start, stop
    cuts = sorted({end for both in ranges.values() for end in both})
    pieces = []
    for start, stop in itertools.pairwise(cuts):
        offsets = tuple(offset for offset, (low, high) in ranges.items() if low <= start and stop <= high)
        if offsets:
            pieces.append(_Piece(start, stop, offsets))
    return pieces
