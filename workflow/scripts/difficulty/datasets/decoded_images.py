"""Images of a source in 8 bits, in the colours and the size of their data set, decoded by one process or several."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from difficulty.datasets.decoding import Reading, converted, opened, sized
from difficulty.datasets.image_remarks import DEEP
from difficulty.datasets.pixels import channel_histogram
from difficulty.datasets.source import Image
from difficulty.side_by_side import mapped

_ALONE = 1 << 28  # pixels that one process decodes in a few seconds, about as long as others take to start


@dataclass(frozen=True)
class Decoded:
    """pixels: uint8 (H, W, C); histogram: their `channel_histogram`, int64 (C, 256); None if they are not wanted.

    remarks: see `image_remarks.described`. size: pixels of the image as it was.
    """

    shape: tuple[int, int, int]
    pixels: np.ndarray | None
    histogram: np.ndarray | None
    remarks: frozenset[str]
    size: int


@dataclass(frozen=True)
class Wish:
    """What is to be decoded, and how. size: of `sized`. keeps, counts: whether pixels and histogram are wanted."""

    image: Image
    reading: Reading
    size: int | None
    keeps: bool = True
    counts: bool = False

    def decoded(self) -> Decoded:
        """Raises whatever a decoder raises, and KeyError for more than 8 bits whose levels `reading` does not name."""
        found = opened(self.image)
        remarks = found.remarks | ({DEEP} if found.levels is not None else set())
        pixels = sized(converted(found, self.reading), self.size)
        width, height = found.picture.size
        histogram = channel_histogram(pixels[None]) if self.counts else None
        return Decoded(pixels.shape, pixels if self.keeps else None, histogram, remarks, width * height)


def decoded_ahead(wishes: Iterable[Wish | None], pixels: int, processes: int) -> Iterator[Decoded | None]:
    """Each wish fulfilled, in order; None where it is None or the image cannot be decoded so.

    pixels: of all images together. processes: at most so many work side by side, if that is worth their start.
    """
    yield from mapped(_decoded, wishes, processes if pixels >= _ALONE else 1)


def _decoded(wish: Wish | None) -> Decoded | None:
    try:
        return wish and wish.decoded()
    except Exception:  # whoever asks decodes it again, to see what is wrong
        return None
